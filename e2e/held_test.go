//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// accountsOf are 30 accounts of ada's and one of bob's, at a tier.
func accountsOf(tier string) string {
	var b strings.Builder
	b.WriteString("id,parent,tenant,owner,frozen,tier\n")
	for i := range 30 {
		fmt.Fprintf(&b, "NO1%05d,ada,nord,ada,false,%s\n", i+1, tier)
	}
	fmt.Fprintf(&b, "NO200001,bob,nord,bob,false,%s\n", tier)
	return b.String()
}

// An export that lowers all accounts takes the place of one, in memory and in
// SQLite: it waits, and the old rows decide, until it is accepted by its hash.
func TestHeldCatalogIsLetInByAccept(t *testing.T) {
	for _, source := range []string{"file", "sqlite"} {
		t.Run(source, func(t *testing.T) {
			h := holdUp(t, source)
			h.decides(t, own(), 403, "no_rule") // restricted, and the rule ends below

			h.export(t, accountsOf(""))
			eventually(t, 15*time.Second, "a held version", func() bool { return metric(t, h.Tiergate, `tiergate_catalog_held{source="accounts"}`) == 1 })
			said := regexp.MustCompile(`"catalog file held until it is accepted".*"sha256":"([0-9a-f]{64})","rows":31,"lowered":31,"lost":0`).FindStringSubmatch(h.Tiergate.Log())
			if said == nil {
				t.Fatalf("the log does not say what is held:\n%s", h.Tiergate.tail())
			}
			h.decides(t, own(), 403, "no_rule")

			if out, err := h.accept(strings.Repeat("0", 64)); err == nil {
				t.Errorf("another hash was accepted: %s", out)
			}
			if _, err := os.Stat(filepath.Join(h.dir, "state", "catalog-accepted")); !os.IsNotExist(err) {
				t.Errorf("servers would find that another hash was accepted: %v", err)
			}
			h.decides(t, own(), 403, "no_rule")

			if out, err := h.accept(said[1][:12]); err != nil {
				t.Fatalf("accept: %v\n%s", err, out)
			}
			eventually(t, 15*time.Second, "the version that was accepted", func() bool { return h.check(t, h.asked, own()).Allowed })
			h.decides(t, own(), 200, "own-accounts")
			h.decides(t, call(ada, "GET", bobsAccount, "", "bob's account"), 403, "no_rule")
			if n := metric(t, h.Tiergate, `tiergate_catalog_held{source="accounts"}`); n != 0 {
				t.Errorf("tiergate_catalog_held is %v once nothing waits", n)
			}
		})
	}
}

// holder is a server whose catalog of accounts is exported anew.
type holder struct {
	*World
	source string
	dir    string // of the configuration
	asked  *Checker
}

// holdUp serves accounts that are restricted, to a rule that ends below.
func holdUp(t *testing.T, source string) *holder {
	t.Helper()
	h := &holder{World: world(t, programs(t, true)), source: source}
	config, err := h.Configure("held", func(s Settings) error {
		catalogs, ok := s["catalogs"].(map[string]any)
		if !ok {
			return fmt.Errorf("no catalogs: %v", s["catalogs"])
		}
		if source == "sqlite" {
			catalogs["accounts"] = map[string]any{"sqlite": map[string]any{"file": "./catalog/accounts.db"}}
		}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	h.dir = filepath.Dir(config)
	rules := filepath.Join(h.dir, "rules", "rules.yaml")
	text, err := os.ReadFile(rules)
	if err != nil {
		t.Fatal(err)
	}
	below := strings.Replace(string(text), "up_to: restricted", "up_to: confidential", 1)
	if _, first, _ := strings.Cut(below, "- id: "); below == string(text) || !strings.HasPrefix(first, "own-accounts\n") {
		t.Fatal("the first rule is no longer own-accounts, up to restricted")
	}
	if err := os.WriteFile(rules, []byte(below), 0o600); err != nil {
		t.Fatal(err)
	}
	h.export(t, accountsOf("restricted"))
	h.Tiergate = serving(t, h.World, "held", config)
	h.asked = asking(t, h.Tiergate.GRPC)
	return h
}

// export puts rows in the place of those that are there.
func (h *holder) export(t *testing.T, rows string) {
	t.Helper()
	file := filepath.Join(h.dir, "catalog", "accounts.csv")
	if err := os.WriteFile(file+".new", []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	if h.source == "sqlite" {
		out, err := exec.CommandContext(t.Context(), h.programs.Tiergate, "catalog", "import", "-o", filepath.Join(h.dir, "catalog", "accounts.db"), "--type", "account", file).CombinedOutput()
		if err != nil {
			t.Fatalf("import: %v\n%s", err, out)
		}
	}
}

func (h *holder) accept(hash string) (string, error) {
	out, err := exec.Command(h.programs.Tiergate, "catalog", "accept", "-c", filepath.Join(h.dir, "tiergate.yaml"), hash).CombinedOutput() //nolint:noctx // it ends at once
	return string(out), err
}

// decides asks, and wants the answer and what the record says of it.
func (h *holder) decides(t *testing.T, c Call, status int, why string) {
	t.Helper()
	answer := h.check(t, h.asked, c)
	d, err := h.Tiergate.Decision(t.Context(), answer.Decision)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status != status || d.Why() != why {
		t.Errorf("%s: %d %s, want %d %s", c.Request.Target, answer.Status, d.Why(), status, why)
	}
}
