package diff

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

var position = reflect.TypeFor[rules.Pos]()

// spelt is a value in words, without the places where it was written.
func spelt(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case fmt.Stringer:
		if !v.IsZero() {
			return x.String()
		}
	case rules.SideFile: // it may be binary, and lies elsewhere in each version
		if x.File != nil {
			return x.V + " (SHA-256 " + x.File.Hash + ")"
		}
		return x.V
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type == position || !f.IsExported() || v.Field(i).IsZero() {
				continue
			}
			text := spelt(v.Field(i))
			if f.Name != "V" && f.Name != "Key" && text != "" {
				text = strings.ToLower(f.Name) + ": " + text
			}
			parts = append(parts, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, spelt(v.Index(i)))
		}
	default:
		if v.IsZero() {
			return ""
		}
		return fmt.Sprint(v.Interface())
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}
