// Package catalogtest is the one suite that every catalog source passes, and
// every fake of one, so that a fake cannot promise what no source keeps.
package catalogtest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Open makes a source that holds rows and nothing else.
type Open func(t *testing.T, rows ...catalog.Row) catalog.Source

// Run checks everything that catalog.Source demands, and the optional
// interfaces where the source has them.
func Run(t *testing.T, open Open) {
	for name, check := range map[string]func(*testing.T, Open){
		"order and repeats":   orderAndRepeats,
		"missing":             missing,
		"K1 odd ids":          oddIDs,
		"columns":             columns,
		"C3 one id twice":     oneIDTwice,
		"one generation":      oneGeneration,
		"cancelled":           cancelled,
		"keys are not kept":   keysNotKept,
		"concurrent":          concurrent,
		"enumerates":          enumerates,
		"large batch of rows": largeBatch,
	} {
		t.Run(name, func(t *testing.T) { check(t, open) })
	}
}

func row(id string, columns map[string]any) catalog.Row {
	return catalog.Row{Key: catalog.Key{Type: "account", ID: id}, Columns: columns}
}

func named(ids ...string) []catalog.Row {
	rows := make([]catalog.Row, len(ids))
	for i, id := range ids {
		rows[i] = row(id, map[string]any{"name": nameOf(id)})
	}
	return rows
}

// nameOf is the name of the row with an id.
func nameOf(id string) string { return "row " + id }

// lookup checks on every call what must always hold.
func lookup(t *testing.T, src catalog.Source, wanted []catalog.Key) []catalog.Row {
	t.Helper()
	rows, err := src.Lookup(t.Context(), slices.Clone(wanted))
	if err != nil {
		t.Fatalf("Lookup(%q): %v", wanted, err)
	}
	if len(rows) != len(wanted) {
		t.Fatalf("Lookup of %d keys gave %d rows", len(wanted), len(rows))
	}
	for i, r := range rows {
		if r.Key != wanted[i] {
			t.Fatalf("row %d is for %q, want %q", i, r.Key, wanted[i])
		}
		if r.Generation != rows[0].Generation {
			t.Fatalf("row %d is of generation %d, row 0 of %d", i, r.Generation, rows[0].Generation)
		}
	}
	return rows
}

// text reads a column as text, whichever way the source says it.
func text(r catalog.Row, column string) string {
	switch v := r.Columns[column].(type) {
	case catalog.Text:
		return string(v)
	case string:
		return v
	}
	return fmt.Sprint(r.Columns[column])
}

func orderAndRepeats(t *testing.T, open Open) {
	src := open(t, named("a", "b", "c")...)
	for i, r := range lookup(t, src, Keys("c", "a", "none", "c", "b", "a")) {
		want := []string{"row c", "row a", "", "row c", "row b", "row a"}[i]
		if r.Found != (want != "") || r.Found && text(r, "name") != want {
			t.Errorf("row %d: Found %v, name %q, want %q", i, r.Found, text(r, "name"), want)
		}
	}
	if rows := lookup(t, src, nil); len(rows) != 0 {
		t.Errorf("no keys gave %d rows", len(rows))
	}
}

func missing(t *testing.T, open Open) {
	src := open(t, named("a7", "b")...)
	for _, id := range []string{"A7", "a", "a77", "a7 ", " a7", "", "b\x00"} {
		if r := lookup(t, src, Keys(id))[0]; r.Found {
			t.Errorf("%q was found, only a7 and b exist", id)
		}
	}
}

func oddIDs(t *testing.T, open Open) {
	ids := []string{
		"a:b", "a", "b:c", "a/b", "a,b", "a;b", `a"b`, "a'b", "a b",
		"#hash", "- dash", "{brace}", "null", "true", "~", "007", "7", "1e3", "é", "e\u0301", "а", "id", "=1+1",
		strings.Repeat("k", 1024), strings.Repeat("k", 1025),
	}
	src := open(t, named(ids...)...)
	for i, r := range lookup(t, src, Keys(ids...)) {
		if !r.Found || r.Bad != "" || text(r, "name") != nameOf(ids[i]) {
			t.Errorf("%q: Found %v, Bad %q, name %q", ids[i], r.Found, r.Bad, text(r, "name"))
		}
	}
	never := []string{" a", "a ", "a\n", "a\tb", "a\x00b", "\x00", "\u202Ea", "a\u200b"} // files refuse such an id, and it is no other one
	for i, r := range lookup(t, src, Keys(never...)) {
		if r.Found {
			t.Errorf("%q is found", never[i])
		}
	}
}

