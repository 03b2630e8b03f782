package rules

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules/many"
)

// manySet is a set of n rules, of which one is about many.Caller.
func manySet(t testing.TB, n int) *Set {
	t.Helper()
	m := fstest.MapFS{}
	for name, text := range many.Files(n) {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return loadFS(t, m)
}

// ledger is a request that the one rule for many.Caller allows.
func ledger(t testing.TB, set *Set) (*Request, *Caller, []Target) {
	t.Helper()
	return allowed(t, set, `{ "caller": { "identity": "`+many.Caller+`", "subject": "ada", "claims": { "role": "reader" } },
		"targets": [{ "action": "read", "object": "`+many.Object+`", "attributes": { "owner": "ada" } }] }`)
}

const ownRule = "  - { id: own, allow: customers, to: [read], on: account, up_to: confidential, own: owner }\n"

// warm is a request that ownRule allows.
func warm(t testing.TB, set *Set) (*Request, *Caller, []Target) {
	t.Helper()
	return allowed(t, set, `{ "caller": { "identity": "customers", "subject": "ada", "claims": { "role": "reader" } },
		"targets": [{ "action": "read", "object": "account/8", "attributes": { "owner": "ada" } }] }`)
}

func allowed(t testing.TB, set *Set, text string) (*Request, *Caller, []Target) {
	t.Helper()
	in := parseInput(t, text)
	req, c, targets := in.request(t), in.Caller.caller(t, set), in.targets(t, set)
	if d := set.Decide(req, c, targets); d.Effect != Allow {
		t.Fatalf("%+v", d)
	}
	return req, c, targets
}

func decideAllocs(t *testing.T, set *Set, req *Request, c *Caller, targets []Target) float64 {
	t.Helper()
	return testing.AllocsPerRun(100, func() { set.Decide(req, c, targets) })
}

// TestDecideCostIsFlat: rules about others make no decision allocate, however many.
func TestDecideCostIsFlat(t *testing.T) {
	var few float64
	for _, n := range []int{10, 3_000} {
		set := manySet(t, n)
		req, c, targets := ledger(t, set)
		got := decideAllocs(t, set, req, c, targets)
		if n == 10 {
			few = got
		}
		if got != few || got > 4 {
			t.Errorf("%v allocations among %d rules, want %v as among 10, and at most 4", got, n, few)
		}
	}
}

// TestIdleRulesDoNotAllocate: neither do rules that fit, and miss at what is asked
// without CEL.
func TestIdleRulesDoNotAllocate(t *testing.T) {
	for what, rule := range map[string]string{
		"up_to":     "allow: customers, to: [read], on: account, up_to: public",
		"when":      `allow: customers, to: [read], on: account, up_to: internal, when: object.owner == "x%d"`,
		"only":      `allow: customers, to: [read], on: account, up_to: internal, only: { id: ["x%d"] }`,
		"for":       "allow: customers, to: [read], on: account, up_to: internal, for: [x%d]",
		"require":   "allow: customers, to: [read], on: account, up_to: internal, require: { max_token_age: 1s }",
		"until":     "allow: customers, to: [read], on: account, up_to: internal, until: 2026-01-31",
		"ask":       "allow: customers, to: [read], on: account, up_to: internal, ask: { header: x-case, pattern: \"[0-9]+\", as: case }",
		"from_tier": "deny: customers, to: [read], on: account, from_tier: restricted",
		"deny when": `deny: customers, to: [read], on: account, when: object.owner == "x%d"`,
		"deny for":  "deny: customers, to: [read], on: account, for: [x%d]",
		"any":       `deny: customers, to: ["*"], on: "*", from_tier: restricted`,
	} {
		allocs := func(n int) float64 {
			var idle strings.Builder
			for i := range n {
				fmt.Fprintf(&idle, "  - { id: idle%d, %s }\n", i, strings.ReplaceAll(rule, "%d", fmt.Sprint(i)))
			}
			set := load(t, "rules:\n"+idle.String()+ownRule)
			req, c, targets := warm(t, set)
			return decideAllocs(t, set, req, c, targets)
		}
		if one, many := allocs(1), allocs(50); many != one || one > 4 { // what one reads is noted once, for the record
			t.Errorf("%s: %v allocations with 50 rules that do not apply, %v with one, want the same and 4 at most", what, many, one)
		}
	}
}
