package catalog

import "testing"

// What was denied has nothing to lose, and what is denied now is no lower.
func TestCountsOfRowsThatCannotBeUsed(t *testing.T) {
	ranks := map[string]Rank{"account": {Tiers: []string{"public", "internal", "restricted"}, Floor: 1, None: 1}}
	of := func(tiers map[string]int) Census { return Census{"account": tiers} }
	for _, c := range []struct {
		name          string
		from, to      map[string]int
		lowered, lost int
	}{
		{"good ones become bad", map[string]int{"restricted": 100}, map[string]int{Unusable: 100}, 0, 0},
		{"twin: they become internal", map[string]int{"restricted": 100}, map[string]int{"internal": 100}, 100, 0},
		{"bad ones become good", map[string]int{Unusable: 100}, map[string]int{"internal": 100}, 0, 0},
		{"of an unknown tier, too", map[string]int{"unheard": 100}, map[string]int{"internal": 100}, 0, 0},
		{"bad ones do not hide others", map[string]int{Unusable: 50, "restricted": 50}, map[string]int{Unusable: 50, "internal": 50}, 50, 0},
		{"bad ones are lost", map[string]int{Unusable: 100}, map[string]int{Unusable: 40}, 0, 60},
	} {
		if l := of(c.from).takes(of(c.to), ranks); l.lowered != c.lowered || l.lost != c.lost {
			t.Errorf("%s: %d lower and %d lost, want %d and %d", c.name, l.lowered, l.lost, c.lowered, c.lost)
		}
	}
}

func TestCensusCountsBadRowsApart(t *testing.T) {
	tab, ms := readCSV("a.csv", []byte("id,tier\na,internal\nb,restricted\nb,restricted\nc,\n"))
	if len(ms) > 0 {
		t.Fatal(ms)
	}
	if c := tab.census()[""]; c[Unusable] != 1 || c["internal"] != 1 || c[""] != 1 || c["restricted"] != 0 {
		t.Errorf("%v", c)
	}
}

// A first version after the start is compared with what is remembered, any later
// one with the one in force.
func TestGateComparesWithTheVersionInForce(t *testing.T) {
	state := t.TempDir()
	open := func(state string) *Gate {
		g := NewGate(GateOptions{Path: "a.db", Name: "bank", StateDir: state, Serves: true, Now: newClock().Now, Log: discard})
		g.Rank(map[string]Rank{"account": {Tiers: []string{"internal", "restricted"}}})
		return g
	}
	high, low := Census{"account": {"restricted": 100}}, Census{"account": {"internal": 100}}
	for _, dir := range []string{state, ""} {
		g := open(dir)
		if err := g.Judge("01", high); err != nil {
			t.Fatal(err)
		}
		g.InForce("01", high)
		if err := g.Judge("02", low); err == nil || g.Held() != "02" {
			t.Errorf("state %q: %v, held %q", dir, err, g.Held())
		}
		if err := g.Judge("01", high); err != nil || g.Held() != "" {
			t.Errorf("the version in force again: %v", err)
		}
	}
	if err := open(state).Judge("02", low); err == nil {
		t.Error("a restart lets in what lowers all rows")
	}
	if err := open(t.TempDir()).Judge("02", low); err != nil { // twin: nothing is remembered
		t.Error(err)
	}
}