func columns(t *testing.T, open Open) {
	full := row("a", map[string]any{"tenant": "eu", "owner": "bob"})
	full.Tier, full.Parent = "restricted", "C-1"
	other := row("b", map[string]any{"tenant": "us", "owner": nil})
	other.Tier = "internal"
	src := open(t, full, other)
	rows := lookup(t, src, Keys("a", "b"))
	if a := rows[0]; a.Tier != "restricted" || a.Parent != "C-1" || text(a, "tenant") != "eu" || text(a, "owner") != "bob" {
		t.Errorf("row a = %+v", a)
	}
	if b := rows[1]; b.Tier != "internal" || b.Parent != "" || text(b, "tenant") != "us" || b.Columns["owner"] != nil {
		t.Errorf("row b = %+v, want no parent and an absent owner", b)
	}
	for _, name := range []string{"id", "tier", "parent"} {
		if _, ok := rows[0].Columns[name]; ok {
			t.Errorf("the built-in column %q is among the others", name)
		}
	}
}

func oneIDTwice(t *testing.T, open Open) {
	rows := append(named("a", "b"), row("a", map[string]any{"name": "row a"}))
	got := lookup(t, open(t, rows...), Keys("a", "b"))
	if !got[0].Found || got[0].Bad == "" {
		t.Errorf("two rows have the id a: Found %v, Bad %q, want a row that cannot be used", got[0].Found, got[0].Bad)
	}
	if got[1].Bad != "" {
		t.Errorf("row b is bad (%s), only a is", got[1].Bad)
	}
}

func oneGeneration(t *testing.T, open Open) {
	src := open(t, named("a", "b")...)
	first := lookup(t, src, Keys("a", "none", "b"))[0].Generation
	if again := lookup(t, src, Keys("b"))[0].Generation; again < first {
		t.Errorf("generation went from %d back to %d", first, again)
	}
	if v, ok := src.(catalog.Versioned); ok {
		if now, _ := v.Version(); now != first || now == 0 {
			t.Errorf("Version() = %d, rows say %d", now, first)
		}
	}
}

func cancelled(t *testing.T, open Open) {
	src := open(t, named("a")...)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if rows, err := src.Lookup(ctx, Keys("a")); err == nil {
		t.Errorf("a cancelled Lookup gave %d rows and no error", len(rows))
	}
	if r := lookup(t, src, Keys("a"))[0]; !r.Found {
		t.Error("after a cancelled Lookup the row is gone")
	}
}

func keysNotKept(t *testing.T, open Open) {
	src := open(t, named("a", "b")...)
	wanted := Keys("a", "b")
	rows, err := src.Lookup(t.Context(), wanted)
	if err != nil {
		t.Fatal(err)
	}
	before := slices.Clone(rows)
	clear(wanted)
	if diff := cmp.Diff(before, rows); diff != "" {
		t.Errorf("rows changed with the caller's keys (-before +after):\n%s", diff)
	}
}

func concurrent(t *testing.T, open Open) {
	src := open(t, named("a", "b", "c")...)
	var all sync.WaitGroup
	for _, id := range []string{"a", "b", "c", "none", "a", "b", "c", "none"} {
		all.Go(func() {
			for range 50 {
				rows, err := src.Lookup(t.Context(), Keys(id, "a"))
				if err != nil || rows[0].Found != (id != "none") || rows[0].Key.ID != id {
					t.Errorf("%s: %+v, %v", id, rows, err)
					return
				}
			}
		})
	}
	all.Wait()
}

func enumerates(t *testing.T, open Open) {
	src, ok := open(t, named("b", "a", "c")...).(catalog.Enumerator)
	if !ok {
		t.Skip("the source cannot list its rows")
	}
	list := func(ctx context.Context) (ids []string, err error) {
		for r, err := range src.Rows(ctx, "account") {
			if err != nil {
				return ids, err
			}
			if !r.Found || r.Key.Type != "account" || text(r, "name") != "row "+r.Key.ID {
				t.Errorf("listed %+v", r)
			}
			ids = append(ids, r.Key.ID)
		}
		return ids, nil
	}
	first, err := list(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := list(t.Context()); !slices.Equal(first, again) {
		t.Errorf("two listings differ in order: %q and %q", first, again)
	}
	slices.Sort(first)
	if !slices.Equal(first, []string{"a", "b", "c"}) {
		t.Errorf("listed %q, want a, b and c once each", first)
	}
	for _, err := range src.Rows(t.Context(), "account") {
		if err != nil {
			t.Error(err)
		}
		break // an early end is no fault
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := list(ctx); err == nil {
		t.Error("a cancelled listing gave no error")
	}
}

func largeBatch(t *testing.T, open Open) {
	ids := make([]string, 3000)
	for i := range ids {
		ids[i] = fmt.Sprintf("id-%05d", i)
	}
	src := open(t, named(ids...)...)
	slices.Reverse(ids)
	for i, r := range lookup(t, src, Keys(ids...)) {
		if !r.Found || text(r, "name") != nameOf(ids[i]) {
			t.Fatalf("%q: Found %v, name %q", ids[i], r.Found, text(r, "name"))
		}
	}
}
