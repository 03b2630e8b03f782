package rules

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// graded is a type whose classification is put in at %s, and rules of all sorts on it.
const graded = `
objects:
  - type: record
    tier: public
    max_row_tier: restricted
    catalog: db
    parent: customer
    attributes: { country: string, level: int, tags: [string] }
    actions: { list: { tier: internal } }
    properties: { ssn: { tier: confidential, category: [pii] } }%s
rules:
  - { id: a, allow: customers, to: [read, list, create], on: record, up_to: public, when: object.country == "FR", because: x, owner: y, review_by: 2027-06-30 }
  - { id: b, allow: customers, to: [read, list, update], on: record, up_to: internal, category: [], because: x, owner: y, review_by: 2027-06-30 }
  - { id: c, allow: customers, to: [read, list], on: record, up_to: confidential, category: [pii], because: x, owner: y, review_by: 2027-06-30 }
  - { id: d, deny: customers, to: [read, list], on: record, from_tier: confidential, when: object.level == 1 }
  - { id: e, deny: customers, to: [read, update], on: record, category: [credential], when: object.level != 2 }
  - { id: f, allow: customers, to: [update, list], on: record, up_to: restricted, unbounded: true, when: '!has(object.tags)', because: x, owner: y, review_by: 2027-06-30 }
`

// Classification only raises: whatever is classified, no request that was denied
// without it is allowed with it, and no tier and no category is lost.
func TestClassificationNeverAllowsMore(t *testing.T) {
	entries := []string{
		`{ when: 'object.country == "DE"', tier: restricted }`, `{ when: 'object.country != "FR"', tier: confidential, category: [pii] }`,
		`{ when: 'has(object.level) && object.level > 1', tier: internal }`, `{ when: '10 / object.level > 3', category: [credential] }`,
		`{ when: '"x" in object.tags', tier: confidential, category: [credential, pii] }`, `{ when: 'object.parent.tenant == "eu"', tier: internal, category: [prompt] }`,
		`{ when: 'object.tags.exists(t, t.startsWith("k"))', tier: restricted }`, `{ when: 'object.id == "R2" || object.parent.id == "C1"', tier: internal }`,
	}
	rapid.Check(t, func(rt *rapid.T) {
		chosen := rapid.SliceOfNDistinct(rapid.SampledFrom(entries), 1, 4, rapid.ID[string]).Draw(rt, "classify")
		plain := load(t, fmt.Sprintf(graded, ""))
		raised := load(t, fmt.Sprintf(graded, "\n    classify: ["+strings.Join(chosen, ", ")+"]"))
		for range 20 {
			in := drawRecord(rt)
			before, after := in.decide(t, plain), in.decide(t, raised)
			if before.Effect != Allow && after.Effect == Allow {
				rt.Fatalf("%+v is allowed only because %v classify it", in.Targets, chosen)
			}
			was, is := &before.Targets[0], &after.Targets[0]
			from, _ := plain.Schema().TierByName(was.Tier)
			to, _ := raised.Schema().TierByName(is.Tier)
			if to < from || to > from && !strings.HasPrefix(is.TierFrom, "classified ") {
				rt.Fatalf("%+v: tier %s from %s, was %s from %s", in.Targets, is.Tier, is.TierFrom, was.Tier, was.TierFrom)
			}
			for _, name := range was.Categories {
				if !slices.Contains(is.Categories, name) {
					rt.Fatalf("%+v: categories %q, were %q", in.Targets, is.Categories, was.Categories)
				}
			}
		}
	})
}

func drawRecord(rt *rapid.T) *testInput {
	in := &testInput{Caller: testCaller{Identity: "customers", Subject: "ada", Client: "web"}}
	tt := testTarget{Attributes: map[string]any{}}
	tt.Action = rapid.SampledFrom([]string{"read", "update", "list", "create"}).Draw(rt, "action")
	switch tt.Action {
	case "list":
		tt.Collection = "record"
	case "create":
		tt.New = "record"
	default:
		tt.Object = "record/" + rapid.SampledFrom([]string{"R1", "R2"}).Draw(rt, "id")
		tt.Tier = rapid.SampledFrom([]string{"", "internal", "confidential"}).Draw(rt, "tier")
	}
	for name, values := range map[string][]any{
		"country": {"DE", "FR", "AT"}, "level": {float64(0), float64(1), float64(2), float64(5)}, "tags": {[]any{"x"}, []any{"key", "y"}},
	} {
		if rapid.IntRange(0, 3).Draw(rt, name) > 0 {
			tt.Attributes[name] = rapid.SampledFrom(values).Draw(rt, name+" value")
		}
	}
	if rapid.Bool().Draw(rt, "parent") {
		tt.Parent = rapid.SampledFrom([]string{"C1", "C2"}).Draw(rt, "parent id")
		tt.AboveState = rapid.SampledFrom([]string{"unchecked", "absent"}).Draw(rt, "parent state")
		if rapid.Bool().Draw(rt, "parent row") {
			tt.Above = map[string]any{"tenant": rapid.SampledFrom([]string{"eu", "us"}).Draw(rt, "parent tenant")}
		}
	}
	if tt.Action == "update" && rapid.Bool().Draw(rt, "property") {
		tt.Properties = []string{"ssn"}
	}
	in.Targets = []testTarget{tt}
	return in
}

// What a classification spends counts with what the rules' conditions do, and what
// is over is raised.
func TestClassificationSpendsTheBudgetOfTheRequest(t *testing.T) {
	set := load(t, fmt.Sprintf(graded, `
    classify: [{ when: 'object.tags.exists(t, t.startsWith("k"))', tier: restricted }]`))
	tt := testTarget{Action: "read", Object: "record/R1", Attributes: map[string]any{"tags": []any{"x"}}}
	target := tt.target(t, set)
	f := facts{schema: set.schema, target: &target}
	if g := set.schema.grade(&f); g.from != "type" || f.spent == 0 {
		t.Errorf("%+v after %d units, want the type's tier and some cost", g, f.spent)
	}
	f.spent = maxSpent
	if g := set.schema.grade(&f); g.from != "classified 1" {
		t.Errorf("%+v once all is spent, want it raised", g)
	}
}

// A decision on what is not classified allocates what it did.
func TestCategoriesOfATypeDoNotAllocate(t *testing.T) {
	set := load(t, `
objects: [{ type: record, tier: public, category: [pii], catalog: db, attributes: { country: string }, classify: [{ when: object.country == "DE", tier: restricted }] }]`)
	tt := testTarget{Action: "read", Object: "record/R1", Attributes: map[string]any{"country": "FR"}}
	target := tt.target(t, set)
	f := facts{schema: set.schema, target: &target}
	n := testing.AllocsPerRun(100, func() {
		if g := set.schema.grade(&f); g.tier != 0 || len(set.schema.names(target.Object.Type, g.categories)) != 1 {
			t.Fatal(g)
		}
	})
	if n > 0 {
		t.Errorf("%v allocations, want none", n)
	}
}
