//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// The identity provider is down from the start and nothing is on disk: could
// not decide is 503, said straight over gRPC, and the right answers come within
// five seconds of its return.
func TestIdentityProviderDownFromTheStart(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Corp.Stop(); err != nil {
		t.Fatal(err)
	}
	config, err := w.Configure("tiergate", nil)
	if err != nil {
		t.Fatal(err)
	}
	if w.Tiergate, err = StartTiergate(t.Context(), w.programs.Tiergate, "tiergate", config); err != nil {
		t.Fatal(err)
	}
	asked := asking(t, w.Tiergate.GRPC)
	attack := Attacks()[0].Attack

	for _, c := range []Call{own(), attack} {
		answer := w.check(t, asked, c)
		if answer.Status != 503 {
			t.Errorf("%s: got %d while the provider is down, want 503", c.Request.Target, answer.Status)
		}
		d, err := w.Tiergate.Decision(t.Context(), answer.Decision)
		if err != nil {
			t.Fatal(err)
		}
		if d.Reason != "jwks_unavailable" {
			t.Errorf("%s: reason is %q, want jwks_unavailable", c.Request.Target, d.Reason)
		}
	}

	if err := w.Corp.Resume(); err != nil {
		t.Fatal(err)
	}
	eventually(t, 5*time.Second, "an allow", func() bool { return w.check(t, asked, own()).Allowed })
	if answer := w.check(t, asked, attack); answer.Status != 403 {
		t.Errorf("the attack got %d after the provider's return, want 403", answer.Status)
	}
}

// With the keys of an earlier run in state_dir no request is refused for the
// outage, from the first one on.
func TestIdentityProviderDownWithKeysOnDisk(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	if answer := w.check(t, asking(t, w.Tiergate.GRPC), own()); !answer.Allowed {
		t.Fatalf("got %d with the provider up, want an allow", answer.Status)
	}
	if err := w.Tiergate.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := w.Corp.Stop(); err != nil {
		t.Fatal(err)
	}
	var err error
	if w.Tiergate, err = StartTiergate(t.Context(), w.programs.Tiergate, "again", w.Tiergate.Config); err != nil {
		t.Fatal(err)
	}
	asked := asking(t, w.Tiergate.GRPC)
	for range 50 {
		if answer := w.check(t, asked, own()); !answer.Allowed {
			t.Fatalf("got %d with keys on disk, want an allow", answer.Status)
		}
		if answer := w.check(t, asked, Attacks()[0].Attack); answer.Status != 403 {
			t.Fatalf("the attack got %d with keys on disk, want 403", answer.Status)
		}
	}
}

// check asks about c with a fresh token.
func (w *World) check(t *testing.T, asked *Checker, c Call) Answer {
	t.Helper()
	r, err := w.credentialed(c)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := asked.Check(t.Context(), c.Who.Peer, r)
	if err != nil {
		t.Fatal(err)
	}
	return answer
}

// A provider that signs with a new key before anyone could fetch it: its first
// token makes the keys be fetched again, once, and waits for them.
func TestKeyRotatesWithoutNotice(t *testing.T) {
	w := world(t, programs(t, true))
	if err := w.Serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	asked := asking(t, w.Tiergate.GRPC)
	old, err := w.credentialed(own())
	if err != nil {
		t.Fatal(err)
	}
	fetched := w.Corp.Fetches()
	if err := w.Corp.Rotate("ES256"); err != nil {
		t.Fatal(err)
	}
	if answer := w.check(t, asked, own()); !answer.Allowed {
		t.Errorf("the first token of the new key got %d, want an allow", answer.Status)
	}
	if answer := w.check(t, asked, Attacks()[0].Attack); answer.Status != 403 {
		t.Errorf("the attack under the new key got %d, want 403", answer.Status)
	}
	if got := w.Corp.Fetches() - fetched; got != 1 {
		t.Errorf("the keys were fetched %d times, want once", got)
	}
	if answer, err := asked.Check(t.Context(), "", old); err != nil || !answer.Allowed {
		t.Errorf("a token of the old key, still published, got %d (%v), want an allow", answer.Status, err)
	}
	forged := own()
	forged.Who = ada.flawed(UnknownKey)
	if answer := w.check(t, asked, forged); answer.Status != 401 {
		t.Errorf("a key that nobody published got %d, want 401", answer.Status)
	}
}
