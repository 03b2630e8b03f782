package main

import (
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// unmapped reports types whose rows in PostgreSQL would all be unavailable or bad:
// without a table or a query, or with a table whose columns lack what the type reads.
func (c *config) unmapped(schema *rules.Schema) error {
	var ms rules.Mistakes
	for _, e := range c.Catalogs {
		if e.V.Postgres == nil {
			continue
		}
		mapped := e.V.Postgres.types()
		for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
			t := schema.Types[name]
			if t.Catalog != e.Key {
				continue
			}
			m, ok := mapped[name]
			if !ok {
				ms.AddHint(t.Pos, "add it to postgres.types", "type %q: its catalog %q has no table or query for it", name, e.Key)
			}
			if m.Table == "" {
				continue // what a query answers shows when it is asked
			}
			if t.RowTiers && m.Tier == "" {
				ms.AddHint(t.Pos, "add tier: COLUMN to its postgres.types", `type %q gives max_row_tier, and its table in catalog %q has no column "tier"`, name, e.Key)
			}
			for _, a := range t.Attributes {
				if _, ok := m.Columns[a.Name]; !ok {
					ms.AddHint(t.Pos, "add it to columns of its postgres.types", "type %q: its table in catalog %q has no column for the attribute %q", name, e.Key, a.Name)
				}
			}
		}
	}
	return ms.Err()
}
