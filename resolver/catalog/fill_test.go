package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

func TestFillTypesARow(t *testing.T) {
	d := open(t, NewMemory(Row{
		Key: Key{"account", "a"}, Tier: "confidential", Parent: "c-1",
		Columns: map[string]any{
			"tenant": "eu", "owners": []any{"ada", "bob"}, "frozen": true, "limit": int64(7), "codes": []any{int64(1), int64(2)},
		},
	}), nil)
	targets, stats := d.fill(t, "a")
	want := rules.Object{
		Type: d.typ, ID: "a", Parent: "c-1", RowTier: 2, State: rules.Stored, Generation: 1,
		Attributes: []any{"eu", []string{"ada", "bob"}, true, int64(7), []int64{1, 2}},
	}
	got := targets[0].Object
	got.Type, want.Type = nil, nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("object (-want +got):\n%s", diff)
	}
	if stats != (Stats{Misses: 1, Generation: 1}) {
		t.Errorf("stats = %+v", stats)
	}
	if _, stats = d.fill(t, "a", "a"); stats.Hits != 2 {
		t.Errorf("second time: %+v, want 2 hits", stats)
	}
	if c := d.Counts(); c.Hits != 2 || c.Misses != 1 || c.Entries != 1 || c.Absent != 0 {
		t.Errorf("counts = %+v", c)
	}
}

func TestFillReadsTextAsTheDeclaredKind(t *testing.T) {
	d := open(t, NewMemory(row("a", map[string]any{
		"tenant": Text("true"), "owners": Text("ada;bob"), "frozen": Text("false"), "limit": Text("-7"), "codes": Text("3"),
	})), nil)
	targets, _ := d.fill(t, "a")
	want := []any{"true", []string{"ada", "bob"}, false, int64(-7), []int64{3}}
	if diff := cmp.Diff(want, targets[0].Object.Attributes); diff != "" {
		t.Errorf("attributes (-want +got):\n%s", diff)
	}
}

func TestC3BadRowIsNeverUsed(t *testing.T) {
	good := map[string]any{"tenant": "eu"}
	for name, bad := range map[string]Row{
		"unknown tier":          {Tier: "tier 99", Columns: good},
		"tier in another case":  {Tier: "Internal", Columns: good},
		"wrong kind":            {Columns: map[string]any{"frozen": "yes"}},
		"number for text":       {Columns: map[string]any{"tenant": int64(7)}},
		"text for a list":       {Columns: map[string]any{"owners": "ada"}},
		"list for text":         {Columns: map[string]any{"tenant": []any{"eu"}}},
		"mixed list":            {Columns: map[string]any{"owners": []any{"ada", int64(7)}}},
		"null in a list":        {Columns: map[string]any{"owners": []any{nil}}},
		"fraction":              {Columns: map[string]any{"limit": 1.5}},
		"text that is no int":   {Columns: map[string]any{"limit": Text("7 ")}},
		"text that is no bool":  {Columns: map[string]any{"frozen": Text("True")}},
		"empty list element":    {Columns: map[string]any{"owners": Text("ada;;bob")}},
		"column renamed":        {Whole: true, Columns: map[string]any{"tennant": Text("eu")}},
		"source says it is bad": {Bad: "two rows have this id", Columns: good},
	} {
		t.Run(name, func(t *testing.T) {
			bad.Key, bad.Pos = Key{"account", "secret-id"}, rules.Pos{File: "a.csv", Line: 7, Col: 1}
			src := &spy{Memory: NewMemory(tenant("fine", "eu"), bad)}
			src.after = func(rows []Row) []Row { // memory knows no whole rows
				for i := range rows {
					rows[i].Whole = rows[i].Found && bad.Whole && rows[i].Key.ID == "secret-id"
				}
				return rows
			}
			d := open(t, src, nil)
			for range 2 { // read, and then from the cache
				_, err := d.view.Fill(t.Context(), d.targets("fine", "secret-id"), nil)
				f := wantFault(t, err, rules.CatalogBadRow)
				if strings.Contains(f.Error(), "secret-id") || strings.Contains(f.Error(), "ada") || !strings.Contains(f.Detail, "sha256:") {
					t.Errorf("detail %q: want the id as a hash and no values", f.Detail)
				}
				if !strings.HasPrefix(f.Detail, "a.csv:7:1: account ") {
					t.Errorf("detail %q does not say where the row is", f.Detail)
				}
			}
			d.fill(t, "fine") // the twin
		})
	}
}

