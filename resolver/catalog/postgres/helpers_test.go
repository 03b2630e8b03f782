package postgres

import (
	"context"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	pg "github.com/tiergate/tiergate/e2e/postgres"
	"github.com/tiergate/tiergate/resolver/catalog"
)

func TestMain(m *testing.M) {
	code := pg.Main(m)
	if err := goleak.Find(); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// accounts is the mapping that most tests read.
func accounts() map[string]Type {
	return map[string]Type{"account": {
		Table: "account", Tier: "tier", Parent: "parent",
		Columns: map[string]string{"name": "name", "tenant": "tenant", "owner": "owner"},
	}}
}

// createAccounts makes the table of accounts with ids of a type.
func createAccounts(id string) string {
	return "CREATE TABLE account (id " + id + ", tier text, parent text, name text, tenant text, owner text)"
}

// schemas give each test tables of its own, which is quicker than a database is.
var schemas atomic.Int64

// bench is a schema with a source that reads it.
type bench struct {
	*Source
	admin  *pgx.Conn
	server *pg.Server
	schema string
}

// dsn names the bench's schema on a server.
func (b *bench) dsn(server *pg.Server) string {
	return server.Socket("postgres") + "&search_path=" + b.schema + ",public"
}

// open makes a schema on the shared server, fills it, and opens a source on it.
func open(t testing.TB, setup string, change func(*Options)) *bench {
	t.Helper()
	return openOn(t, pg.Shared(t), setup, change)
}

func openOn(t testing.TB, server *pg.Server, setup string, change func(*Options)) *bench {
	t.Helper()
	b := &bench{server: server, schema: fmt.Sprintf("test%d", schemas.Add(1))}
	b.admin = server.Conn(t, "postgres")
	pg.Exec(t, b.admin, "CREATE SCHEMA "+b.schema+"; SET search_path = "+b.schema+", public; SET client_min_messages = warning")
	pg.Exec(t, b.admin, setup)
	o := Options{DSN: b.dsn(server), Types: accounts(), Timeout: 5 * time.Second, Heartbeat: 200 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	var err error
	if b.Source, err = Open(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Close)
	return b
}

func (b *bench) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	pg.Exec(t, b.admin, sql, args...)
}

func keys(typ string, ids ...string) []catalog.Key {
	out := make([]catalog.Key, len(ids))
	for i, id := range ids {
		out[i] = catalog.Key{Type: typ, ID: id}
	}
	return out
}

// get looks ids up, which must not fail.
func (b *bench) get(t testing.TB, typ string, ids ...string) []catalog.Row {
	t.Helper()
	rows, err := b.Lookup(context.WithoutCancel(t.Context()), keys(typ, ids...))
	if err != nil {
		t.Fatalf("Lookup(%q): %v", ids, err)
	}
	return rows
}

func fields(names ...string) []pgconn.FieldDescription {
	out := make([]pgconn.FieldDescription, len(names))
	for i, n := range names {
		out[i].Name = n
	}
	return out
}
