//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// limited serves the bank where customers may read three of its public files an hour.
func limited(t *testing.T) (*World, string) {
	t.Helper()
	w := world(t, programs(t, true))
	config, err := w.Configure("limited", func(s Settings) error { return s.requireKeys() })
	if err != nil {
		t.Fatal(err)
	}
	text, put := replaced(t, config, "rules", "rules.yaml")
	with := strings.Replace(text, "  - id: public-files\n", "  - id: public-files\n    limit: { objects: 3, per: 1h }\n", 1)
	if with == text {
		t.Fatal("the example has no rule for files")
	}
	put(with)
	return w, config
}

// The third file passes and the fourth does not, nor after the process was killed in
// the middle of it and another one has started. A file that was read is no other one.
func TestLimitSurvivesBeingKilled(t *testing.T) {
	w, config := limited(t)
	serve := func(name string) *Checker {
		w.Tiergate = serving(t, w, name, config)
		return asking(t, w.Tiergate.GRPC)
	}
	asked := serve("first")
	reads := func(file string, status int, why string) {
		t.Helper()
		a := w.check(t, asked, call(ada, "GET", "/v1/files/"+file, "", ""))
		d, err := w.Tiergate.Decision(t.Context(), a.Decision)
		if err != nil {
			t.Fatal(err)
		}
		if a.Status != status || d.Why() != why {
			t.Errorf("%s: %d %s, want %d %s", file, a.Status, d.Why(), status, why)
		}
	}
	reads("public/1", 200, "public-files")
	reads("secret/1", 403, "no_rule") // which counts
	for range 3 {
		reads("public/2", 200, "public-files")
	}
	reads("public/3", 403, "object_budget_exceeded")
	reads("secret/2", 403, "no_rule")
	w.Tiergate.Kill()

	asked = serve("second")
	reads("public/3", 403, "object_budget_exceeded")
	reads("public/1", 200, "public-files")
	if got := metric(t, w.Tiergate, `tiergate_budget_charges_total{result="exceeded"}`); got != 1 {
		t.Errorf("%v requests found no room, want 1 since the start", got)
	}
	w.Tiergate.Kill()

	_, put := replaced(t, config, "state", "budgets", "budgets.journal")
	put("tiergate budgets 1 00000000\n")
	if p, err := StartTiergate(t.Context(), w.programs.Tiergate, "third", config); err == nil {
		_ = p.Stop()
		t.Error("a server started on a damaged journal")
	} else if !strings.Contains(fmt.Sprint(err), "budgets.journal: line 1: its sum is wrong") {
		t.Errorf("it says %v", err)
	}
}
