//go:build e2e

package e2e

import (
	"os"
	"testing"
)

// programs finds Envoy and, where the test needs it, tiergate.
func programs(t *testing.T, tiergate bool) Programs {
	t.Helper()
	var p Programs
	var err error
	if p.Envoy, err = FindEnvoy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if tiergate {
		if p.Tiergate, err = FindTiergate(t.Context(), "..", t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

// world is the bank example without tiergate and gateways.
func world(t *testing.T, p Programs) *World {
	t.Helper()
	w, err := NewWorld(os.DirFS("../examples/bank"), p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// What careful people run today lets every attack through that the table says
// it does, and every twin.
func TestBeforeTiergate(t *testing.T) {
	w := world(t, programs(t, false))
	if err := w.Open(t.Context(), Gateways[0], Gateways[1]); err != nil {
		t.Fatal(err)
	}
	for _, row := range Attacks() {
		t.Run(row.Name+"/"+string(row.Through()), func(t *testing.T) {
			for _, c := range []Call{row.Attack, row.Twin} {
				seen, err := w.Play(t.Context(), Gateway{row.Through(), true}, c)
				if err != nil {
					t.Fatal(err)
				}
				if problem := c.CheckBefore(seen); problem != "" {
					t.Errorf("%s %s as %s: %s", c.Request.Method, c.Request.Target, c.Who.Name, problem)
				}
			}
		})
	}
}
