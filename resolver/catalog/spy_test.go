package catalog

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// spy is a memory source that counts look-ups and lets a test stand in their way.
type spy struct {
	*Memory
	calls  atomic.Int64
	before func(ctx context.Context, keys []Key) error // may block or fail
	after  func(rows []Row) []Row                      // may break the contract
}

func (s *spy) Lookup(ctx context.Context, keys []Key) ([]Row, error) {
	s.calls.Add(1)
	if s.before != nil {
		if err := s.before(ctx, keys); err != nil {
			return nil, err
		}
	}
	rows, err := s.Memory.Lookup(ctx, keys)
	if s.after != nil && err == nil {
		rows = s.after(rows)
	}
	return rows, err
}

var discard = slog.New(slog.DiscardHandler)

// unversioned hides that a source has a version, as one in a database has none.
type unversioned struct{ Source }

// clock is a clock that a test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// bank is a schema whose types all read the source named bank.
func bank(types ...*rules.Type) *rules.Schema {
	s := &rules.Schema{
		Tiers:        []rules.TierInfo{{Name: "public"}, {Name: "internal"}, {Name: "confidential"}, {Name: "restricted"}},
		Unclassified: 3, Types: make(map[string]*rules.Type),
	}
	for _, t := range types {
		s.Types[t.Name] = t
	}
	return s
}

func account() *rules.Type {
	return &rules.Type{
		Name: "account", Catalog: "bank", Tier: 1, MaxRowTier: 3,
		Attributes: []rules.Attribute{
			{Name: "tenant", Kind: rules.String}, {Name: "owners", Kind: rules.StringList},
			{Name: "frozen", Kind: rules.Bool}, {Name: "limit", Kind: rules.Int}, {Name: "codes", Kind: rules.IntList},
		},
	}
}

func row(id string, columns map[string]any) Row {
	return Row{Key: Key{"account", id}, Columns: columns}
}

func tenant(id, tenant string) Row { return row(id, map[string]any{"tenant": tenant}) }

// desk is a catalog over one source, with a view of the account type.
type desk struct {
	*Catalog
	view  *View
	typ   *rules.Type
	clock *clock
}

func open(t testing.TB, src Source, change func(*Options)) *desk {
	t.Helper()
	d := &desk{typ: account(), clock: newClock()}
	o := Options{Sources: map[string]Source{"bank": src}, Now: d.clock.Now}
	if change != nil {
		change(&o)
	}
	var err error
	if d.Catalog, err = New(o); err != nil {
		t.Fatal(err)
	}
	d.view = d.Bind(bank(d.typ))
	t.Cleanup(func() {
		if err := d.Wait(context.Background()); err != nil { //nolint:usetesting // the test's own context has ended
			t.Error(err)
		}
	})
	return d
}

func (d *desk) targets(ids ...string) []rules.Target {
	out := make([]rules.Target, len(ids))
	for i, id := range ids {
		out[i] = rules.Target{Action: "read", Object: rules.Object{Type: d.typ, ID: id, RowTier: rules.NoTier}}
	}
	return out
}

// fill fills the objects of the ids, which must not fail.
func (d *desk) fill(t testing.TB, ids ...string) ([]rules.Target, Stats) {
	t.Helper()
	targets := d.targets(ids...)
	stats, err := d.view.Fill(t.Context(), targets, nil)
	if err != nil {
		t.Fatalf("Fill(%q): %v", ids, err)
	}
	return targets, stats
}

// tenantOf reads one object's tenant, "" when the row is absent.
func (d *desk) tenantOf(t testing.TB, id string) string {
	t.Helper()
	targets, _ := d.fill(t, id)
	v, _ := targets[0].Object.Attribute(0)
	s, _ := v.(string)
	return s
}

func wantFault(t *testing.T, err error, want rules.Reason) *rules.Fault {
	t.Helper()
	f, ok := err.(*rules.Fault) //nolint:errorlint // Fill promises this very type
	if !ok || f.Reason != want {
		t.Fatalf("error is %v, want a fault with reason %s", err, want)
	}
	return f
}
