package catalog

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/rules/accepted"
)

// tiered is a CSV file with a row of each tier that is named, a dot for none.
func tiered(tiers ...string) string {
	var b strings.Builder
	b.WriteString("id,tenant,tier\n")
	for i, tier := range tiers {
		if tier != "gone" {
			fmt.Fprintf(&b, "r%d,eu,%s\n", i, strings.TrimPrefix(tier, "."))
		}
	}
	return b.String()
}

// rows are n rows of one tier, after others.
func rowsOf(n int, tier string, before ...string) []string {
	return append(slices.Clone(before), slices.Repeat([]string{tier}, n)...)
}

// guarded opens a file that a schema reads, with a state directory.
func guarded(t *testing.T, state, text string, change func(*FileOptions)) *sheet {
	t.Helper()
	s := openSheet(t, "a.csv", text, func(o *FileOptions) {
		o.Name, o.StateDir, o.Serves = "bank", state, true
		if change != nil {
			change(o)
		}
	})
	bound(t, s)
	return s
}

// bound binds a schema to a file: its rows are at least internal.
func bound(t *testing.T, s *sheet) *desk { t.Helper(); return open(t, s.File, nil) }

func share(v float64) *float64 { return &v }

func TestVersionThatTakesTooMuchIsHeld(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to []string
		guard    Guard
		held     bool
	}{
		{"5 of 100 rows lower", rowsOf(100, "restricted"), rowsOf(95, "restricted", rowsOf(5, "internal")...), Guard{}, false},
		{"6 of 100 rows lower", rowsOf(100, "restricted"), rowsOf(94, "restricted", rowsOf(6, "internal")...), Guard{}, true},
		{"6 of 100 rows raised", rowsOf(100, "internal"), rowsOf(94, "internal", rowsOf(6, "restricted")...), Guard{}, false},
		{"all raised", rowsOf(100, "internal"), rowsOf(100, "restricted"), Guard{}, false},
		{"all without a tier now", rowsOf(100, "restricted"), rowsOf(99, ".", "restricted"), Guard{}, true},
		{"internal to none is the floor both times", rowsOf(100, "internal"), rowsOf(99, ".", "restricted"), Guard{}, false},
		{"public is no lower than the floor", rowsOf(100, "internal"), rowsOf(100, "public"), Guard{}, false},
		{"as many raised as lower", append(rowsOf(10, "restricted"), rowsOf(90, "internal")...), rowsOf(10, "restricted", rowsOf(90, "internal")...), Guard{}, true},
		{"20 of 100 lost", rowsOf(100, "internal"), rowsOf(80, "internal", rowsOf(20, "gone")...), Guard{}, false},
		{"21 of 100 lost", rowsOf(100, "internal"), rowsOf(79, "internal", rowsOf(21, "gone")...), Guard{}, true},
		{"21 of 100 lost, others come", rowsOf(100, "internal"), rowsOf(100, "internal", rowsOf(21, "gone")...), Guard{}, true},
		{"lower to a tier that nobody knows: bad rows", rowsOf(100, "restricted"), rowsOf(100, "unheard"), Guard{}, false},
		{"19 rows, all lower", rowsOf(19, "restricted"), rowsOf(19, "internal"), Guard{}, false},
		{"20 rows, all lower", rowsOf(20, "restricted"), rowsOf(20, "internal"), Guard{}, true},
		{"20 rows, 4 lower", rowsOf(20, "restricted"), rowsOf(16, "restricted", rowsOf(4, "internal")...), Guard{}, false},
		{"3 rows, 1 lower, and the guard says so", rowsOf(3, "restricted"), rowsOf(2, "restricted", "internal"), Guard{Lower: share(0)}, true},
		{"3 rows, 1 lost, and the guard says so", rowsOf(3, "restricted"), rowsOf(2, "restricted", "gone"), Guard{Lose: share(0.3)}, true},
		{"all lower and the guard is off", rowsOf(100, "restricted"), rowsOf(100, "internal"), Guard{Lower: share(1)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := guarded(t, t.TempDir(), tiered(c.from...), func(o *FileOptions) { o.Guard = c.guard })
			s.change(t, tiered(c.to...))
			if held := s.Held() != ""; held != c.held {
				t.Fatalf("held %v, want %v; %v", held, c.held, s.Err())
			}
			generation, _ := s.Version()
			if (generation == 1) != c.held {
				t.Errorf("generation %d in force", generation)
			}
			if !c.held {
				return
			}
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), "held: of") || !strings.Contains(err.Error(), "a.csv:1:1") {
				t.Errorf("the fault is %v", err)
			}
			// Put right, it is no longer held.
			s.change(t, tiered(c.from...))
			if s.Held() != "" || s.Err() != nil {
				t.Errorf("the rows of before: held %q, %v", s.Held(), s.Err())
			}
		})
	}
}

