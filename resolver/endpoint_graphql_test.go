package resolver

import (
	"strings"
	"testing"
)

func TestLinesThatLeaveAnIDUnread(t *testing.T) {
	for line, want := range map[string]string{
		"GRAPHQL Query.a -> read account/{args.id}":                         "Query.a takes the ID args.t, of which nothing is decided",
		"GRAPHQL Query.a -> read account/{args.id}, read account/{args.t?}": "",
	} {
		routes, _, ms := load(t, map[string]string{
			"rules/types.yaml": "tiers: [ { name: internal } ]\nobjects: [ { type: account, tier: internal } ]\n",
			"rules/s.graphql":  "type Query { a(id: ID!, t: ID): Int }",
			"rules/a.yaml":     "routes:\n  - host: api.example.com\n    graphql: { path: /graphql, schema: s.graphql }\n    map:\n      - " + line + "\n",
		})
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		got := routes.Warnings()
		if (len(got) > 0) != (want != "") || want != "" && (!strings.Contains(got[0].Text, want) || got[0].Pos.Line != 5) {
			t.Errorf("%s: warned %v, want %q", line, got, want)
		}
	}
}
