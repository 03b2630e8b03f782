package catalog

import (
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// A demand for fresh rows bounds how long they are kept, as a tier does: of the type,
// and of those whose decisions rest on its rows.
func TestDemandForFreshRowsBoundsThem(t *testing.T) {
	for _, c := range []struct {
		name        string
		own, childs time.Duration
		want        time.Duration // of a TTL of 10 s
	}{
		{"no demand", 0, 0, 10 * time.Second},
		{"its own", 5 * time.Second, 0, 5 * time.Second},
		{"longer than the TTL", time.Minute, 0, 10 * time.Second},
		{"of what it is the parent of", 0, 3 * time.Second, 3 * time.Second},
		{"the shorter of both", 5 * time.Second, 7 * time.Second, 5 * time.Second},
	} {
		d := open(t, NewMemory(), func(o *Options) { o.TTL = map[string]time.Duration{"default": 10 * time.Second} })
		d.typ.Fresh = c.own
		d.typ.Children = []*rules.Type{{Name: "card", Tier: d.typ.Tier, MaxRowTier: d.typ.MaxRowTier, Classified: rules.NoTier, Fresh: c.childs}}
		if got := d.Bind(bank(d.typ)).Bound(d.typ); got != c.want {
			t.Errorf("%s: bound %v, want %v", c.name, got, c.want)
		}
	}
}

// What a demand is compared with: the time since the source was asked, told only
// where somebody asks, and of rows that stand in for a source that fails, too.
func TestRowsTellTheirAge(t *testing.T) {
	src := newFaulty(tenant("a", "eu"))
	d := open(t, unversioned{src}, lenient)
	d.typ.MaxRowTier, d.typ.Fresh = 2, 20*time.Second
	d.view = d.Bind(bank(d.typ))
	age := func() time.Duration {
		t.Helper()
		targets, _ := d.fill(t, "a")
		return targets[0].Object.Age
	}
	if got := age(); got != 0 {
		t.Errorf("just read: %v old", got)
	}
	d.clock.advance(4 * time.Second)
	if got := age(); got != 4*time.Second {
		t.Errorf("from the cache: %v old, want 4s", got)
	}
	src.fail(down(errDown))
	d.clock.advance(26 * time.Second)
	if got := age(); got != 30*time.Second {
		t.Errorf("standing in: %v old, want 30s", got)
	}
	d.typ.Fresh = 0
	d.view = d.Bind(bank(d.typ))
	src.fail(nil)
	d.fill(t, "a")
	d.clock.advance(4 * time.Second)
	if got := age(); got != 0 {
		t.Errorf("nobody asks, and it is %v old", got)
	}
}

// dated are rows that were written an hour ago.
type dated struct{ Source }

func (dated) Age() (time.Duration, bool) { return time.Hour, true }

func TestRowsOfAnExportAreAsOldAsIt(t *testing.T) {
	d := open(t, dated{newFaulty(tenant("a", "eu"))}, nil)
	d.typ.Fresh = time.Minute
	d.view = d.Bind(bank(d.typ))
	if targets, _ := d.fill(t, "a"); targets[0].Object.Age != time.Hour {
		t.Errorf("%v old, want an hour", targets[0].Object.Age)
	}
}