func TestC3TierAboveMaxRowTierIsBad(t *testing.T) {
	d := open(t, NewMemory(Row{Key: Key{"account", "top"}, Tier: "restricted"}, Row{Key: Key{"account", "max"}, Tier: "confidential"}), nil)
	d.typ.MaxRowTier = 2
	d.view = d.Bind(bank(d.typ))
	d.fill(t, "max")
	_, err := d.view.Fill(t.Context(), d.targets("top"), nil)
	wantFault(t, err, rules.CatalogBadRow)
}

func TestC3EmptyTierIsBadWhereOnlyRowsClassify(t *testing.T) {
	d := open(t, NewMemory(Row{Key: Key{"account", "a"}, NoTier: true}), nil)
	if targets, _ := d.fill(t, "a"); targets[0].Object.RowTier != rules.NoTier {
		t.Errorf("row tier %v, want none: the type's floor counts", targets[0].Object.RowTier)
	}
	d.typ.Tier = rules.NoTier
	d.view = d.Bind(bank(d.typ))
	_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
	wantFault(t, err, rules.CatalogBadRow)
}

func TestC4MissingRowIsAbsentForAtMostASecond(t *testing.T) {
	src := &spy{Memory: NewMemory()}
	d := open(t, unversioned{src}, nil)
	targets := d.targets("new")
	targets[0].Action, targets[0].Object.Attributes, targets[0].Object.Parent = "create", []any{"eu"}, "c-1"
	if _, err := d.view.Fill(t.Context(), targets, nil); err != nil {
		t.Fatal(err)
	}
	o := targets[0].Object
	if o.State != rules.Absent || o.Parent != "c-1" || len(o.Attributes) != 1 {
		t.Errorf("object = %+v, want absent with what the request binds", o)
	}
	src.Set(tenant("new", "eu"))
	d.clock.advance(time.Second - 1)
	if got := d.tenantOf(t, "new"); got != "" || src.calls.Load() != 1 {
		t.Errorf("within a second: tenant %q after %d look-ups, want the negative entry", got, src.calls.Load())
	}
	d.clock.advance(1)
	if got := d.tenantOf(t, "new"); got != "eu" {
		t.Errorf("after a second the new row's tenant is %q, want eu", got)
	}
}

func TestFillLeavesOthersAlone(t *testing.T) {
	src := &spy{Memory: NewMemory(tenant("a", "eu"))}
	d := open(t, src, nil)
	targets := d.targets("a", "", "a", "a")
	targets[2].Collection = true
	targets[3].Object.Type = &rules.Type{Name: "file"} // has no catalog
	if _, err := d.view.Fill(t.Context(), targets, func(*rules.Target) Want { return 0 }); err != nil || src.calls.Load() != 0 {
		t.Fatalf("nothing wanted: %v, %d look-ups", err, src.calls.Load())
	}
	stats, err := d.view.Fill(t.Context(), targets, nil)
	if err != nil || stats.Misses != 1 {
		t.Fatalf("%+v, %v, want one look-up", stats, err)
	}
	for i, want := range []rules.State{rules.Stored, rules.Unchecked, rules.Unchecked, rules.Unchecked} {
		if got := targets[i].Object.State; got != want {
			t.Errorf("target %d is in state %v, want %v", i, got, want)
		}
	}
}

