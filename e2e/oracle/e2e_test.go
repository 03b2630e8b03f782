//go:build e2e

package oracle

import (
	"os"
	"testing"

	"github.com/tiergate/tiergate/e2e"
)

// TestOracle runs a hundredth of what TIERGATE_FULL=1 runs: 20 seeds of 5,000 requests each.
func TestOracle(t *testing.T) {
	seeds, requests := uint64(4), 250
	if os.Getenv("TIERGATE_FULL") == "1" {
		seeds, requests = 20, 5000
	}
	o := Options{Requests: requests, Only: -1, Dir: t.TempDir()}
	var err error
	if o.Envoy, err = e2e.FindEnvoy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if o.Tiergate, err = e2e.FindTiergate(t.Context(), "../..", t.TempDir()); err != nil {
		t.Fatal(err)
	}
	total := NewResult(0)
	for seed := range seeds {
		o.Proxy = []string{"hardened", "base"}[seed%2]
		r, err := Run(t.Context(), seed, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Differences) > 0 {
			t.Errorf("%d differences\n%s", len(r.Differences), r.Report(o))
		}
		total.Add(r)
	}
	t.Logf("%d requests, %d allowed, %d sent again: %s", total.Sent, total.Allows, total.Again, total.Histogram())
	t.Logf("constructs: %s", total.Reached())
}
