package catalog

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// lenient is a catalog whose rows of up to confidential may be a minute older while the source fails.
func lenient(o *Options) {
	o.TTL = map[string]time.Duration{"default": 10 * time.Second}
	o.MaxStale = map[string]time.Duration{"default": time.Minute}
}

// capped opens a catalog of accounts of at most a tier.
func capped(t *testing.T, src Source, highest rules.Tier) *desk {
	d := open(t, src, lenient)
	d.typ.MaxRowTier = highest
	d.view = d.Bind(bank(d.typ))
	return d
}

func TestMaxStaleIsTheShortestOfTheTiersARowCanHave(t *testing.T) {
	for _, c := range []struct {
		name       string
		stale      map[string]time.Duration
		floor, max rules.Tier
		want       time.Duration // of the bound, with a TTL of 10 s
	}{
		{"not set", nil, 0, 1, 10 * time.Second},
		{"default", map[string]time.Duration{"default": time.Minute}, 1, 2, 70 * time.Second},
		{"the default is not for the highest tier", map[string]time.Duration{"default": time.Minute}, 1, 3, 10 * time.Second},
		{"the highest tier by name", map[string]time.Duration{"default": time.Minute, "restricted": time.Second}, 1, 3, 11 * time.Second},
		{"one tier alone", map[string]time.Duration{"internal": time.Minute}, 1, 1, 70 * time.Second},
		{"the tier above has none", map[string]time.Duration{"internal": time.Minute}, 1, 2, 10 * time.Second},
		{"no floor: unclassified is the highest", map[string]time.Duration{"default": time.Minute}, rules.NoTier, 1, 10 * time.Second},
	} {
		d := open(t, NewMemory(), func(o *Options) { lenient(o); o.MaxStale = c.stale })
		d.typ.Tier, d.typ.MaxRowTier = c.floor, c.max
		if got := d.Bind(bank(d.typ)).Bound(d.typ); got != c.want {
			t.Errorf("%s: bound %v, want %v", c.name, got, c.want)
		}
	}
	if _, err := New(Options{MaxStale: map[string]time.Duration{"internal": -1}}); err == nil {
		t.Error("a MaxStale below 0 was taken")
	}
	d := open(t, NewMemory(), func(o *Options) { lenient(o); o.TTL["default"] = 0 })
	d.typ.MaxRowTier = 2
	if got := d.Bind(bank(d.typ)).Bound(d.typ); got != 0 {
		t.Errorf("read every time: bound %v, want 0: nothing is kept that could be stale", got)
	}
}

func TestC1KeptRowsServeWhileTheSourceFails(t *testing.T) {
	for _, c := range []struct {
		name    string
		highest rules.Tier
		age     time.Duration
		want    rules.Reason // "" serves
	}{
		{"past its TTL", 2, 10 * time.Second, ""},
		{"at the end of max_stale", 2, 70*time.Second - 1, ""},
		{"past max_stale", 2, 70 * time.Second, rules.CatalogUnavailable},
		{"of the highest tier", 3, 10 * time.Second, rules.CatalogUnavailable},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := newFaulty(tenant("a", "eu"))
			d := capped(t, unversioned{src}, c.highest)
			d.fill(t, "a")
			src.fail(down(errDown))
			d.clock.advance(c.age)
			for range 2 * mostBad { // the breaker opens on the way
				targets := d.targets("a")
				stats, err := d.view.Fill(t.Context(), targets, nil)
				switch {
				case c.want != "":
					wantFault(t, err, c.want)
				case err != nil:
					t.Fatal(err)
				case stats.Stale != 1 || stats.Misses != 1 || targets[0].Object.Attributes[0] != "eu":
					t.Errorf("%+v, %v; want eu, stale", stats, targets[0].Object.Attributes)
				}
			}
			if got := d.Counts().Stale; (got == 2*mostBad) != (c.want == "") {
				t.Errorf("%d stale answers counted", got)
			}
			if src.calls.Load() != 1+mostBad {
				t.Errorf("%d look-ups, want the breaker open", src.calls.Load())
			}
			src.fail(nil)
			src.Set(tenant("a", "us"))
			d.clock.advance(cooldown)
			if got := d.tenantOf(t, "a"); got != "us" {
				t.Errorf("%q once the source answers again, want us", got)
			}
		})
	}
}

