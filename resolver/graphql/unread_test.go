package graphql

import (
	"strings"
	"testing"
)

func TestIDsThatNoLineReads(t *testing.T) {
	s, ms := Compile(`
type Query { a(id: ID!, t: ID, n: Int, many: [[ID!]], in: In): Int }
input In { id: ID  text: String  of: [In!]  other: Other }
input Other { ids: [ID] }`, "s.graphql", Options{})
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	for _, c := range []struct{ captured, want string }{
		{"", "args.id args.t args.many[][] args.in.id args.in.other.ids[]"},
		{"id t", "args.many[][] args.in.id args.in.other.ids[]"},
		{"id t many.[].[] in.id in.other.ids.[]", ""},
		{"id t many.[] in", "args.many[][] args.in.id args.in.other.ids[]"},
	} {
		var paths [][]string
		for path := range strings.FieldsSeq(c.captured) {
			paths = append(paths, strings.Split(path, "."))
		}
		if got := strings.Join(s.UnreadIDs("Query.a", paths), " "); got != c.want {
			t.Errorf("captured %q: got %q, want %q", c.captured, got, c.want)
		}
	}
	if got := s.UnreadIDs("Query.none", nil); got != nil {
		t.Errorf("an unknown field: %q", got)
	}
}
