package rules

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// A value is of the kind that it shows, and of no other: nothing is converted.
func TestKindValue(t *testing.T) {
	all := []Kind{NoKind, String, Int, Bool, StringList, IntList}
	for _, c := range []struct {
		given any
		held  map[Kind]any
	}{
		{"", map[Kind]any{String: ""}},
		{"7", map[Kind]any{String: "7"}},
		{int64(7), map[Kind]any{Int: int64(7)}},
		{true, map[Kind]any{Bool: true}},
		{[]any{}, map[Kind]any{StringList: []string{}, IntList: []int64{}}},
		{[]any{"a", "b"}, map[Kind]any{StringList: []string{"a", "b"}}},
		{[]any{int64(1)}, map[Kind]any{IntList: []int64{1}}},
		{[]any{"a", int64(1)}, nil},
		{[]any{"a", nil}, nil},
		{[]any{true}, nil},
		{[]any{[]any{"a"}}, nil},
		{nil, nil},
		{7, nil},
		{7.0, nil},
		{map[string]any{}, nil},
	} {
		for _, kind := range all {
			want, of := c.held[kind]
			got, ok := kind.Value(c.given)
			if ok != of || of && !cmp.Equal(got, want) {
				t.Errorf("%v.Value(%#v) = %#v, %v, want %#v, %v", kind, c.given, got, ok, want, of)
			}
		}
	}
}
