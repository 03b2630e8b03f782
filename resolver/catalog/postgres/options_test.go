package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func secret(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestOpenRefusesByName(t *testing.T) {
	const here = "postgres://u@127.0.0.1/d"
	table := map[string]Type{"account": {Table: "account"}}
	typ := func(x Type) Options { return Options{DSN: here, Types: map[string]Type{"account": x}} }
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no dsn":             {Options{Types: table}, "dsn is missing"},
		"no types":           {Options{DSN: here}, "no types"},
		"no database":        {Options{DSN: "postgres://u@127.0.0.1", Types: table}, "a user and a database"},
		"no proof":           {Options{DSN: "postgres://u@db.example.com/d", Types: table}, "sslmode=verify-full"},
		"prefer":             {Options{DSN: "postgres://u@db.example.com/d?sslmode=prefer", Types: table}, "does not prove"},
		"require":            {Options{DSN: "postgres://u@db.example.com/d?sslmode=require", Types: table}, "does not prove"},
		"one of two hosts":   {Options{DSN: "postgres://u@127.0.0.1,db.example.com/d", Types: table}, "db.example.com"},
		"replica's proof":    {Options{DSN: here, Replica: "postgres://u@db.example.com/d", Types: table}, "replica: "},
		"unknown key":        {Options{DSN: here + "?options=-cx=y", Types: table}, "options"},
		"lag below the beat": {Options{DSN: here, Replica: here, MaxLag: time.Second, Types: table}, "max_lag 1s"},
		"negative":           {Options{DSN: here, Timeout: -1, Types: table}, "timeout"},
		"table and query":    {typ(Type{Table: "a", Query: "SELECT"}), "not both"},
		"neither":            {typ(Type{}), "neither a table nor a query"},
		"list alone":         {typ(Type{Table: "a", List: "SELECT"}), "list"},
		"three names":        {typ(Type{Table: "a.b.c"}), "SCHEMA.NAME"},
		"empty schema":       {typ(Type{Table: ".b"}), "SCHEMA.NAME"},
		"built-in name":      {typ(Type{Table: "a", Columns: map[string]string{"tier": "level"}}), "built-in"},
		"empty column":       {typ(Type{Table: "a", Columns: map[string]string{"x": ""}}), "empty"},
		"empty id":           {typ(Type{Table: "a", ID: []string{""}}), "without a name"},
	} {
		s, err := Open(c.o)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err == nil {
			s.Close()
		}
	}
}

func TestOpenAccepts(t *testing.T) {
	table := map[string]Type{"account": {Table: "account"}}
	for _, o := range []Options{
		{DSN: "postgres://u@db.example.com/d?sslmode=verify-full", Types: table},
		{DSN: "postgres://u@db.example.com/d", Plaintext: true, Types: table},
		{DSN: "host=/run/postgresql user=u dbname=d search_path=bank", Types: table},
		{DSN: "postgres://u@[::1]/d", Replica: "postgres://u@127.0.0.1:5433,127.0.0.1:5434/d", Types: table},
	} {
		s, err := Open(o)
		if err != nil {
			t.Errorf("%s: %v", o.DSN, err)
			continue
		}
		s.Close()
	}
}

// Twin of the accepted password file: only its content, or its place, differs.
func TestPasswordFileIsReadForEachConnection(t *testing.T) {
	b := open(t, createAccounts("text"), nil)
	b.exec(t, "DROP ROLE IF EXISTS tiergate_rotated; CREATE ROLE tiergate_rotated LOGIN PASSWORD 'second'; GRANT USAGE ON SCHEMA "+b.schema+" TO tiergate_rotated; GRANT SELECT ON account TO tiergate_rotated")
	t.Cleanup(func() { b.exec(t, "DROP OWNED BY tiergate_rotated; DROP ROLE tiergate_rotated") })
	o := b.options
	o.DSN = b.server.DSN("tiergate_rotated", "", "postgres") + "?search_path=" + b.schema
	o.PasswordFile = secret(t, "first")
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if _, err := s.Lookup(t.Context(), keys("account", "a")); err == nil || !strings.Contains(err.Error(), "28P01") {
		t.Errorf("the old password: %v, want SQLSTATE 28P01", err)
	}
	if err := os.WriteFile(o.PasswordFile, []byte("second"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(t.Context(), keys("account", "a")); err != nil {
		t.Errorf("after it was rotated: %v", err)
	}
}

func TestLagIsThatOfAReplica(t *testing.T) {
	for _, c := range []struct {
		replica string
		maxLag  time.Duration
		want    time.Duration
	}{
		{"", 0, 0},
		{"postgres://tiergate@127.0.0.1:1/bank", 0, defaultMaxLag},
		{"postgres://tiergate@127.0.0.1:1/bank", 3 * time.Second, 3 * time.Second},
	} {
		s, err := Open(Options{DSN: "postgres://tiergate@127.0.0.1:1/bank", Replica: c.replica, MaxLag: c.maxLag, Types: map[string]Type{"account": {Table: "accounts"}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := s.Lag(); got != c.want {
			t.Errorf("replica %q with max_lag %v: lag %v, want %v", c.replica, c.maxLag, got, c.want)
		}
		s.Close()
	}
}
