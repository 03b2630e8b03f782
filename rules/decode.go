package rules

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Decodable is a type that reads itself from a node, for shapes that a struct
// cannot say, such as "a word or a list of words". DecodeNode MUST report what
// it does not understand through d.
type Decodable interface{ DecodeNode(d *Decoder, n *Node) }

// Decoder fills Go values from nodes and collects every mistake on the way.
type Decoder struct {
	Mistakes Mistakes

	known   map[reflect.Type]keys // of the structs met so far
	broken  map[Pos]bool          // structs with a mistake inside
	frees   bool                  // items of lists are let go once they are read: both forms of many at once would be much
	skipped int                   // nodes that were not read, for a mistake stands in their place
}

// keys are the keys of a struct: where each is stored, and their names in order.
type keys struct {
	field map[string]int // "" is the field Pos
	names []string
}

// At is a value together with the place where it was written; the zero Pos
// means that it was not.
type At[T any] struct {
	Pos Pos
	V   T
}

// DecodeNode implements Decodable.
func (a *At[T]) DecodeNode(d *Decoder, n *Node) { a.Pos = n.Pos; d.Into(n, &a.V) }

// Entries is a mapping in the order in which it was written. One without
// entries is a mistake: of a key that is given and says nothing, one reader
// thinks that it permits nothing and another that it limits nothing.
type Entries[T any] []Entry[T]

// EntriesOrNone is a mapping that may be empty, for keys where none means none.
type EntriesOrNone[T any] []Entry[T]

// Entry is one key of a mapping and its value.
type Entry[T any] struct {
	Key string
	Pos Pos // of the key
	V   T
}

// DecodeNode implements Decodable.
func (es *Entries[T]) DecodeNode(d *Decoder, n *Node) {
	(*EntriesOrNone[T])(es).DecodeNode(d, n)
	d.wantSome(n)
}

// DecodeNode implements Decodable.
func (es *EntriesOrNone[T]) DecodeNode(d *Decoder, n *Node) {
	if !d.want(n, Mapping) {
		return
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		e := Entry[T]{Key: n.Items[i].Value, Pos: n.Items[i].Pos}
		d.Into(n.Items[i+1], &e.V)
		*es = append(*es, e)
	}
}

// Strings is one word or a list of words, of which there must be one, for the
// reason that Entries gives.
type Strings []At[string]

// StringsOrNone is Strings that may be empty, for keys where none means none.
type StringsOrNone []At[string]

// DecodeNode implements Decodable.
func (s *Strings) DecodeNode(d *Decoder, n *Node) {
	(*StringsOrNone)(s).DecodeNode(d, n)
	d.wantSome(n)
}

// DecodeNode implements Decodable.
func (s *StringsOrNone) DecodeNode(d *Decoder, n *Node) {
	if n.Kind == Sequence {
		d.Into(n, (*[]At[string])(s))
		return
	}
	var one At[string]
	d.Into(n, &one)
	*s = append(*s, one)
}

// Values returns the words without their places.
func (s StringsOrNone) Values() []string { return Strings(s).Values() }

// Values returns the words without their places.
func (s Strings) Values() []string {
	out := make([]string, len(s))
	for i := range s {
		out[i] = s[i].V
	}
	return out
}

// DecodeYAML reads text into v, a pointer to a struct whose `yaml` tags name
// its keys. Unknown keys, wrong kinds and repeated keys are mistakes, each with
// its place. A field named Pos of type Pos receives the place of its struct.
func DecodeYAML(file string, text []byte, v any) Mistakes {
	n, ms := ParseYAML(file, text)
	if n == nil {
		return ms
	}
	d := Decoder{Mistakes: ms}
	d.Into(n, v)
	return d.Mistakes
}

// Into decodes n into the value that v points to.
func (d *Decoder) Into(n *Node, v any) { d.value(n, reflect.ValueOf(v).Elem()) }

