package diff

import "testing"

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
