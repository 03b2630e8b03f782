package rules

import (
	"strconv"
	"time"
)

// Kind is the kind of an attribute's or claim's values. Values are held as
// string, int64, bool, []string or []int64; nil means absent.
type Kind uint8

// The kinds; the zero Kind is none.
const (
	NoKind Kind = iota
	String
	Int
	Bool
	StringList
	IntList
)

var kindNames = [...]string{"none", "string", "int", "bool", "[string]", "[int]"}

func (k Kind) String() string { return kindNames[k] }

func kindOf(word string, list bool) (Kind, bool) {
	switch {
	case word == "string" && list:
		return StringList, true
	case word == "int" && list:
		return IntList, true
	case list:
		return NoKind, false
	case word == "string":
		return String, true
	case word == "int":
		return Int, true
	case word == "bool":
		return Bool, true
	}
	return NoKind, false
}

// ParseScalar reads the text of one value of kind k, or of one element when k is a list.
func (k Kind) ParseScalar(text string) (any, bool) {
	switch k {
	case String, StringList:
		return text, true
	case Int, IntList:
		i, err := strconv.ParseInt(text, 10, 64)
		return i, err == nil
	case Bool:
		return text == "true", text == "true" || text == "false"
	default:
		return nil, false
	}
}

// Value brings a value as a document gives it (string, int64, bool, or []any of one
// of these) to how a value of kind k is held. It converts nothing: false is another kind.
func (k Kind) Value(v any) (any, bool) {
	switch v := v.(type) {
	case string:
		return v, k == String
	case int64:
		return v, k == Int
	case bool:
		return v, k == Bool
	case []any:
		if k == StringList {
			return elements[string](v)
		}
		if k == IntList {
			return elements[int64](v)
		}
	}
	return nil, false
}

func elements[T any](items []any) ([]T, bool) {
	out := make([]T, len(items))
	for i, item := range items {
		var ok bool
		if out[i], ok = item.(T); !ok {
			return nil, false
		}
	}
	return out, true
}

// kindOfValue is the kind of a value as it is held, or NoKind.
func kindOfValue(v any) Kind {
	switch v.(type) {
	case string:
		return String
	case int64:
		return Int
	case bool:
		return Bool
	case []string:
		return StringList
	case []int64:
		return IntList
	}
	return NoKind
}

// textOf writes a scalar as templates and selectors do; false for lists.
func textOf(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano), true
	}
	return "", false
}
