package identity

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tiergate/tiergate/rules"
)

// While keys come and go under load, a token is accepted exactly when its key is
// there: the token of a key that stays always, that of one that never was never,
// and after a withdrawal not even once more from the cache.
func TestRotationUnderLoad(t *testing.T) {
	always, coming, never := ecKey(), edKey(), rogue()
	v := loaded(t, serving(always), Options{})
	tokens := map[string]string{"always": always.mint(nil, goodClaims()), "coming": coming.mint(nil, goodClaims()), "never": never.mint(nil, goodClaims())}
	var stop atomic.Bool
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for !stop.Load() {
				if _, got := verify(t, v, tokens["always"]); got != "" {
					t.Errorf("the key that stays: refused for %q", got)
				}
				if _, got := verify(t, v, tokens["never"]); got != rules.TokenKeyUnknown {
					t.Errorf("the key that never was: %q", got)
				}
				if _, got := verify(t, v, tokens["coming"]); got != "" && got != rules.TokenKeyUnknown {
					t.Errorf("the key that comes and goes: %q", got)
				}
			}
		})
	}
	for range 100 {
		replace(v, always, coming)
		if _, got := verify(t, v, tokens["coming"]); got != "" {
			t.Errorf("there: refused for %q", got)
		}
		replace(v, always)
		if _, got := verify(t, v, tokens["coming"]); got != rules.TokenKeyUnknown {
			t.Errorf("withdrawn: %q", got)
		}
	}
	stop.Store(true)
	wait.Wait()
	if got := v.Stats()[0].Generation; got != 201 {
		t.Errorf("generation %d, want one for each change", got)
	}
}

// A refresh asked for by hand and one of Run never overtake each other: the set
// that was fetched last serves.
func TestConcurrentFetches(t *testing.T) {
	p := serving(ecKey())
	v := loaded(t, p, Options{})
	p.serve(ecKey(), edKey())
	var wait sync.WaitGroup
	for range 8 {
		wait.Go(func() {
			if err := v.Fetch(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	wait.Wait()
	if s := v.Stats()[0]; s.Generation != 2 || s.Keys != 2 || s.FetchOK != 9 {
		t.Errorf("stats = %+v, want one new generation", s)
	}
}

// The gates only take away: whatever we accept, golang-jwt with every option on
// accepts by the same key.
func TestGolangJWTAgrees(t *testing.T) {
	v := loaded(t, serving(rsaKey(), ecKey(), edKey()), Options{})
	for _, s := range []signer{rsaKey(), ecKey(), edKey()} {
		for _, claims := range []object{goodClaims(), with(goodClaims(), object{"aud": []string{"x", audience}, "nbf": now.Unix()})} {
			token := s.mint(nil, claims)
			if _, got := verify(t, v, token); got != "" {
				t.Fatalf("%s: refused for %q", s.alg, got)
			}
			_, err := jwt.Parse(token, func(*jwt.Token) (any, error) { return s.private.Public(), nil },
				jwt.WithValidMethods([]string{s.alg}), jwt.WithExpirationRequired(), jwt.WithIssuer(iss), jwt.WithAudience(audience),
				jwt.WithIssuedAt(), jwt.WithStrictDecoding(), jwt.WithTimeFunc(func() time.Time { return now }))
			if err != nil {
				t.Errorf("%s: golang-jwt refuses: %v", s.alg, err)
			}
		}
	}
}
