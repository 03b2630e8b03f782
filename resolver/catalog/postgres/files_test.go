package postgres

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

func TestFilesOfADSNAreBeneathTheFolder(t *testing.T) {
	for _, c := range []struct{ dsn, want string }{
		{"postgres://a@db/bank?sslrootcert=ca.pem&sslmode=verify-full", "postgres://a@db/bank?sslrootcert=%2Fetc%2Ft%20g%2Fca.pem&sslmode=verify-full"},
		{"postgresql://a@db/bank?sslmode=verify-full&sslcert=./c.pem&sslkey=../k.pem", "postgresql://a@db/bank?sslmode=verify-full&sslcert=%2Fetc%2Ft%20g%2Fc.pem&sslkey=%2Fetc%2Fk.pem"},
		{"postgres://a@db/bank?sslrootcert=%2Fca.pem", "postgres://a@db/bank?sslrootcert=%2Fca.pem"},
		{"postgres://a@db/bank?sslrootcert=system", "postgres://a@db/bank?sslrootcert=system"},
		{"postgres://a@db/bank?search_path=sslrootcert=ca.pem", "postgres://a@db/bank?search_path=sslrootcert=ca.pem"},
		{"postgres://a@db/bank", "postgres://a@db/bank"},
		{"host=db sslrootcert=ca.pem user=a", "host=db sslrootcert='/etc/t g/ca.pem' user=a"},
		{"host=db sslrootcert = 'my ca.pem' user=a", "host=db sslrootcert='/etc/t g/my ca.pem' user=a"},
		{`passfile='it\'s' host=db`, `passfile='/etc/t g/it\'s' host=db`},
		{`sslcert=a\ b host=db`, `sslcert='/etc/t g/a b' host=db`},
		{"sslrootcert=/ca.pem host=db", "sslrootcert=/ca.pem host=db"},
		{"sslrootcert=system host=db", "sslrootcert=system host=db"},
		{"search_path='x sslrootcert=ca.pem' host=db", "search_path='x sslrootcert=ca.pem' host=db"},
		{`search_path='it\' sslrootcert=ca.pem' host=db`, `search_path='it\' sslrootcert=ca.pem' host=db`},
		{"host=/run/pg user=a", "host=/run/pg user=a"},
	} {
		if got := beneath("/etc/t g", c.dsn); got != c.want {
			t.Errorf("%s\ngot  %s\nwant %s", c.dsn, got, c.want)
		}
		if got := beneath("", c.dsn); got != c.dsn {
			t.Errorf("without a folder %s is %s", c.dsn, got)
		}
	}
}

// A DSN with files of a folder means what it meant, but for these files.
func FuzzFilesOfADSN(f *testing.F) {
	f.Add("postgres://a@db/bank?search_path=x+y%20z&connect_timeout=3")
	f.Add(`host=db search_path='a b' user='it\'s'`)
	f.Fuzz(func(t *testing.T, dsn string) {
		moved := beneath("/nowhere", dsn)
		if !strings.Contains(dsn, "ssl") && !strings.Contains(dsn, "passfile") && !strings.Contains(dsn, "%") && moved != dsn {
			t.Errorf("%q became %q", dsn, moved)
		}
		was, err := pgconn.ParseConfigWithOptions(dsn, pgconn.ParseConfigOptions{ConnStringAllowedKeys: []string{"host", "port", "user", "database", "search_path"}})
		if err != nil {
			return
		}
		is, err := pgconn.ParseConfigWithOptions(moved, pgconn.ParseConfigOptions{ConnStringAllowedKeys: []string{"host", "port", "user", "database", "search_path"}})
		if err != nil || is.Host != was.Host || is.Port != was.Port || is.User != was.User || is.Database != was.Database ||
			is.RuntimeParams["search_path"] != was.RuntimeParams["search_path"] {
			t.Errorf("%q became %q: %v", dsn, moved, err)
		}
	})
}

// Twins: the file is in the folder that is named, or is not, wherever the test runs.
func TestRelativeCAIsThatOfTheFolder(t *testing.T) {
	dir := t.TempDir()
	cert, _ := authority(t)
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), cert, 0o600); err != nil {
		t.Fatal(err)
	}
	o := Options{DSN: "postgres://a@db.example.com/bank?sslmode=verify-full&sslrootcert=ca.pem", Types: accounts(), Dir: dir}
	o.Replica = strings.Replace(o.DSN, "db.", "replica.", 1)
	if err := o.Check(); err != nil {
		t.Error(err)
	}
	o.Dir = t.TempDir()
	if err := o.Check(); err == nil || !strings.Contains(err.Error(), "CA file") {
		t.Errorf("a CA that is not in the folder: %v", err)
	}
}
