package diff

import (
	"fmt"
	"strings"
	"testing"
)

// Where rules read nothing of a parent but what its row says, objects with a parent are
// tried: one without has no row that a rule could hold.
func TestRowOfAParentThatNothingNames(t *testing.T) {
	text := func(tier string) string {
		return `
tiers: [ { name: public }, { name: internal } ]
objects:
  - { type: account, tier: ` + tier + `, max_row_tier: internal, catalog: bank, parent: customer, attributes: { owner: string } }
  - { type: customer, tier: public, catalog: bank, attributes: { tenant: string } }
routes: [ { host: bank.example.com, map: [ "GET /accounts/{id} -> read account/{id}" ] } ]
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: r, allow: people, to: [read], on: account, up_to: public, own: parent.tenant }
`
	}
	r, benches := compared(t, text("internal"), text("public"))
	flips(t, r, benches)
	if len(r.Changes) != 1 || r.Changes[0].Effect != Gained || r.Changes[0].Identity != "people" {
		t.Errorf("a lower tier gives %+v, want one gain of people", r.Changes)
	}
	if r, _ = compared(t, text("public"), text("public")); len(r.Changes) != 0 {
		t.Errorf("no change gives %+v", r.Changes)
	}
}

// What can be tried whole is tried whole. What cannot is said not to be exact, and what
// rules ask for, however much at once, is tried nevertheless.
func TestManyCombinations(t *testing.T) {
	text := func(attributes int, narrow, last string) string {
		var kinds, all []string
		for i := range attributes {
			kinds = append(kinds, fmt.Sprintf("a%d: string", i))
			all = append(all, fmt.Sprintf(narrow, i))
		}
		asks := map[string]string{"a%d: [x, y]": "only: { label: { " + strings.Join(all, ", ") + last + " } }"}[narrow]
		if asks == "" {
			asks = "when: '" + strings.Join(all, " && ") + last + "'"
		}
		return `
tiers: [ { name: public }, { name: internal } ]
objects: [ { type: account, tier: public, catalog: bank, attributes: { ` + strings.Join(kinds, ", ") + `, last: string } } ]
routes: [ { host: bank.example.com, map: [ "GET /accounts/{id} -> read account/{id}" ] } ]
identities: [ { name: people, kind: human, match: { issuer: corp, client: [web] } } ]
rules: [ { id: r, allow: people, to: [read], on: account, up_to: internal, ` + asks + ` } ]
`
	}
	for _, c := range []struct {
		attributes        int
		narrow, wide, few string
		exact             bool
	}{
		{2, "a%d: [x, y]", ", last: [x, y]", ", last: [x]", true},
		{4, "a%d: [x, y]", ", last: [x, y]", ", last: [x]", true},
		{8, "a%d: [x, y]", ", last: [x, y]", ", last: [x]", false},
		{8, `object.a%d == "x"`, ` && object.last in ["x", "y"]`, ` && object.last in ["x"]`, false},
		{8, `"z" == object.a%d`, ` && (object.last == "z" || object.last == "y")`, ` && object.last == "z"`, false},
	} {
		r, benches := compared(t, text(c.attributes, c.narrow, c.wide), text(c.attributes, c.narrow, c.few))
		flips(t, r, benches)
		if len(r.Changes) != 2 || r.Changes[0].Effect != Lost || r.Changes[1].Effect != Lost {
			t.Errorf("%d attributes by %s: %+v, want one loss for each tier", c.attributes, c.narrow, r.Changes)
		}
		if got := strings.Join(r.Notes, "; "); (got == "") != c.exact || !c.exact && !strings.Contains(got, "people, read account object: attributes in more combinations than are tried") {
			t.Errorf("%d attributes by %s: notes %q", c.attributes, c.narrow, got)
		}
	}
}
