//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A served directory goes bad, the process restarts on it, and the directory is
// mended: the last good rules serve until then, and everybody can see it.
func TestR1RestartOnBadRulesServesTheLastGoodOnes(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("restarted", func(s Settings) error {
		s["drain"] = map[string]any{"wait": "0s"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(config), "rules", "rules.yaml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first := serving(t, w, "first", config)
	hash := policyOf(t, first)

	write(strings.Replace(string(good), "allow:", "alow:", 1))
	eventually(t, 10*time.Second, "the failed reload", func() bool { return metric(t, first, "tiergate_rules_reload_failures_total") > 0 })
	if got := policyOf(t, first); got != hash {
		t.Errorf("policy %s after a bad reload, want %s", got, hash)
	}
	if !strings.Contains(first.Log(), "rules/rules.yaml:") {
		t.Error("the log does not say where the mistake is")
	}
	if err := first.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}

	second := serving(t, w, "second", config)
	w.Tiergate = second
	if got := policyOf(t, second); got == "" {
		t.Error("no policy after the restart")
	}
	asked := asking(t, second.GRPC)
	if a := w.check(t, asked, own()); !a.Allowed {
		t.Errorf("her own account: %d after a restart on bad rules, want an allow by the last good ones", a.Status)
	}
	write(string(good))
	if err := second.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	eventually(t, 10*time.Second, "the mended rules", func() bool { return policyOf(t, second) == hash })
}

// A directory that never loaded has no last good version: the process says why,
// with the line, and does not start.
func TestR1NothingServesOnRulesThatNeverLoaded(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("never", func(Settings) error { return nil })
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(filepath.Dir(config), "rules", "tiers.yaml")
	good, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte("rulez: []\n"+string(good)), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := StartTiergate(t.Context(), w.programs.Tiergate, "never", config)
	if err == nil {
		_ = p.Stop()
		t.Fatal("tiergate started on rules that do not load")
	}
	if !strings.Contains(fmt.Sprint(err), "rules/tiers.yaml:1:1: unknown key") {
		t.Errorf("it says %v\nwant the place of the mistake", err)
	}
}

// C1, C3: a catalog file that goes bad keeps its rows, one that is mended shows
// within the poll.
func TestC3ACatalogReloadsAndKeepsItsLastGoodRows(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("catalog", func(s Settings) error {
		s["drain"] = map[string]any{"wait": "0s"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	good, replace := replaced(t, config, "catalog", "accounts.csv")
	p := serving(t, w, "catalog", config)
	w.Tiergate = p
	asked := asking(t, p.GRPC)
	allowed := func() bool { return w.check(t, asked, own()).Allowed }
	if !allowed() {
		t.Fatal("her own account is denied at first")
	}
	replace("id,parent\nNO100001\n")
	eventually(t, 10*time.Second, "the failed load", func() bool {
		return metric(t, p, `tiergate_catalog_reload_failures_total{source="accounts"}`) > 0
	})
	if !allowed() {
		t.Error("a bad file took the good rows away")
	}
	replace(strings.ReplaceAll(good, ",ada,", ",eve,"))
	eventually(t, 10*time.Second, "the account's new owner", func() bool { return !allowed() })
	replace(good)
	eventually(t, 10*time.Second, "the account's old owner", allowed)
}

func serving(t *testing.T, w *World, name, config string) *Tiergate {
	t.Helper()
	p, err := StartTiergate(t.Context(), w.programs.Tiergate, name, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Stop() })
	if err := p.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

func policyOf(t *testing.T, p *Tiergate) string {
	t.Helper()
	loaded, err := p.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hash, _ := loaded["policy"].(string)
	return hash
}

// metric is the value of a series, 0 when it is not there.
func metric(t *testing.T, p *Tiergate, series string) float64 {
	t.Helper()
	text, err := p.Metrics(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text) {
		if rest, ok := strings.CutPrefix(line, series+" "); ok {
			var v float64
			if _, err := fmt.Sscan(rest, &v); err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			return v
		}
	}
	return 0
}
