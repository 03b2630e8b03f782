package postgres

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
)

// Start starts a server that ends with the test. Where there is no PostgreSQL to
// be had the test is skipped, and with CI=true it fails.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := create(context.WithoutCancel(t.Context()))
	need(t, err)
	t.Cleanup(func() { _ = s.destroy() })
	return s
}

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err != nil && os.Getenv("CI") == "true":
		t.Fatal(err)
	case err != nil:
		line, _, _ := strings.Cut(err.Error(), "\n")
		t.Skipf("%s did not run: %s", t.Name(), line)
	}
}

// shared is the server of the test binary, made for the first test that asks.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Main runs the tests of a package and ends the server that they shared:
//
//	func TestMain(m *testing.M) { os.Exit(postgres.Main(m)) }
func Main(m *testing.M) int {
	code := m.Run()
	if shared.server != nil {
		_ = shared.server.destroy()
	}
	return code
}

// Shared returns the one server of the test binary, whose TestMain must call
// Main. A test that stops a server starts its own.
func Shared(t testing.TB) *Server {
	t.Helper()
	shared.once.Do(func() { shared.server, shared.err = create(context.Background()) })
	need(t, shared.err)
	return shared.server
}

// Stop ends the server as fast as PostgreSQL does cleanly: sessions are cut.
func (s *Server) Stop() { s.quit(syscall.SIGINT) }

// Restart starts a stopped server again, on the port it had.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	if err := s.run(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
}

// Standby starts a replica of s that applies each commit only after delay, such
// as "30s". s is stopped for a moment, to be copied.
func (s *Server) Standby(t testing.TB, delay string) *Server {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	r, err := prepare(s.bin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.destroy() })
	s.Stop()
	if out, err := exec.CommandContext(ctx, "cp", "-a", s.data(), r.data()).CombinedOutput(); err != nil {
		t.Fatalf("copy the data: %v\n%s", err, out)
	}
	s.Restart(t)
	if err := os.WriteFile(filepath.Join(r.data(), "standby.signal"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := give(r.dir); err != nil {
		t.Fatal(err)
	}
	r.extra = []string{
		fmt.Sprintf("primary_conninfo=host=%s port=%d user=postgres", s.dir, s.port),
		"recovery_min_apply_delay=" + delay, "wal_retrieve_retry_interval=100ms",
	}
	if err := r.start(ctx); err != nil {
		t.Fatal(err)
	}
	return r
}

// Conn connects as the superuser, until the test ends.
func (s *Server) Conn(t testing.TB, database string) *pgx.Conn {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, s.Socket(database))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	return conn
}

var databases atomic.Int64

// Database makes an empty database for a test and returns its name. It is
// dropped with the test, whoever is connected.
func (s *Server) Database(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test%d", databases.Add(1))
	admin := s.Conn(t, "postgres")
	Exec(t, admin, "CREATE DATABASE "+name)
	t.Cleanup(func() {
		_, _ = admin.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)")
	})
	return name
}

// Exec runs statements, which must not fail.
func Exec(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.WithoutCancel(t.Context()), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// UseTLS starts the server again, so that it proves itself over TCP with a
// certificate and its key, both in PEM.
func (s *Server) UseTLS(t testing.TB, cert, key []byte) {
	t.Helper()
	s.Stop()
	for name, text := range map[string][]byte{"server.crt": cert, "server.key": key} {
		if err := os.WriteFile(filepath.Join(s.data(), name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := give(s.data()); err != nil {
		t.Fatal(err)
	}
	s.extra = append(s.extra, "ssl=on")
	s.Restart(t)
}
