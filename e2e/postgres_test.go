//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/tiergate/tiergate/e2e/postgres"
)

// heartbeat is the time of which two bound how long a change stays unseen. It is
// long, so that a machine that is slow to run anything does not decide the test.
const heartbeat = 3 * time.Second

// A built server reads the accounts of a PostgreSQL of its own as a role that may
// do no more than read. Rows are cached for ten minutes, and a change is followed
// within the bound all the same.
func TestC5PostgresDecidesAndItsChangesAreFollowed(t *testing.T) {
	d := databased(t)
	bobs := call(ada, "GET", bobsAccount, "", "bob's account")
	nobodys := call(ada, "GET", "/v1/accounts/NO999999", "", "no account")

	d.decides(t, own(), 200, "own-accounts")
	d.decides(t, bobs, 403, "no_rule")
	d.decides(t, nobodys, 403, "unknown_object")
	eventually(t, 20*time.Second, "a channel that tells changes", func() bool { return metric(t, d.Tiergate, `tiergate_catalog_watching{source="accounts"}`) == 1 })

	for _, step := range []struct {
		name, sql string
		call      Call
		allowed   bool
	}{
		{"her account becomes another's", `UPDATE accounts SET owner = 'eve' WHERE number = 'NO100001'`, own(), false},
		{"and hers again", `UPDATE accounts SET owner = 'ada' WHERE number = 'NO100001'`, own(), true},
		{"it is gone", `DELETE FROM accounts WHERE number = 'NO100001'`, own(), false},
		{"bob's becomes hers", `UPDATE accounts SET owner = 'ada' WHERE number = 'NO200001'`, bobs, true},
	} {
		postgres.Exec(t, d.admin, step.sql)
		committed := time.Now()
		last, followed := committed, false // when the last decision by the old row began
		for limit := committed.Add(4 * heartbeat); !followed && time.Now().Before(limit); {
			began := time.Now()
			if followed = d.check(t, d.asked, step.call).Allowed == step.allowed; !followed {
				last = began
			}
		}
		if took := last.Sub(committed); !followed || took > 2*heartbeat {
			t.Errorf("%s: a decision that began %v after the commit goes by the old row (followed: %t), the bound is %v", step.name, took, followed, 2*heartbeat)
		} else {
			t.Logf("%s: the last decision by the old row began %v after the commit", step.name, took)
		}
	}
	d.decides(t, own(), 403, "unknown_object")
	d.decides(t, bobs, 200, "own-accounts")
	d.decides(t, nobodys, 403, "unknown_object")
	if n := metric(t, d.Tiergate, `tiergate_catalog_changes_lost_total{source="accounts"}`); n != 0 {
		t.Errorf("the channel was lost %v times: what was followed was not told", n)
	}
}

// databased is a server whose accounts are in a PostgreSQL.
func databased(t *testing.T) *databaseWorld {
	t.Helper()
	server := postgres.Start(t)
	name := server.Database(t)
	d := &databaseWorld{holder: &holder{World: world(t, programs(t, true))}, admin: server.Conn(t, name)}
	postgres.Exec(t, d.admin, `
		CREATE ROLE tiergate LOGIN PASSWORD 'canary-7b2e-not-to-be-logged';
		CREATE TABLE accounts (number text PRIMARY KEY, customer text, tenant text, owner text, frozen boolean, tier text);
		GRANT SELECT ON accounts TO tiergate;
		INSERT INTO accounts VALUES ('NO100001', 'ada', 'nord', 'ada', false), ('NO200001', 'bob', 'nord', 'bob', false)`)
	config, err := d.Configure("database", func(s Settings) error {
		s["cache"] = map[string]any{"ttl": map[string]any{"default": "10m"}}
		s["catalogs"].(map[string]any)["accounts"] = map[string]any{"postgres": map[string]any{ //nolint:forcetypeassert // as the example has it
			"dsn": server.DSN("tiergate", "", name), "password_file": "./password", "changes": true, "heartbeat": heartbeat.String(),
			"types": map[string]any{"account": map[string]any{
				"table": "accounts", "id": "number", "tier": "tier", "parent": "customer", "columns": []any{"tenant", "owner", "frozen"},
			}},
		}}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(config), "password"), []byte("canary-7b2e-not-to-be-logged\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	migration, err := exec.CommandContext(t.Context(), d.programs.Tiergate, "catalog", "outbox", "-c", config, "accounts", "--reader", "tiergate").Output()
	if err != nil {
		t.Fatal(err)
	}
	postgres.Exec(t, d.admin, string(migration))
	d.Tiergate = serving(t, d.World, "database", config)
	d.asked = asking(t, d.Tiergate.GRPC)
	t.Cleanup(func() {
		if strings.Contains(d.Tiergate.Log(), "canary-7b2e") {
			t.Error("the log has the password")
		}
	})
	return d
}

// databaseWorld decides by rows that an admin changes.
type databaseWorld struct {
	*holder
	admin *pgx.Conn
}
