package catalog

import (
	"context"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

// An attribute that ids give needs no column. Where there is one, the row must agree.
func TestIDsGiveAttributes(t *testing.T) {
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(`
tiers: [ { name: internal } ]
objects: [ { type: job, tier: internal, catalog: jobs, attributes: { tenant: string, n: int, note: string }, id: "(?P<tenant>[a-z]+)-(?P<n>[0-9]+)" } ]`)}})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := rules.Compile(src, rules.Env{Catalogs: []string{"jobs"}})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	row := func(id string, columns map[string]any) Row {
		return Row{Key: Key{"job", id}, Columns: columns}
	}
	c, err := New(Options{Sources: map[string]Source{"jobs": NewMemory(
		row("acme-7", map[string]any{"note": "x"}), row("acme-8", map[string]any{"tenant": "acme", "n": int64(8)}),
		row("acme-9", map[string]any{"tenant": "eve"}), row("acme-10", map[string]any{"tenant": nil}), row("acme-011", nil),
	)}})
	if err != nil {
		t.Fatal(err)
	}
	view, job := c.Bind(set.Schema()), set.Schema().Types["job"]
	for _, c := range []struct {
		row, id string
		want    []any // nil: the row is bad
	}{
		{"no column", "acme-7", []any{"acme", int64(7), "x"}},
		{"columns that agree", "acme-8", []any{"acme", int64(8), nil}},
		{"a column that does not", "acme-9", nil},
		{"a column without a value", "acme-10", []any{"acme", int64(10), nil}},
		{"an id that gives no integer", "acme-011", nil},
	} {
		targets := []rules.Target{{Action: "read", Object: rules.Object{Type: job, ID: c.id, RowTier: rules.NoTier}}}
		_, err := view.Fill(context.Background(), targets, nil)
		if (err == nil) != (c.want != nil) || err != nil && rules.Denial(err).Reason != rules.CatalogBadRow {
			t.Errorf("%s: %v", c.row, err)
		}
		if err == nil && !cmp.Equal(targets[0].Object.Attributes, c.want) {
			t.Errorf("%s: got %v, want %v", c.row, targets[0].Object.Attributes, c.want)
		}
	}
}
