package sqlite

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

// tiered is a CSV file with a row of each tier that is named, a dot for none.
func tiered(tiers ...string) string {
	var b strings.Builder
	b.WriteString("id,tier\n")
	for i, tier := range tiers {
		if tier != "gone" {
			fmt.Fprintf(&b, "r%d,%s\n", i, strings.TrimPrefix(tier, "."))
		}
	}
	return b.String()
}

func rowsOf(n int, tier string, before ...string) []string {
	return append(slices.Clone(before), slices.Repeat([]string{tier}, n)...)
}

// guarded opens the file at path as a server does that reads accounts, which are at
// least internal.
func guarded(t *testing.T, path, state string, change func(*Options)) *Source {
	t.Helper()
	s := from(t, path, func(o *Options) {
		o.Name, o.StateDir, o.Serves = "bank", state, true
		if change != nil {
			change(o)
		}
	})
	s.Rank(map[string]catalog.Rank{"account": {Tiers: []string{"public", "internal", "restricted"}, Floor: 1, None: 1}})
	s.Keep(map[string][]string{"account": nil})
	return s
}

func share(v float64) *float64 { return &v }

// What the counts of two files cannot tell is let in, and the documentation says so.
func TestFileThatTakesTooMuchIsHeld(t *testing.T) {
	for _, c := range []struct {
		name     string
		from, to []string
		guard    catalog.Guard
		held     bool
	}{
		{"5 of 100 rows lower", rowsOf(100, "restricted"), rowsOf(95, "restricted", rowsOf(5, "internal")...), catalog.Guard{}, false},
		{"6 of 100 rows lower", rowsOf(100, "restricted"), rowsOf(94, "restricted", rowsOf(6, "internal")...), catalog.Guard{}, true},
		{"all raised", rowsOf(100, "internal"), rowsOf(100, "restricted"), catalog.Guard{}, false},
		{"all without a tier now", rowsOf(100, "restricted"), rowsOf(99, ".", "restricted"), catalog.Guard{}, true},
		{"20 of 100 lost", rowsOf(100, "internal"), rowsOf(80, "internal"), catalog.Guard{}, false},
		{"21 of 100 lost", rowsOf(100, "internal"), rowsOf(79, "internal"), catalog.Guard{}, true},
		{"21 of 100 lost, others come: the counts are the same", rowsOf(100, "internal"), rowsOf(100, "internal", rowsOf(21, "gone")...), catalog.Guard{}, false},
		{"as many raised as lower: the counts are the same", rowsOf(50, "internal", rowsOf(50, "restricted")...), rowsOf(50, "restricted", rowsOf(50, "internal")...), catalog.Guard{}, false},
		{"19 rows, all lower", rowsOf(19, "restricted"), rowsOf(19, "internal"), catalog.Guard{}, false},
		{"3 rows, 1 lower, and the guard says so", rowsOf(3, "restricted"), rowsOf(2, "restricted", "internal"), catalog.Guard{Lower: share(0)}, true},
		{"all lower and the guard is off", rowsOf(100, "restricted"), rowsOf(100, "internal"), catalog.Guard{Lower: share(1)}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "rows.db")
			build(t, path, "rows.csv", tiered(c.from...))
			var told []error
			s := guarded(t, path, t.TempDir(), func(o *Options) { o.Guard, o.Loaded = c.guard, func(err error) { told = append(told, err) } })
			done := build(t, path, "rows.csv", tiered(c.to...))
			s.look()
			if held := s.Held(); (held != "") != c.held || c.held && held != done.Stamp {
				t.Fatalf("held %q, want %v of %s; %v", held, c.held, done.Stamp, s.Err())
			}
			generation, _ := s.Version()
			if (generation == 1) != c.held {
				t.Errorf("generation %d in force", generation)
			}
			if !c.held {
				return
			}
			if err := s.Err(); err == nil || !strings.Contains(err.Error(), "held: of") || told[len(told)-1] == nil {
				t.Errorf("the fault is %v; told %v", err, told)
			}
			if r := catalogtest.Get(t, s, "r0")[0]; r.Tier != c.from[0] {
				t.Errorf("r0 is %q while the file is held", r.Tier)
			}
			build(t, path, "rows.csv", tiered(c.from...)) // put right
			s.look()
			if s.Held() != "" || s.Err() != nil {
				t.Errorf("the rows of before: held %q, %v", s.Held(), s.Err())
			}
		})
	}
}

