package rules

import (
	"testing"
	"testing/fstest"
)

// Only a max_row_tier that is written, and leaves rows something to raise, wants
// tiers of a catalog.
func TestMaxRowTierWantsTiersOfRows(t *testing.T) {
	const text = `
tiers: [ { name: low }, { name: mid }, { name: high } ]
unclassified: high
objects:
  - { type: silent, tier: low, catalog: c }
  - { type: above, tier: low, max_row_tier: mid, catalog: c }
  - { type: level, tier: mid, max_row_tier: mid, catalog: c }
  - { type: floorless, max_row_tier: low, catalog: c }
`
	src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
	set, more := Compile(src, Env{Catalogs: []string{"c"}})
	if ms = append(ms, more...); len(ms) > 0 {
		t.Fatal(ms)
	}
	for name, want := range map[string]bool{"silent": false, "above": true, "level": false, "floorless": true} {
		if got := set.Schema().Types[name].RowTiers; got != want {
			t.Errorf("%s: RowTiers is %v, want %v", name, got, want)
		}
	}
}
