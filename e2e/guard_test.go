//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// Rules that open much wait, over a restart too, until they are accepted; those
// that only deny more do not.
func TestRulesThatOpenMuchWait(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("guarded", func(s Settings) error {
		s["guard"] = map[string]any{"decisions": 100, "allows": "5%"}
		s["drain"] = map[string]any{"wait": "0s"}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	good, put := replaced(t, config, "rules", "rules.yaml")
	const opening = "\n  - { id: opened, allow: customers, to: [read], on: account, up_to: restricted, because: x, owner: y, review_by: 2027-12-31 }\n"
	const locking = "\n  - { id: locked, deny: customers, to: [read], on: account }\n"
	foreign := call(ada, "GET", bobsAccount, "", "bob's account").denied(403, "no_rule")

	first := serving(t, w, "first", config)
	hash := policyOf(t, first)
	asked := asking(t, first.GRPC)
	for range 30 {
		if a := w.check(t, asked, foreign); a.Allowed {
			t.Fatal("bob's account is open before anything happened")
		}
	}
	put(good + opening)
	eventually(t, 10*time.Second, "the version that waits", func() bool { return metric(t, first, "tiergate_rules_held") == 1 })
	loaded, err := first.Rules(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	waits, _ := loaded["held"].(string)
	if len(waits) != 64 || policyOf(t, first) != hash {
		t.Fatalf("held %q, in force %q", waits, policyOf(t, first))
	}
	if a := w.check(t, asked, foreign); a.Allowed {
		t.Error("bob's account is open while the version waits")
	}

	// A lock-down takes its place at once.
	put(good + locking)
	eventually(t, 10*time.Second, "the lock-down", func() bool { return policyOf(t, first) != hash && metric(t, first, "tiergate_rules_held") == 0 })
	if a := w.check(t, asked, own()); a.Allowed {
		t.Error("her own account is open in a lock-down")
	}
	put(good + opening)
	eventually(t, 10*time.Second, "the version that waits again", func() bool { return metric(t, first, "tiergate_rules_held") == 1 })
	if err := first.Stop(); err != nil {
		t.Fatalf("stop: %v", err)
	}

	second := serving(t, w, "second", config)
	w.Tiergate = second
	asked = asking(t, second.GRPC)
	if a := w.check(t, asked, foreign); a.Allowed {
		t.Error("a restart let in what waited")
	}
	out, err := exec.CommandContext(t.Context(), w.programs.Tiergate, "rules", "accept", "-c", config, waits[:12]).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "accepted for a day: policy "+waits) {
		t.Fatalf("accept: %v: %s", err, out)
	}
	eventually(t, 10*time.Second, "the accepted version", func() bool { return policyOf(t, second) == waits })
	if a := w.check(t, asked, foreign); !a.Allowed {
		t.Errorf("bob's account is closed by the version that was accepted: %d", a.Status)
	}
}
