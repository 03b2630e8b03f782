package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/rules"
)

func TestBoundIsTheShortestOfTheTiersARowCanHave(t *testing.T) {
	ttl := map[string]time.Duration{"default": 30 * time.Second, "confidential": 10 * time.Second, "restricted": 2 * time.Second, "public": time.Second}
	for _, c := range []struct {
		name       string
		floor, max rules.Tier
		want       time.Duration
	}{
		{"floor to the top", 1, 3, 2 * time.Second},
		{"capped below the top", 1, 2, 10 * time.Second},
		{"one tier", 1, 1, 30 * time.Second},
		{"no floor: any row, and unclassified", rules.NoTier, 1, time.Second},
	} {
		d := open(t, NewMemory(), func(o *Options) { o.TTL = ttl })
		d.typ.Tier, d.typ.MaxRowTier = c.floor, c.max
		if got := d.Bind(bank(d.typ)).Bound(d.typ); got != c.want {
			t.Errorf("%s: bound %v, want %v", c.name, got, c.want)
		}
	}
	if got := open(t, NewMemory(), nil).view.Bound(&rules.Type{Name: "file"}); got != 0 {
		t.Errorf("a type without catalog has bound %v", got)
	}
}

func TestUnknownTTLNamesAreReported(t *testing.T) {
	d := open(t, NewMemory(), func(o *Options) { o.TTL = map[string]time.Duration{"default": 1, "restrcted": 1, "public": 1} })
	if got := d.UnknownTTL(bank()); !slices.Equal(got, []string{"restrcted"}) {
		t.Errorf("unknown: %q", got)
	}
}

// laggard answers with rows of a while ago.
type laggard struct {
	Source
	lag time.Duration
}

func (l laggard) Lag() time.Duration { return l.lag }

