package postgres

import (
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestMain(m *testing.M) { os.Exit(Main(m)) }

func TestServerAnswersWithThePasswordOnly(t *testing.T) {
	s := Shared(t)
	db := s.Database(t)
	for _, c := range []struct{ name, password, want string }{
		{"right", Password, ""},
		{"wrong", "guess", "password authentication failed"},
	} {
		conn, err := pgx.Connect(t.Context(), s.DSN("postgres", c.password, db))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("%s: %v", c.name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s password: %v, want %q", c.name, err, c.want)
		}
		if err == nil {
			_ = conn.Close(t.Context())
		}
	}
}

func TestStandbyFollowsAndServerEnds(t *testing.T) {
	s := Start(t)
	r := s.Standby(t, "0")
	primary, replica := s.Conn(t, "postgres"), r.Conn(t, "postgres")
	Exec(t, primary, "CREATE TABLE seen (n int)")
	var lsn string
	if err := primary.QueryRow(t.Context(), "SELECT pg_current_wal_insert_lsn()").Scan(&lsn); err != nil {
		t.Fatal(err)
	}
	for seen := false; !seen; {
		if err := replica.QueryRow(t.Context(), "SELECT pg_last_wal_replay_lsn() >= $1::text::pg_lsn", lsn).Scan(&seen); err != nil {
			t.Fatal(err)
		}
	}
	Exec(t, replica, "SELECT n FROM seen")
	s.Stop()
	if _, err := pgx.Connect(t.Context(), s.Socket("postgres")); err == nil {
		t.Error("a stopped server answers")
	}
	s.Restart(t)
	Exec(t, s.Conn(t, "postgres"), "SELECT n FROM seen")
}
