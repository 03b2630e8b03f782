package rules

import (
	"fmt"
	"strings"
	"testing"
)

// manyRules makes n rules on accounts for callers of all sorts, but customers, in
// files of at most 10,000 rules.
func manyRules(n int) []string {
	const perFile = 10_000
	var files []string
	for first := 0; first < n; first += perFile {
		var b strings.Builder
		b.WriteString("rules:\n")
		for i := first; i < min(n, first+perFile); i++ {
			switch i % 4 {
			case 0:
				fmt.Fprintf(&b, "- { id: r%d, allow: svc-billing, to: [read], on: account, up_to: confidential, own: owner }\n", i)
			case 1, 2:
				fmt.Fprintf(&b, "- { id: r%d, allow: { issuer: corp, claim: { role: role%d } }, to: [read], on: account, up_to: internal }\n", i, i)
			default:
				fmt.Fprintf(&b, "- { id: r%d, deny: acme, to: [\"*\"], on: \"*\", from_tier: confidential }\n", i)
			}
		}
		files = append(files, b.String())
	}
	return files
}

const ownRule = "  - { id: own, allow: customers, to: [read], on: account, up_to: confidential, own: owner }\n"

// warm is a request that ownRule allows.
func warm(t testing.TB, set *Set) (*Request, *Caller, []Target) {
	t.Helper()
	in := parseInput(t, `{ "caller": { "identity": "customers", "subject": "ada", "claims": { "role": "reader" } },
		"targets": [{ "action": "read", "object": "account/8", "attributes": { "owner": "ada" } }] }`)
	req, c, targets := in.request(t), in.Caller.caller(t, set), in.targets(t, set)
	if d := set.Decide(req, c, targets); d.Effect != Allow {
		t.Fatalf("%+v", d)
	}
	return req, c, targets
}

// TestDecideCostIsFlat: neither rules about others nor rules that do not apply
// make a decision allocate.
func TestDecideCostIsFlat(t *testing.T) {
	allocs := func(texts ...string) float64 {
		set := load(t, texts...)
		req, c, targets := warm(t, set)
		return testing.AllocsPerRun(100, func() { set.Decide(req, c, targets) })
	}
	few := allocs("rules:\n" + ownRule)
	if many := allocs(append(manyRules(3_000), "rules:\n"+ownRule)...); many != few {
		t.Errorf("%v allocations with 3,000 rules about others, %v without", many, few)
	}
	var idle strings.Builder
	for i := range 50 { // they fit, and miss at up_to, at a condition, at `for`
		fmt.Fprintf(&idle, "  - { id: a%d, allow: customers, to: [read], on: account, up_to: public }\n", i)
		fmt.Fprintf(&idle, "  - { id: b%d, allow: customers, to: [read], on: account, up_to: internal, when: object.owner == \"x%d\" }\n", i, i)
		fmt.Fprintf(&idle, "  - { id: c%d, allow: customers, to: [read], on: account, up_to: internal, for: [x%d] }\n", i, i)
		fmt.Fprintf(&idle, "  - { id: d%d, deny: customers, to: [read], on: account, from_tier: restricted }\n", i)
	}
	if idling := allocs("rules:\n" + idle.String() + ownRule); idling != few {
		t.Errorf("%v allocations with 200 rules that do not apply, %v without", idling, few)
	}
	if few > 4 {
		t.Errorf("%v allocations for one simple rule, want at most 4", few)
	}
}

// BenchmarkDecide varies what must not matter.
func BenchmarkDecide(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			set := load(b, append(manyRules(n), "rules:\n"+ownRule)...)
			req, c, targets := warm(b, set)
			b.ReportAllocs()
			for b.Loop() {
				set.Decide(req, c, targets)
			}
		})
	}
}

// BenchmarkCondition compares the two ways in which a condition runs.
func BenchmarkCondition(b *testing.B) {
	set, sc := world(b)
	for _, slow := range []bool{false, true} {
		b.Run(map[bool]string{false: "closures", true: "cel"}[slow], func(b *testing.B) {
			x, err := newExpressions()
			if err != nil {
				b.Fatal(err)
			}
			x.slow = slow
			c, problems := x.compile(sc, `object.tenant == "eu" && !object.frozen`)
			if len(problems) > 0 {
				b.Fatal(problems)
			}
			in := parseInput(b, `{ "targets": [{ "action": "read", "object": "account/8", "attributes": { "tenant": "eu", "frozen": false } }] }`)
			f := &facts{schema: set.schema, req: in.request(b), caller: new(Caller), target: &in.targets(b, set)[0]}
			b.ReportAllocs()
			for b.Loop() {
				if c.test(f) != yes {
					b.Fatal("it does not hold")
				}
			}
		})
	}
}