func TestBoundCountsHowFarASourceLags(t *testing.T) {
	for _, c := range []struct {
		name      string
		src       Source
		ttl, want time.Duration
	}{
		{"a replica 5 s behind", laggard{NewMemory(), 5 * time.Second}, 30 * time.Second, 35 * time.Second},
		{"twin: the primary", NewMemory(), 30 * time.Second, 30 * time.Second},
		{"a replica that is read every time", laggard{NewMemory(), 5 * time.Second}, 0, 5 * time.Second},
		{"twin: the primary", NewMemory(), 0, 0},
	} {
		d := open(t, c.src, func(o *Options) { o.TTL = map[string]time.Duration{"default": c.ttl} })
		if got := d.view.Bound(d.typ); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestRowLivesAsLongAsItsBound(t *testing.T) {
	src := &spy{Memory: NewMemory(tenant("a", "eu"))}
	d := open(t, unversioned{src}, func(o *Options) { o.TTL = map[string]time.Duration{"restricted": 2 * time.Second} })
	d.fill(t, "a")
	src.Set(tenant("a", "us"))
	d.clock.advance(2*time.Second - 1)
	if got := d.tenantOf(t, "a"); got != "eu" {
		t.Errorf("within the bound: %q, want the cached eu", got)
	}
	d.clock.advance(1)
	if got := d.tenantOf(t, "a"); got != "us" {
		t.Errorf("at the bound: %q, want us", got)
	}
}

func TestZeroTTLReadsEveryTime(t *testing.T) {
	src := &spy{Memory: NewMemory(tenant("a", "eu"))}
	d := open(t, unversioned{src}, func(o *Options) { o.TTL = map[string]time.Duration{"restricted": 0} })
	d.fill(t, "a")
	src.Set(tenant("a", "us"))
	if got := d.tenantOf(t, "a"); got != "us" || src.calls.Load() != 2 {
		t.Errorf("tenant %q after %d look-ups, want us after 2", got, src.calls.Load())
	}
}

func TestK1KeysNeverRunTogether(t *testing.T) {
	card := account()
	card.Name = "account:a"
	src := NewMemory(tenant("a:b", "1"), tenant("b", "2"), tenant("\x00", "3"), tenant("", "4"),
		Row{Key: Key{"account:a", "b"}, Columns: map[string]any{"tenant": "5"}},
		Row{Key: Key{"account", "a:b "}, Columns: map[string]any{"tenant": "6"}})
	d := open(t, src, nil)
	d.view = d.Bind(bank(d.typ, card))
	targets := d.targets("a:b", "b", "\x00", "b", "a:b ")
	targets[3].Object.Type = card
	for range 2 { // cold and warm
		if _, err := d.view.Fill(t.Context(), targets, nil); err != nil {
			t.Fatal(err)
		}
		for i, want := range []string{"1", "2", "3", "5", "6"} {
			if got := targets[i].Object.Attributes[0]; got != want {
				t.Errorf("target %d reads row %v, want %s", i, got, want)
			}
		}
	}
}

func TestK2HotSetSurvivesAScan(t *testing.T) {
	rows := make([]Row, 0, 20_000)
	for i := range cap(rows) {
		rows = append(rows, tenant(fmt.Sprint("id", i), "eu"))
	}
	d := open(t, NewMemory(rows...), func(o *Options) { o.Objects = 1000 })
	hot := make([]string, 100)
	for i := range hot {
		hot[i] = fmt.Sprint("id", i)
	}
	for range 3 {
		d.fill(t, hot...)
	}
	for i := 100; i < 20_000; i += 100 { // real rows, and as many that do not exist
		var scan []string
		for j := range 100 {
			scan = append(scan, fmt.Sprint("id", i+j), fmt.Sprint("none", i+j))
		}
		d.fill(t, scan...)
	}
	if _, stats := d.fill(t, hot...); stats.Hits < 95 {
		t.Errorf("after a scan %d of 100 hot rows were kept, want at least 95", stats.Hits)
	}
	if c := d.Counts(); c.Entries > 1000 || c.Absent > 125 {
		t.Errorf("%+v, want at most 1000 rows and 125 absent ones", c)
	} else if reads := uint64(20_000); c.Evicted < reads-1000 || c.Evicted > c.Misses || c.AbsentEvicted != 19_900-uint64(c.Absent) {
		t.Errorf("%+v: want each row that is not kept counted", c)
	}
}

func TestReloadKillsOldRowsAtOnce(t *testing.T) {
	src := &spy{Memory: NewMemory(tenant("a", "eu"))}
	d := open(t, src, nil)
	d.fill(t, "a", "none")
	src.Set(tenant("a", "us"), tenant("none", "us"))
	if d.view.Ready(d.targets("a"), nil) {
		t.Error("Ready says that the cache answers with a row of an older generation")
	}
	for _, id := range []string{"a", "none"} {
		if got := d.tenantOf(t, id); got != "us" {
			t.Errorf("%s after the reload: tenant %q, want us", id, got)
		}
	}
}

func TestOneCheckReadsOneGeneration(t *testing.T) {
	src := &spy{Memory: NewMemory(tenant("a", "eu"), tenant("b", "eu"))}
	d := open(t, unversioned{src}, nil)
	d.fill(t, "a")
	src.Set(tenant("a", "us"), tenant("b", "us"))
	targets, stats := d.fill(t, "a", "b")
	for i := range targets {
		if got := targets[i].Object.Attributes[0]; got != "us" || targets[i].Object.Generation != 2 {
			t.Errorf("target %d is %v of generation %d, want us of 2", i, got, targets[i].Object.Generation)
		}
	}
	if n := src.calls.Load(); n != 3 || stats.Generation != 2 {
		t.Errorf("%d look-ups, generation %d; want 3 (a; b; both again) and 2", n, stats.Generation)
	}
	if d.fill(t, "a", "b"); src.calls.Load() != 3 {
		t.Error("what was read again did not stay in the cache")
	}
}

func TestChangedDeclarationNeverSeesOldRows(t *testing.T) {
	src := &spy{Memory: NewMemory(row("a", map[string]any{"tenant": "eu", "region": "north"}))}
	d := open(t, src, nil)
	d.fill(t, "a")

	d.typ = account() // the same declaration, loaded again
	d.view = d.Bind(bank(d.typ))
	if _, stats := d.fill(t, "a"); stats.Hits != 1 {
		t.Error("a reload that changed nothing emptied the cache")
	}

	for name, change := range map[string]func(*rules.Schema, *rules.Type){
		"attribute renamed": func(_ *rules.Schema, x *rules.Type) { x.Attributes[0].Name = "region" },
		"attributes moved":  func(_ *rules.Schema, x *rules.Type) { slices.Reverse(x.Attributes) },
		"kind changed":      func(_ *rules.Schema, x *rules.Type) { x.Attributes[2].Kind = rules.Int },
		"max_row_tier":      func(_ *rules.Schema, x *rules.Type) { x.MaxRowTier = 2 },
		"floor":             func(_ *rules.Schema, x *rules.Type) { x.Tier = 2 },
		"tiers renamed":     func(s *rules.Schema, _ *rules.Type) { s.Tiers[2].Name = "secret" },
		"tier added below": func(s *rules.Schema, _ *rules.Type) {
			s.Tiers = slices.Insert(s.Tiers, 0, rules.TierInfo{Name: "open"})
		},
	} {
		d.typ = account()
		schema := bank(d.typ)
		change(schema, d.typ)
		d.view = d.Bind(schema)
		if _, stats := d.fill(t, "a"); stats.Hits != 0 {
			t.Errorf("%s: a row in the old shape was served", name)
		}
	}
	d.typ = account()
	d.typ.Attributes[0].Name = "region"
	d.view = d.Bind(bank(d.typ))
	if got := d.tenantOf(t, "a"); got != "north" {
		t.Errorf("slot 0 is %q, want north", got)
	}
}

// TestCachedEqualsUncached drives a catalog and its source through the same
// random history: a source with versions, or one that tells its changes, must never
// show in an answer that there is a cache; any other one never more than the bound
// allows, of which the last part only while the source fails.
func TestCachedEqualsUncached(t *testing.T) {
	const ttl, maxStale = 5 * time.Second, 3 * time.Second
	ids := []string{"a", "b", "a:b", "", "c"}
	rapid.Check(t, func(rt *rapid.T) {
		kind := rapid.SampledFrom([]string{"versioned", "watched", "plain"}).Draw(rt, "kind")
		w := newTeller()
		src := newFaulty()
		w.spy = src.spy
		d := open(t, map[string]Source{"versioned": src, "watched": w.source(), "plain": unversioned{src}}[kind], func(o *Options) {
			o.Objects = 8
			o.TTL = map[string]time.Duration{"default": ttl}
			o.MaxStale = map[string]time.Duration{"default": maxStale, "restricted": maxStale}
		})
		type state struct {
			until time.Time // when the next state began
			rows  map[string]string
		}
		history := []state{{rows: map[string]string{}}}
		down := false
		for range rapid.IntRange(1, 30).Draw(rt, "steps") {
			now := &history[len(history)-1]
			switch rapid.IntRange(0, 4).Draw(rt, "do") {
			case 0:
				next := state{rows: map[string]string{}}
				var rows []Row
				for _, id := range rapid.SliceOfDistinct(rapid.SampledFrom(ids), rapid.ID[string]).Draw(rt, "rows") {
					next.rows[id] = rapid.StringMatching("[xyz]").Draw(rt, "tenant")
					rows = append(rows, tenant(id, next.rows[id]))
				}
				now.until = d.clock.Now()
				src.Set(rows...)
				if to := d.sources["bank"].changes; kind == "watched" && rapid.IntRange(0, 9).Draw(rt, "lost") == 0 {
					to.Lost(errDown)
				} else if kind == "watched" {
					for _, id := range ids {
						if now.rows[id] != next.rows[id] {
							to.Changed([]Key{{"account", id}})
						}
					}
				}
				history = append(history, next)
			case 1:
				d.clock.advance(time.Duration(rapid.IntRange(0, 6000).Draw(rt, "ms")) * time.Millisecond)
			case 2:
				if down = !down; down {
					src.fail(fmt.Errorf("%w: down", ErrUnavailable))
				} else {
					src.fail(nil)
				}
			default:
				asked := rapid.SliceOfN(rapid.SampledFrom(ids[:3]), 1, 4).Draw(rt, "ask")
				got := make([]string, len(asked))
				targets := d.targets(asked...)
				stats, err := d.view.Fill(t.Context(), targets, nil)
				if err != nil {
					if !down && !d.Health("bank").Open {
						rt.Fatalf("asked %q: %v", asked, err)
					}
					continue
				}
				for i := range targets {
					if v, ok := targets[i].Object.Attribute(0); ok {
						got[i], _ = v.(string)
					}
				}
				// All of one Check comes from one state, and that one is current or ended within the bound.
				fits := func(s state) bool {
					for i, id := range asked {
						if s.rows[id] != got[i] {
							return false
						}
					}
					return true
				}
				bound := ttl
				if stats.Stale > 0 {
					bound += maxStale
				}
				ok := fits(*now)
				for _, s := range history[:len(history)-1] {
					ok = ok || kind == "plain" && d.clock.Now().Sub(s.until) <= bound && fits(s)
				}
				if !ok {
					rt.Fatalf("asked %q, got %q, %+v; history %v", asked, got, stats, history)
				}
			}
		}
	})
}

func TestWarmFillDoesNotAllocate(t *testing.T) {
	d := open(t, NewMemory(tenant("a", "eu"), tenant("b", "eu")), nil)
	one, two := d.targets("a"), d.targets("a", "b")
	d.fill(t, "a", "b")
	want := func(*rules.Target) Want { return WantRow }
	for name, targets := range map[string][]rules.Target{"one target": one, "two targets": two} {
		n := testing.AllocsPerRun(1000, func() {
			if stats, err := d.view.Fill(t.Context(), targets, want); err != nil || stats.Misses > 0 {
				t.Fatal(stats, err)
			}
		})
		if n > 0 {
			t.Errorf("%s: %v allocations, want none", name, n)
		}
	}
}

func BenchmarkFill(b *testing.B) {
	for _, n := range []int{1000, 1_000_000} {
		rows := make([]Row, n)
		columns := map[string]any{"tenant": "eu"}
		for i := range rows {
			rows[i] = row(fmt.Sprint("id", i), columns)
		}
		src := NewMemory(rows...)
		b.Run(fmt.Sprintf("warm/rows=%d", n), func(b *testing.B) {
			d := open(b, src, nil)
			targets := d.targets("id7")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.view.Fill(b.Context(), targets, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run(fmt.Sprintf("cold/rows=%d", n), func(b *testing.B) {
			d := open(b, src, func(o *Options) { o.TTL = map[string]time.Duration{"default": 0} })
			targets := d.targets("id7")
			b.ReportAllocs()
			for b.Loop() {
				if _, err := d.view.Fill(b.Context(), targets, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// Declarations come and go for the life of a process; only the latest are kept.
func TestOldDeclarationsAreForgotten(t *testing.T) {
	d := open(t, &spy{Memory: NewMemory(tenant("a", "eu"))}, nil)
	bind := func(attribute string) (*View, *rules.Type) {
		typ := account()
		typ.Attributes[4].Name = attribute
		return d.Bind(bank(typ)), typ
	}
	first, firstType := d.view, d.typ
	d.fill(t, "a")

	bind("tried") // twin: tried and taken back at once
	if d.view, d.typ = bind("codes"); d.view.shapes[d.typ] != first.shapes[firstType] {
		t.Error("the rows of the declaration before the last one are cold")
	}
	if _, stats := d.fill(t, "a"); stats.Hits != 1 {
		t.Errorf("%+v, want a hit", stats)
	}
	for i := range 1000 {
		bind(fmt.Sprint("codes", i))
	}
	kept := 0
	for _, shapes := range d.recent {
		kept += len(shapes)
	}
	if kept > keptBinds {
		t.Errorf("%d declarations are kept after 1000, want at most %d", kept, keptBinds)
	}
	d.view, d.typ = first, firstType // a Check that began long ago
	if _, stats := d.fill(t, "a"); stats.Hits != 1 {
		t.Errorf("a view whose declaration was forgotten: %+v, want it to serve on", stats)
	}
}