func (d *Decoder) want(n *Node, k NodeKind) bool {
	if n.Kind == k && (k != Scalar || n.Tag != "!!null") {
		return true
	}
	found := n.Kind.String()
	if n.Kind == Scalar && n.Tag == "!!null" {
		found = "nothing"
	}
	hint := ""
	switch {
	case k == Sequence && n.Kind == Mapping:
		hint = `begin each entry with "- "`
	case k == Scalar && n.Kind != Scalar:
		hint = "a text that begins with { or [ stands in quotes"
	}
	d.Mistakes.AddHint(n.Pos, hint, "want %v, found %s", k, found)
	return false
}

// wantSome refuses a list or mapping that is written out and empty.
func (d *Decoder) wantSome(n *Node) {
	if n.Kind != Scalar && len(n.Items) == 0 && !n.unread {
		d.Mistakes.AddHint(n.Pos, "say which, or leave the key out", "%v without anything in it", n.Kind)
	}
}

func (d *Decoder) value(n *Node, v reflect.Value) {
	if n.unread || d.Mistakes.enough() {
		d.skipped++
		return
	}
	if c, ok := v.Addr().Interface().(Decodable); ok {
		c.DecodeNode(d, n)
		return
	}
	if v.Type() == reflect.TypeFor[time.Time]() { // a struct that is written as one word
		if d.want(n, Scalar) {
			d.scalar(n, v)
		}
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem())
	case reflect.Struct:
		d.structure(n, v)
	case reflect.Slice:
		if !d.want(n, Sequence) {
			return
		}
		out := reflect.MakeSlice(v.Type(), 0, len(n.Items))
		next := reflect.New(v.Type().Elem()).Elem()
		for i, item := range n.Items {
			if d.Mistakes.enough() {
				break
			}
			next.SetZero()
			if d.value(item, next); !item.unread { // else an entry that nobody wrote, with no place
				out = reflect.Append(out, next)
			}
			if d.frees {
				n.Items[i] = nil
			}
		}
		v.Set(out)
	case reflect.Map:
		if !d.want(n, Mapping) {
			return
		}
		v.Set(reflect.MakeMap(v.Type()))
		for i := 0; i+1 < len(n.Items); i += 2 {
			elem := reflect.New(v.Type().Elem()).Elem()
			d.value(n.Items[i+1], elem)
			v.SetMapIndex(reflect.ValueOf(n.Items[i].Value), elem)
		}
	case reflect.Interface:
		d.untyped(n, v)
	default:
		if d.want(n, Scalar) {
			d.scalar(n, v)
		}
	}
}

// untyped gives an any its natural Go value: string, int64, float64, bool,
// []any, map[string]any or nil.
func (d *Decoder) untyped(n *Node, v reflect.Value) {
	switch n.Kind {
	case Sequence:
		var list []any
		d.value(n, reflect.ValueOf(&list).Elem())
		v.Set(reflect.ValueOf(list))
	case Mapping:
		var m map[string]any
		d.value(n, reflect.ValueOf(&m).Elem())
		v.Set(reflect.ValueOf(m))
	case Scalar:
		var out any = n.Value
		switch n.Tag {
		case "!!null":
			return
		case "!!bool":
			if n.Value != "true" && n.Value != "false" {
				d.Mistakes.Add(n.Pos, "want true or false, found %q", n.Value) // True would read as false
			}
			out = n.Value == "true"
		case "!!int":
			if i, err := strconv.ParseInt(n.Value, 10, 64); err == nil {
				out = i
			}
		case "!!float":
			if f, err := strconv.ParseFloat(n.Value, 64); err == nil {
				out = f
			}
		}
		v.Set(reflect.ValueOf(out))
	}
}

