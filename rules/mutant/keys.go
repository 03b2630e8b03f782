package mutant

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// A key that the language gets later limits something until it is listed among
// those that do not: so a new one is mutated without a word here.

// leaf is a key of a declaration that was written.
type leaf struct {
	name  string // dotted where it stands in another: require.max_token_age
	at    []int  // where it is stored, for reflect
	pos   rules.Pos
	words int    // of a list; 0 for anything else
	says  string // the value, without its places
}

// leaves are the written keys of a declaration, but for some, and the keys of those
// that are entered.
func leaves(decl reflect.Value, but []string) []leaf { return walk(decl, but, "", nil) }

func walk(v reflect.Value, but []string, prefix string, at []int) (out []leaf) {
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		name, field := prefix+key, v.Field(i)
		switch {
		case key == "" || slices.Contains(but, name) || field.IsZero():
		case slices.Contains(entered, name):
			out = append(out, walk(field, but, name+".", append(slices.Clone(at), i))...)
		default:
			l := leaf{name: name, at: append(slices.Clone(at), i), pos: placeOf(field), says: spelt(field)}
			if field.Kind() == reflect.Slice {
				l.words = field.Len()
			}
			out = append(out, l)
		}
	}
	return out
}

// entered are the keys whose own keys limit one by one.
var entered = []string{"require", "only", "match"}

// drop leaves the key out of a declaration, which is a copy.
func (l *leaf) drop(decl any) { reflect.ValueOf(decl).Elem().FieldByIndex(l.at).SetZero() }

// dropWord leaves one word out of the key's list.
func (l *leaf) dropWord(decl any, word int) {
	list := reflect.ValueOf(decl).Elem().FieldByIndex(l.at)
	shorter := reflect.MakeSlice(list.Type(), 0, list.Len()-1)
	for i := range list.Len() {
		if i != word {
			shorter = reflect.Append(shorter, list.Index(i))
		}
	}
	list.Set(shorter)
}

// word is one word of the key's list, and its place.
func (l *leaf) word(decl any, word int) (string, rules.Pos) {
	v := reflect.ValueOf(decl).Elem().FieldByIndex(l.at).Index(word)
	return spelt(v), placeOf(v)
}

var posType = reflect.TypeFor[rules.Pos]()

func placeOf(v reflect.Value) rules.Pos {
	if v.Kind() == reflect.Slice && v.Len() > 0 {
		return placeOf(v.Index(0))
	}
	if v.Kind() == reflect.Struct {
		if f := v.FieldByName("Pos"); f.IsValid() && f.Type() == posType {
			return f.Interface().(rules.Pos)
		}
	}
	return rules.Pos{}
}

// spelt is a value without the places where it was written.
func spelt(v reflect.Value) string {
	if s, ok := v.Interface().(fmt.Stringer); ok {
		return s.String()
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Type().Field(i); f.Type != posType && f.IsExported() && !v.Field(i).IsZero() {
				parts = append(parts, spelt(v.Field(i)))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, spelt(v.Index(i)))
		}
	default:
		return fmt.Sprint(v.Interface())
	}
	return strings.Join(parts, " ")
}