func TestHeldVersionIsLetInOnceItIsAccepted(t *testing.T) {
	state := t.TempDir()
	s := guarded(t, state, tiered(rowsOf(100, "restricted")...), nil)
	s.change(t, tiered(rowsOf(100, "internal")...))
	s.reload() // again: no news
	held := s.Held()
	if sum, err := Fingerprint(s.path); err != nil || sum != held || len(s.loaded) != 2 {
		t.Fatalf("held %q; the file's fingerprint is %q, %v; told %q", held, sum, err, s.loaded)
	}
	if got := s.row(t, "r0").Tier; got != "restricted" {
		t.Errorf("the row's tier is %q while the version is held", got)
	}
	if err := Acceptances(state).Add(strings.Repeat("00", 32), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if s.reload(); s.Held() == "" {
		t.Fatal("let in by another hash")
	}
	for _, bad := range []string{"", "abc", held[:12], held + "00", strings.Repeat("z", 64)} {
		if err := Acceptances(state).Add(bad, s.clock.Now()); err == nil {
			t.Errorf("accepted %q", bad)
		}
	}
	if err := Acceptances(state).Add(held, s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if s.reload(); s.Held() != "" || s.Err() != nil || s.row(t, "r0").Tier != "internal" {
		t.Fatalf("held %q, %v, after it was accepted", s.Held(), s.Err())
	}
	// The acceptance is of one version, for a day.
	s.change(t, tiered(rowsOf(100, "restricted")...))
	s.clock.advance(accepted.For)
	s.change(t, tiered(rowsOf(100, "internal")...))
	if s.Held() != held {
		t.Error("a version that comes back after a day was let in")
	}
	if err := Acceptances(state).Add(strings.Repeat("11", 32), s.clock.Now()); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(string(Acceptances(state))); err != nil || strings.Count(string(text), "\n") != 1 {
		t.Errorf("old acceptances are kept: %q, %v", text, err)
	}
}

// At a start nothing is in force: what was is remembered by its counts.
func TestVersionIsHeldAtAStart(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to []string
		held     bool
	}{
		{"the same", rowsOf(100, "restricted"), rowsOf(100, "restricted"), false},
		{"lower", rowsOf(100, "restricted"), rowsOf(100, "internal"), true},
		{"raised", rowsOf(100, "internal"), rowsOf(100, "restricted"), false},
		{"a tenth lost, all of them restricted", append(rowsOf(90, "internal"), rowsOf(10, "restricted")...), rowsOf(90, "internal"), false},
		{"21 lost", rowsOf(100, "internal"), rowsOf(79, "internal"), true},
		{"few lower", rowsOf(100, "restricted"), rowsOf(96, "restricted", rowsOf(4, "internal")...), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			state := t.TempDir()
			guarded(t, state, tiered(c.from...), nil)
			for _, restart := range []string{"first", "second"} {
				s := guarded(t, state, tiered(c.to...), nil)
				generation, _ := s.Version()
				if held := s.Held() != ""; held != c.held || (generation == 0) != c.held {
					t.Fatalf("%s start: held %v with generation %d, want %v; %v", restart, held, generation, c.held, s.Err())
				}
				if !c.held {
					continue
				}
				_, err := s.Lookup(t.Context(), []Key{{"account", "r0"}})
				if err == nil {
					t.Error("a held version answered")
				}
			}
			if !c.held {
				return
			}
			s := guarded(t, state, tiered(c.to...), nil)
			if err := Acceptances(state).Add(s.Held(), s.clock.Now()); err != nil {
				t.Fatal(err)
			}
			if s.reload(); s.Err() != nil || s.row(t, "r0").Tier != c.to[0] {
				t.Errorf("once accepted: %v", s.Err())
			}
			s = guarded(t, state, tiered(c.to...), func(o *FileOptions) {
				o.Now = func() time.Time { return newClock().Now().Add(2 * accepted.For) }
			})
			if s.Err() != nil {
				t.Errorf("the next start, days later: %v", s.Err())
			}
		})
	}
}

