package catalog

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

// A row's tier may stay and its classification fall.
func TestVersionThatLowersTheClassificationIsHeld(t *testing.T) {
	const objects = `
tiers: [ { name: public }, { name: internal }, { name: restricted } ]
unclassified: restricted
objects:
  - type: record
    tier: public
    max_row_tier: restricted
    catalog: bank
    parent: customer
    attributes: { country: string, level: int }
    classify:
      - { when: 'object.country == "DE"', tier: restricted }
      - { when: 'object.level > 1', category: [pii] }
      - { when: 'object.parent.tenant == "eu"', tier: internal }
  - { type: customer, tier: public, catalog: crm, attributes: { tenant: string } }
`
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(objects)}})
	set, more := rules.Compile(src, rules.Env{Catalogs: []string{"bank", "crm"}})
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	rows := func(n int, row, rest string) string {
		var b strings.Builder
		b.WriteString("id,tier,country,level,parent\n")
		for i := range 100 {
			line := rest
			if i < n {
				line = row
			}
			fmt.Fprintf(&b, "r%d,%s\n", i, line)
		}
		return b.String()
	}
	for _, c := range []struct {
		name string
		row  string // of 10 that were ",DE,2,C1", as the others are
		held bool
	}{
		{"the country says otherwise", ",FR,2,C1", true},
		{"twin: the tier says it now", "restricted,FR,2,C1", false},
		{"a category is lost", ",DE,1,C1", true},
		{"twin: the level rises", ",DE,3,C1", false},
		{"the country is gone, and so taken for one that raises", ",,2,C1", false},
		{"a row that cannot be used now", ",DE,two,C1", false},
		{"the parent is another, and its row is not seen", ",DE,2,C2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := openSheet(t, "a.csv", rows(0, "", ",DE,2,C1"), func(o *FileOptions) { o.Name, o.StateDir, o.Serves = "bank", t.TempDir(), true })
			all, err := New(Options{Sources: map[string]Source{"bank": s.File, "crm": NewMemory()}})
			if err != nil {
				t.Fatal(err)
			}
			all.Bind(set.Schema())
			s.change(t, rows(10, c.row, ",DE,2,C1"))
			if held := s.Held() != ""; held != c.held {
				t.Errorf("held %v, want %v; %v", held, c.held, s.Err())
			}
		})
	}
}

// Where several types read the same rows, one that is lowered for any is lowered.
func TestUntypedRowsAreLoweredForAnyOfTheirTypes(t *testing.T) {
	g := NewGate(GateOptions{})
	tiers := []string{"public", "internal", "restricted"}
	g.Rank(map[string]Rank{"a": {Tiers: tiers, Floor: 2, None: 2, Lowered: func(was, is Row) bool { return was.Parent != is.Parent }}, "b": {Tiers: tiers}})
	r := g.ranked()[""]
	for _, c := range []struct {
		was, is Row
		want    bool
	}{
		{Row{Parent: "x", Tier: "internal"}, Row{Parent: "x", Tier: "internal"}, false},
		{Row{Parent: "x", Tier: "internal"}, Row{Parent: "y", Tier: "internal"}, true},
		{Row{Parent: "x", Tier: "internal"}, Row{Parent: "x", Tier: "public"}, true},
		{Row{Parent: "x", Tier: "public"}, Row{Parent: "x", Tier: "internal"}, false},
	} {
		if got := r.lowers(c.was, c.is); got != c.want {
			t.Errorf("%+v to %+v: %v, want %v", c.was, c.is, got, c.want)
		}
	}
}