func TestC1SourceFaults(t *testing.T) {
	for name, c := range map[string]struct {
		src  Source
		want rules.Reason
	}{
		"down":          {&spy{Memory: NewMemory(), before: fails(ErrUnavailable)}, rules.CatalogUnavailable},
		"any error":     {&spy{Memory: NewMemory(), before: fails(errors.New("io"))}, rules.CatalogUnavailable},
		"stale":         {&spy{Memory: NewMemory(), before: fails(ErrStale)}, rules.CatalogStale},
		"panic":         {&spy{Memory: NewMemory(), before: func(context.Context, []Key) error { panic("boom") }}, rules.CatalogUnavailable},
		"no rows":       {&spy{Memory: NewMemory(), after: func([]Row) []Row { return nil }}, rules.CatalogUnavailable},
		"another's row": {&spy{Memory: NewMemory(), after: func(r []Row) []Row { r[0].Key.ID = "b"; return r }}, rules.CatalogUnavailable},
		"another type":  {&spy{Memory: NewMemory(), after: func(r []Row) []Row { r[0].Key.Type = "b"; return r }}, rules.CatalogUnavailable},
		"mixed batch":   {&spy{Memory: NewMemory(), after: func(r []Row) []Row { r[1].Generation++; return r }}, rules.CatalogUnavailable},
		"never loaded":  {notLoaded(t), rules.CatalogUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			d := open(t, c.src, nil)
			targets := d.targets("a", "a2")
			for range 2 {
				_, err := d.view.Fill(t.Context(), targets, nil)
				wantFault(t, err, c.want)
			}
			if got := d.Counts(); got.Entries+got.Absent != 0 {
				t.Errorf("a fault left %+v in the cache", got)
			}
		})
	}
}

func fails(err error) func(context.Context, []Key) error {
	return func(context.Context, []Key) error { return fmt.Errorf("connect: %w", err) }
}

func notLoaded(t *testing.T) Source {
	f, err := OpenFile(FileOptions{Path: t.TempDir() + "/none.csv"})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestTypeWithoutSourceIsAFault(t *testing.T) {
	d := open(t, NewMemory(tenant("a", "eu")), nil)
	d.typ.Catalog = "elsewhere"
	d.view = d.Bind(bank(d.typ))
	_, err := d.view.Fill(t.Context(), d.targets("a"), nil)
	wantFault(t, err, rules.CatalogUnavailable)

	d.typ = account() // of a schema that this view does not know
	_, err = d.view.Fill(t.Context(), d.targets("a"), nil)
	wantFault(t, err, rules.CatalogUnavailable)
}

func TestUndeclaredColumnsAreSaidOnce(t *testing.T) {
	var out bytes.Buffer
	src := NewMemory(row("a", map[string]any{"tenant": "eu", "colour": "crimson", "empty": nil}), row("b", map[string]any{"colour": "blue"}))
	d := open(t, src, func(o *Options) { o.Log = slog.New(slog.NewTextHandler(&out, nil)) })
	d.fill(t, "a", "b")
	d.Bind(bank(account()))
	d.clock.advance(time.Hour)
	d.fill(t, "a", "b")
	if got := out.String(); strings.Count(got, "\n") != 1 || !strings.Contains(got, "type=account column=colour") || strings.Contains(got, "crimson") {
		t.Errorf("log:\n%swant one line about the column colour, without values", got)
	}
}

func TestObjectsListsARowOnceAndFaultsInPlace(t *testing.T) {
	d := open(t, NewMemory(tenant("a", "eu"), row("bad", map[string]any{"frozen": "?"}), tenant("c", "us")), nil)
	var got []string
	for o, err := range d.view.Objects(t.Context(), d.typ) {
		if err != nil {
			wantFault(t, err, rules.CatalogBadRow)
			got = append(got, "fault")
			continue
		}
		got = append(got, fmt.Sprint(o.ID, " ", o.Attributes[0], " ", o.State == rules.Stored))
	}
	if diff := cmp.Diff([]string{"a eu true", "fault", "c us true"}, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	for _, typ := range []*rules.Type{{Name: "file"}, {Name: "x", Catalog: "bank"}} {
		for _, err := range d.view.Objects(t.Context(), typ) {
			if !errors.Is(err, ErrNotEnumerable) {
				t.Errorf("%s: %v, want ErrNotEnumerable", typ.Name, err)
			}
		}
	}
}

func TestNewRefusesBadOptions(t *testing.T) {
	for name, o := range map[string]Options{
		"objects": {Objects: -1}, "timeout": {Timeout: -1}, "in flight": {InFlight: -1},
		"ttl": {TTL: map[string]time.Duration{"internal": -1}}, "nil source": {Sources: map[string]Source{"a": nil}},
	} {
		if _, err := New(o); err == nil {
			t.Errorf("%s: %+v was accepted", name, o)
		}
	}
}
