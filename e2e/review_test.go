package e2e

import (
	"strings"
	"testing"
)

// found is a reach of three pairs on two objects of the three in all.
var (
	everything = Reach{
		{"account", "1", "read"}: "confidential", {"account", "1", "close"}: "restricted",
		{"account", "2", "read"}: "restricted", {"account", "2", "close"}: "restricted",
		{"customer", "ada", "read"}: "internal",
	}
	found = Reach{
		{"account", "1", "read"}: "confidential", {"account", "1", "close"}: "restricted",
		{"customer", "ada", "read"}: "internal",
	}
)

func counted() Counted {
	return Counted{
		Objects: 2, Pairs: 3, BlastRadius: 5*1 + 25*8 + 1*1,
		Tiers: []Count{{Tier: "internal", Count: 1}, {Tier: "confidential", Count: 1}, {Tier: "restricted"}},
		By: []Count{
			{Type: "account", Action: "close", Tier: "restricted", Count: 1},
			{Type: "account", Action: "read", Tier: "confidential", Count: 1},
			{Type: "customer", Action: "read", Tier: "internal", Count: 1},
		},
	}
}

// A comparison that finds no difference where there is one proves nothing.
func TestReviewsThatDifferAreNoticed(t *testing.T) {
	for _, row := range []struct {
		name   string
		change func(*Counted)
		want   string
	}{
		{"the same", func(*Counted) {}, ""},
		{"one pair less", func(c *Counted) { c.By = c.By[1:] }, "pairs are"},
		{"another tier of a pair", func(c *Counted) { c.By[1].Tier = "restricted" }, "pairs are"},
		{"another count", func(c *Counted) { c.By[2].Count = 2 }, "pairs are"},
		{"another tier of an object", func(c *Counted) { c.Tiers[2].Count = 1 }, "objects are"},
		{"another blast radius", func(c *Counted) { c.BlastRadius++ }, "blast radius is 207"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := counted()
			row.change(&c)
			got := c.differs(found, everything)
			if row.want == "" && got != "" || !strings.Contains(got, row.want) {
				t.Errorf("difference is %q, want %q", got, row.want)
			}
		})
	}
}

func TestLargestOfAClassIsCompared(t *testing.T) {
	row := ReviewedRow{Identity: "customers", Class: true, Reach: counted()}
	members := []Caller{{Name: "a"}, {Name: "b"}}
	x := &Exposure{All: everything, By: map[string]Reach{"a": found, "b": {}}}
	row.Largest = &Largest{Subject: "a", Reach: counted()}
	if got := row.check(members, x); got != "" {
		t.Errorf("difference is %q, want none", got)
	}
	row.Largest.Reach.BlastRadius = 1
	if got := row.check(members, x); !strings.Contains(got, "largest") {
		t.Errorf("difference is %q, want the largest", got)
	}
}

func TestNobodyIsMadeUp(t *testing.T) {
	if _, err := (ReviewedRow{Identity: "strangers"}).members(); err == nil {
		t.Error("an identity without a caller is compared")
	}
}

func TestUnion(t *testing.T) {
	if got := union(Reach{{"a", "1", "read"}: "low"}, Reach{{"a", "2", "read"}: "low"}); len(got) != 2 {
		t.Errorf("union is %v, want both pairs", got)
	}
}