// Counts cannot tell that rows changed places; that the version was held can be remembered.
func TestHeldVersionStaysHeldOverARestart(t *testing.T) {
	state := t.TempDir()
	from := append(rowsOf(10, "restricted"), rowsOf(90, "internal")...)
	to := append(rowsOf(90, "internal"), rowsOf(10, "restricted")...)
	s := guarded(t, state, tiered(from...), nil)
	s.change(t, tiered(to...))
	if s.Held() == "" {
		t.Fatal("rows that changed places were let in")
	}
	if s := guarded(t, state, tiered(to...), nil); s.Held() == "" {
		t.Error("a restart let in what was held")
	}
	if s := guarded(t, t.TempDir(), tiered(to...), nil); s.Err() != nil { // twin: nothing is remembered
		t.Error(s.Err())
	}
}

func TestOnlyTheServerRemembers(t *testing.T) {
	state := t.TempDir()
	guarded(t, state, tiered(rowsOf(100, "restricted")...), func(o *FileOptions) { o.Serves = false })
	if left, err := os.ReadDir(state); err != nil || len(left) > 0 {
		t.Errorf("an offline command wrote %v, %v", left, err)
	}
	guarded(t, state, tiered(rowsOf(100, "restricted")...), nil)
	s := guarded(t, state, tiered(rowsOf(100, "internal")...), func(o *FileOptions) { o.Serves = false })
	if s.Held() == "" {
		t.Error("an offline command does not see what the server would hold")
	}
	if err := os.WriteFile(filepath.Join(state, "catalog-bank.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s := guarded(t, state, tiered(rowsOf(100, "internal")...), nil); s.Err() != nil { // as without
		t.Error(s.Err())
	}
	if _, err := OpenFile(FileOptions{Path: "a.csv", StateDir: state}); err == nil {
		t.Error("a StateDir without a name was taken")
	}
}

// A file that was not there at the start is compared with what is remembered, too.
func TestVersionThatComesLaterIsHeld(t *testing.T) {
	state := t.TempDir()
	guarded(t, state, tiered(rowsOf(100, "restricted")...), nil)
	s := guarded(t, state, "", nil)
	s.change(t, tiered(rowsOf(100, "internal")...))
	if generation, _ := s.Version(); s.Held() == "" || generation != 0 {
		t.Errorf("held %q, generation %d", s.Held(), generation)
	}
}

// Rules that change reorder what is lower: files loaded later go by the new order.
func TestGuardGoesByTheRulesInForce(t *testing.T) {
	s := guarded(t, t.TempDir(), tiered(rowsOf(100, "confidential")...), nil)
	d := bound(t, s)
	d.typ.Tier = 2 // confidential is the floor now
	d.Bind(bank(d.typ))
	s.change(t, tiered(rowsOf(100, "internal")...))
	if s.Held() != "" {
		t.Errorf("%v: below the floor nothing is lower", s.Err())
	}
}

func TestUntypedRowsRankByTheLeastOfTheirTypes(t *testing.T) {
	f := NewGate(GateOptions{})
	tiers := []string{"public", "internal", "restricted"}
	f.Rank(map[string]Rank{"a": {Tiers: tiers, Floor: 1, None: 1}, "b": {Tiers: tiers}, "c": {Tiers: tiers, Floor: 2, None: 2}})
	ranks := f.ranked()
	if got := ranks[""]; got.None != 0 || got.of("internal") != 1 || ranks["c"].of("internal") != 2 || got.of("unheard") != 3 {
		t.Errorf("%+v", ranks)
	}
}

// The counts never say more than the rows do.
func TestCountsNeverSayMoreThanRows(t *testing.T) {
	ranks := map[string]Rank{"": {Tiers: []string{"public", "internal", "confidential", "restricted"}, Floor: 1, None: 1}}
	draw := func(rt *rapid.T, name string) *table {
		tiers := rapid.SliceOfN(rapid.SampledFrom([]string{".", "public", "internal", "confidential", "restricted", "gone"}), 1, 30).Draw(rt, name)
		tab, ms := readCSV("a.csv", []byte(tiered(append(tiers, "internal")...)))
		if err := ms.Err(); err != nil {
			rt.Fatal(err)
		}
		return tab
	}
	rapid.Check(t, func(rt *rapid.T) {
		from, to := draw(rt, "from"), draw(rt, "to")
		by, exact := from.census().takes(to.census(), ranks), takes(from, to, ranks)
		if by.rows != exact.rows || by.lost > exact.lost || by.lowered > exact.lowered+exact.lost {
			rt.Errorf("by counts %+v, by rows %+v", by, exact)
		}
		if l := takes(from, from, ranks); l.lowered+l.lost > 0 {
			rt.Errorf("of itself: %+v", l)
		}
	})
}