func (d *Decoder) structure(n *Node, v reflect.Value) {
	if !d.want(n, Mapping) {
		return
	}
	said, skipped := len(d.Mistakes), d.skipped
	defer func() {
		if len(d.Mistakes) > said || d.skipped > skipped {
			d.breaks(n.Pos)
		}
	}()
	known := d.keysOf(v.Type())
	if i, ok := known.field[""]; ok {
		v.Field(i).Set(reflect.ValueOf(n.Pos))
	}
	for i := 0; i+1 < len(n.Items); i += 2 {
		key := n.Items[i]
		at, ok := known.field[key.Value]
		switch {
		case ok && key.Value != "":
			d.value(n.Items[i+1], v.Field(at))
		case comesLater(v, key.Value):
			d.Mistakes.Add(key.Pos, "%q is not supported yet", key.Value)
		default:
			hint := DidYouMean(key.Value, known.names)
			if foreign := foreignKey(v.Type(), key.Value); foreign != "" {
				hint = foreign
			}
			if hint == "" {
				hint = "known here: " + strings.Join(known.names, ", ")
			}
			d.Mistakes.AddHint(key.Pos, hint, "unknown key %q", key.Value)
		}
	}
}

// breaks remembers that what begins at a place was not read as it was meant.
func (d *Decoder) breaks(at Pos) {
	if d.broken == nil {
		d.broken = make(map[Pos]bool)
	}
	d.broken[at] = true
}

func (d *Decoder) keysOf(t reflect.Type) keys {
	if k, ok := d.known[t]; ok {
		return k
	}
	k := keys{field: make(map[string]int, t.NumField())}
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Name == "Pos" && f.Type == reflect.TypeFor[Pos]() {
			k.field[""] = i
		} else if key := f.Tag.Get("yaml"); key != "" {
			k.field[key] = i
			k.names = append(k.names, key)
		}
	}
	slices.Sort(k.names)
	if d.known == nil {
		d.known = make(map[reflect.Type]keys)
	}
	d.known[t] = k
	return k
}

func (d *Decoder) scalar(n *Node, v reflect.Value) {
	var err error
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		var x time.Duration
		if x, err = parseDuration(n.Value); err == nil {
			v.SetInt(int64(x))
		}
	case v.Type() == reflect.TypeFor[time.Time]():
		var x time.Time
		if x, err = parseTime(n.Value); err == nil {
			v.Set(reflect.ValueOf(x))
		}
	case v.Kind() == reflect.String:
		v.SetString(n.Value)
	case v.Kind() == reflect.Bool:
		// Only the two spellings that everybody reads alike.
		if n.Value != "true" && n.Value != "false" {
			err = fmt.Errorf("want true or false, found %q", n.Value)
		}
		v.SetBool(n.Value == "true")
	case v.CanInt():
		var x int64
		if digits := strings.TrimLeft(n.Value, "+-"); len(digits) > 1 && digits[0] == '0' { // others read it as octal
			err = fmt.Errorf("want a whole number that does not begin with 0, found %q", n.Value)
		} else if x, err = strconv.ParseInt(n.Value, 10, 64); err == nil && !v.OverflowInt(x) {
			v.SetInt(x)
		} else {
			err = fmt.Errorf("want a whole number, found %q", n.Value)
		}
	default:
		err = fmt.Errorf("no way to read a %v", v.Type())
	}
	if err != nil {
		d.Mistakes.Add(n.Pos, "%v", err)
	}
}

// parseDuration reads a duration, or whole days: 90d.
func parseDuration(s string) (time.Duration, error) {
	const day, most = 24 * time.Hour, 36_500 // days that are far less than a Duration holds
	if days, ok := strings.CutSuffix(s, "d"); ok {
		if n, err := strconv.ParseUint(days, 10, 16); err == nil && n <= most {
			return time.Duration(n) * day, nil // at most 36,500
		}
	}
	x, err := time.ParseDuration(s)
	if err != nil {
		err = fmt.Errorf("want a duration such as 30s, 5m or 90d, found %q", s)
	}
	return x, err
}

// parseTime reads a date, which means its first moment in UTC, or an RFC 3339 time.
func parseTime(s string) (time.Time, error) {
	for _, layout := range []string{time.DateOnly, time.RFC3339} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, fmt.Errorf("want a date such as 2027-03-31, found %q", s)
}
