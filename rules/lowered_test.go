package rules

import "testing"

func TestLowered(t *testing.T) {
	set := load(t, `
objects:
  - type: record
    tier: public
    max_row_tier: confidential
    catalog: db
    parent: customer
    attributes: { country: string, level: int }
    classify:
      - { when: 'object.country == "DE"', tier: restricted }
      - { when: 'object.level > 1', tier: internal, category: [pii] }
      - { when: 'object.parent.tenant == "eu"', tier: internal }
`)
	s := set.Schema()
	object := func(tier Tier, country any, level int64) *Object {
		return &Object{Type: s.Types["record"], ID: "r", State: Stored, RowTier: tier, Attributes: []any{country, level}}
	}
	for _, c := range []struct {
		name    string
		was, is *Object
		lowered bool
	}{
		{"the same", object(0, "DE", 0), object(0, "DE", 0), false},
		{"the attribute that raises says otherwise", object(0, "DE", 0), object(0, "FR", 0), true},
		{"twin: it begins to raise", object(0, "FR", 0), object(0, "DE", 0), false},
		{"the attribute that raises is gone, and so taken to hold", object(0, "DE", 0), object(0, nil, 0), false},
		{"twin: it comes, and says that nothing holds", object(0, nil, 0), object(0, "FR", 0), true},
		{"a category is lost, the tier stays", object(2, "FR", 2), object(2, "FR", 1), true},
		{"twin: a category is won", object(2, "FR", 1), object(2, "FR", 2), false},
		{"the row's tier falls below what classifies", object(2, "DE", 0), object(0, "DE", 0), false},
		{"the row's tier falls", object(2, "FR", 0), object(1, "FR", 0), true},
	} {
		if got := s.Lowered(c.was, c.is); got != c.lowered {
			t.Errorf("%s: %v, want %v", c.name, got, c.lowered)
		}
	}
	if !s.Types["record"].Classifies() || s.Types["account"].Classifies() {
		t.Error("record classifies, account does not")
	}
}
