package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

// The suite asks for ids with a NUL, which only a bytea can hold.
func TestConformance(t *testing.T) {
	catalogtest.Run(t, func(t *testing.T, rows ...catalog.Row) catalog.Source {
		b := open(t, createAccounts("bytea"), nil)
		b.insert(t, func(id string) any { return []byte(id) }, rows)
		return b
	})
}

func TestConformanceOfWatch(t *testing.T) {
	catalogtest.RunWatcher(t, func(t *testing.T, rows ...catalog.Row) catalogtest.Watchable {
		b := open(t, migrated(t, createAccounts("text PRIMARY KEY"), accounts()), told)
		b.insert(t, func(id string) any { return id }, rows)
		return catalogtest.Watchable{
			Source: b.Source,
			Put: func(t *testing.T, row catalog.Row) {
				t.Helper()
				b.exec(t, "INSERT INTO account (id, name) VALUES ($1, $2) ON CONFLICT (id) DO UPDATE SET name = excluded.name", row.Key.ID, row.Columns["name"])
			},
			Remove: func(t *testing.T, key catalog.Key) {
				t.Helper()
				b.exec(t, "DELETE FROM account WHERE id = $1", key.ID)
			},
			Cut: func(t *testing.T) {
				t.Helper()
				b.exec(t, "SELECT pg_terminate_backend($1)", b.listener(t))
			},
		}
	})
}

func (b *bench) insert(t *testing.T, id func(string) any, rows []catalog.Row) {
	t.Helper()
	text := func(v any) any {
		if v == "" {
			return nil
		}
		return v
	}
	from := pgx.CopyFromSlice(len(rows), func(i int) ([]any, error) {
		r := rows[i]
		return []any{id(r.Key.ID), text(r.Tier), text(r.Parent), r.Columns["name"], r.Columns["tenant"], r.Columns["owner"]}, nil
	})
	columns := []string{"id", "tier", "parent", "name", "tenant", "owner"}
	if _, err := b.admin.CopyFrom(t.Context(), pgx.Identifier{"account"}, columns, from); err != nil {
		t.Fatal(err)
	}
}