func TestC1StaleRowsServeAtTheDeadlineOfASlowSource(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := &spy{Memory: NewMemory(tenant("a", "eu"))}
		d := capped(t, unversioned{src}, 2)
		d.fill(t, "a")
		src.before = make(gate).wait
		d.clock.advance(11 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		if stats, err := d.view.Fill(ctx, d.targets("a"), nil); err != nil || stats.Stale != 1 {
			t.Errorf("%+v, %v; want a stale answer", stats, err)
		}
		ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := d.view.Fill(ctx, d.targets("a", "b"), nil) // twin: nothing is kept of b
		wantFault(t, err, rules.DeadlineExceeded)
	})
}

// A stale answer stands in for a source that cannot say anything, never for what it has said.
func TestStaleRowsNeverServeAgainstWhatTheSourceSaid(t *testing.T) {
	for name, say := range map[string]func(*desk, *faulty, Changes){
		"the row changed":      func(_ *desk, _ *faulty, to Changes) { to.Changed([]Key{{"account", "a"}}) },
		"changes were lost":    func(_ *desk, _ *faulty, to Changes) { to.Lost(errDown) },
		"changes are told now": func(_ *desk, _ *faulty, to Changes) { to.Watched() },
		"the row is gone": func(d *desk, f *faulty, _ Changes) {
			f.fail(nil)
			f.Set()
			d.fill(t, "a")
		},
		"the row is bad": func(d *desk, f *faulty, _ Changes) {
			f.fail(nil)
			f.Set(Row{Key: Key{"account", "a"}, Tier: "no such tier"})
			_, _ = d.view.Fill(context.Background(), d.targets("a"), nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newTeller()
			src := newFaulty(tenant("a", "eu"))
			w.spy = src.spy
			d := capped(t, w.source(), 2)
			d.fill(t, "a")
			d.clock.advance(11 * time.Second)
			src.fail(down(errDown))
			if _, stats := d.fill(t, "a"); stats.Stale != 1 { // twin: nothing was said
				t.Fatalf("%+v, want a stale answer", stats)
			}
			say(d, src, d.sources["bank"].changes)
			src.fail(down(errDown))
			d.clock.advance(absentTTL)
			d.refused(t, "a")
		})
	}
	t.Run("its rows are too old", func(t *testing.T) {
		src := newFaulty(tenant("a", "eu"))
		d := capped(t, unversioned{src}, 2)
		d.fill(t, "a")
		d.clock.advance(11 * time.Second)
		src.fail(fmt.Errorf("%w: a replica", ErrStale))
		_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
		wantFault(t, err, rules.CatalogStale)
	})
	t.Run("another version is in force", func(t *testing.T) {
		src := newFaulty(tenant("a", "eu"))
		d := capped(t, src, 2)
		d.fill(t, "a")
		src.Set(tenant("a", "us"))
		src.fail(down(errDown))
		d.refused(t, "a")
	})
	t.Run("of one Check in several generations", func(t *testing.T) {
		src := newFaulty(tenant("a", "eu"), tenant("b", "eu"))
		d := capped(t, unversioned{src}, 2)
		d.fill(t, "a")
		src.Set(tenant("a", "us"), tenant("b", "us"))
		d.fill(t, "b")
		src.fail(down(errors.New("down")))
		d.clock.advance(11 * time.Second)
		_, err := d.view.Fill(t.Context(), d.targets("a", "b"), nil)
		wantFault(t, err, rules.CatalogUnavailable)
	})
}
