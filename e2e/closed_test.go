//go:build e2e

package e2e

import (
	"net/http"
	"testing"
)

// Without tiergate nothing passes, by either bootstrap.
func TestFailClosed(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	gateways := Gateways[2:]
	if err := w.Open(t.Context(), gateways...); err != nil {
		t.Fatal(err)
	}
	for _, g := range gateways {
		if seen, err := w.Play(t.Context(), g, own()); err != nil || !seen.Reached {
			t.Fatalf("%v: with tiergate got %+v (%v), want it to pass", g, seen, err)
		}
	}
	w.Tiergate.Kill()
	w.Bank.Reset()
	for _, g := range gateways {
		for _, c := range []Call{own(), call(nobody, "GET", "/healthz", "", ""), call(nobody, "GET", "/debug/dump", "", "")} {
			r, err := w.credentialed(c)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := w.Send(t.Context(), g, "", r)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Status != http.StatusServiceUnavailable {
				t.Errorf("%v: %s without tiergate got %d, want 503", g, r.Target, resp.Status)
			}
		}
	}
	if seen := w.Bank.Seen(); len(seen) != 0 {
		t.Errorf("the bank saw %d requests without tiergate, want none", len(seen))
	}
	w.Tiergate = nil // killed on purpose: nothing is left to stop
}