func TestHeldFileIsLetInOnceItIsAccepted(t *testing.T) {
	path, state := filepath.Join(t.TempDir(), "rows.db"), t.TempDir()
	build(t, path, "rows.csv", tiered(rowsOf(100, "restricted")...))
	now := &clock{now: time.Now().Add(time.Hour)} // so that an equal date proves that nothing was written
	s := guarded(t, path, state, func(o *Options) { o.Now = now.time })
	build(t, path, "rows.csv", tiered(rowsOf(100, "internal")...))
	s.look()
	s.look() // again: no news
	held := s.Held()
	if stamp, err := Stamp(path); err != nil || stamp != held || held == "" {
		t.Fatalf("held %q; the file's stamp is %q, %v", held, stamp, err)
	}
	if err := catalog.Acceptances(state).Add(strings.Repeat("00", 32), now.time()); err != nil {
		t.Fatal(err)
	}
	if s.look(); s.Held() != held {
		t.Fatal("let in by another stamp")
	}
	if err := catalog.Acceptances(state).Add(held, now.time()); err != nil {
		t.Fatal(err)
	}
	if s.look(); s.Held() != "" || s.Err() != nil || catalogtest.Get(t, s, "r0")[0].Tier != "internal" {
		t.Fatalf("held %q, %v, after it was accepted", s.Held(), s.Err())
	}
	build(t, path, "rows.csv", tiered(rowsOf(100, "restricted")...))
	s.look()
	now.add(25 * time.Hour)
	build(t, path, "rows.csv", tiered(rowsOf(100, "internal")...))
	if s.look(); s.Held() != held {
		t.Error("a version that comes back after a day was let in")
	}
}

func TestFileIsHeldAtAStart(t *testing.T) {
	path, state := filepath.Join(t.TempDir(), "rows.db"), t.TempDir()
	build(t, path, "rows.csv", tiered(rowsOf(100, "restricted")...))
	guarded(t, path, state, nil)
	build(t, path, "rows.csv", tiered(rowsOf(100, "internal")...))
	for _, who := range []string{"a server", "again", "check"} {
		s := guarded(t, path, state, func(o *Options) { o.Serves = who != "check" })
		if s.Held() == "" {
			t.Fatalf("%s lets it in", who)
		}
		catalogtest.WantUnavailable(t, s, "not loaded yet")
	}
	s := guarded(t, path, state, nil)
	if err := catalog.Acceptances(state).Add(s.Held(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if s.look(); s.Err() != nil || catalogtest.Get(t, s, "r0")[0].Tier != "internal" {
		t.Errorf("once accepted: %v", s.Err())
	}
	build(t, path, "rows.csv", tiered(rowsOf(100, "restricted")...)) // twin: what only raises
	if s := guarded(t, path, state, nil); s.Err() != nil {
		t.Error(s.Err())
	}
	if s := guarded(t, path, t.TempDir(), nil); s.Err() != nil { // twin: nothing is remembered
		t.Error(s.Err())
	}
	if _, err := Open(Options{Path: path, StateDir: state}); err == nil {
		t.Error("a StateDir without a name was taken")
	}
}

// The counts are those of the rows, and of the rows that cannot be used.
func TestCensusOfAFile(t *testing.T) {
	dir := t.TempDir()
	in, out := write(t, filepath.Join(dir, "rows.csv"), "type,id,tier\nacct,a,restricted\nacct,b,\nacct,c,restricted\nacct,c,restricted\nuser,a,public\n"), filepath.Join(dir, "rows.db")
	if _, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{in}, KeepBad: true}); err != nil {
		t.Fatal(err)
	}
	d := from(t, out, nil).force.Load()
	if got, want := fmt.Sprint(d.census()), "map[acct:map[:1 bad row:1 restricted:1] user:map[public:1]]"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// Counts that do not add up are of a file that import did not write so.
func TestCountsThatDoNotAddUpAreRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rows.db")
	build(t, path, "rows.csv", tiered(rowsOf(123, "restricted")...))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	bad := strings.Replace(string(good), `{"restricted":123}`, `{"restricted":124}`, 1)
	if bad == string(good) {
		t.Fatal("the file does not say how many rows are restricted")
	}
	write(t, path, bad)
	if err := from(t, path, nil).Err(); err == nil || !strings.Contains(err.Error(), "do not add up") {
		t.Error(err)
	}
}
