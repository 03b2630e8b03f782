package rules

import (
	"fmt"
	"slices"
	"testing"
)

func TestVariants(t *testing.T) {
	for condition, want := range map[string][]string{
		`object.frozen`:  {`not object.frozen: !object.frozen`},
		`!object.frozen`: {`not !object.frozen: object.frozen`},
		`a == 1 && !b`: {
			`not a == 1 && !b: !(a == 1 && !b)`, `not a == 1: !(a == 1) && !b`, `without a == 1: !b`,
			`not !b: a == 1 && b`, `without !b: a == 1`,
		},
		// A chain has as many operands as it shows, however it is parsed.
		`a || b || c`: {
			`not a || b || c: !(a || b || c)`, `not a: !a || b || c`, `without a: b || c`,
			`not b: a || !b || c`, `without b: a || c`, `not c: a || b || !c`, `without c: a || b`,
		},
		`a && (b || c)`: {
			`not a && (b || c): !(a && (b || c))`, `not a: !a && (b || c)`, `without a: b || c`,
			`not b || c: a && !(b || c)`, `without b || c: a`,
			`not b: a && (!b || c)`, `without b: a && c`, `not c: a && (b || !c)`, `without c: a && b`,
		},
		`has(object.x) && object.l.exists(e, e.a == "q" && e.b)`: {
			`not has(object.x) && object.l.exists(e, e.a == "q" && e.b): !(has(object.x) && object.l.exists(e, e.a == "q" && e.b))`,
			`not has(object.x): !has(object.x) && object.l.exists(e, e.a == "q" && e.b)`,
			`without has(object.x): object.l.exists(e, e.a == "q" && e.b)`,
			`not object.l.exists(e, e.a == "q" && e.b): has(object.x) && !(object.l.exists(e, e.a == "q" && e.b))`,
			`without object.l.exists(e, e.a == "q" && e.b): has(object.x)`,
			`not e.a == "q": has(object.x) && object.l.exists(e, !(e.a == "q") && e.b)`,
			`without e.a == "q": has(object.x) && object.l.exists(e, e.b)`,
			`not e.b: has(object.x) && object.l.exists(e, e.a == "q" && !e.b)`,
			`without e.b: has(object.x) && object.l.exists(e, e.a == "q")`,
		},
		"caller.claims.`a-b` == caller.claims[\"x:y\"]": {
			"not caller.claims.`a-b` == caller.claims[\"x:y\"]: !(caller.claims.`a-b` == caller.claims[\"x:y\"])",
		},
		`a &&`: nil,
	} {
		var got []string
		for _, v := range Variants(condition) {
			got = append(got, fmt.Sprintf("%s %s: %s", map[bool]string{true: "not", false: "without"}[v.Negated], v.Part, v.Text))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s:\ngot  %q\nwant %q", condition, got, want)
		}
	}
}
