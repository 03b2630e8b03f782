package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

func TestPrices(t *testing.T) {
	ec := func(c elliptic.Curve) any { return &must(ecdsa.GenerateKey(c, rand.Reader)).PublicKey }
	bits := func(n int) any { return &rsa.PublicKey{N: oddOf(n), E: 65537} }
	for _, row := range []struct {
		name string
		key  any
		want price
	}{
		{"RSA-2048", bits(2048), cheap}, {"RSA-2049", bits(2049), costly}, {"RSA-4096", bits(4096), costly},
		{"P-256", ec(elliptic.P256()), cheap}, {"P-384", ec(elliptic.P384()), costly}, {"P-521", ec(elliptic.P521()), costly},
		{"Ed25519", edKey().private.Public(), cheap},
	} {
		if got := priceOf(row.key); got != row.want {
			t.Errorf("%s is %v, want %v", row.name, got, row.want)
		}
	}
	for n, want := range map[int][2]int{0: {1, 1}, 1: {1, 1}, 2: {2, 1}, 8: {8, 4}} {
		if p := pools(n); cap(p[cheap].busy) != want[0] || cap(p[costly].busy) != want[1] {
			t.Errorf("%d processors have %d and %d slots, want %v", n, cap(p[cheap].busy), cap(p[costly].busy), want)
		}
	}
}

// occupied takes every slot of a price, as a flood does, and returns how to end it.
func occupied(v *Verifier, p price) (release func()) {
	s := v.order[0].keys.slots[p]
	for range cap(s.busy) {
		s.busy <- struct{}{}
	}
	return func() {
		for range cap(s.busy) {
			s.leave()
		}
	}
}

func slotsOf(v *Verifier, p price) SlotStats { return v.Stats()[0].Slots[p] }

// A flood of tokens under a costly key takes nothing from those under cheap
// ones, nor from tokens that are known; one under cheap keys stops those alone
// that nobody has seen before.
func TestCostlySignaturesDoNotStarveCheapOnes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dear := must(newSigner("p384", "ES384"))
		v := running(t, serving(ecKey(), dear), func(c *IssuerConfig) { c.Algorithms = []string{"ES256", "ES384"} })
		known := ecKey().mint(nil, lasting())
		wants(t, v, known, "")
		wants(t, v, dear.mint(nil, lasting()), "") // twin

		release := occupied(v, costly)
		wants(t, v, dear.mint(nil, lasting()), rules.Overloaded)
		wants(t, v, ecKey().mint(nil, lasting()), "")
		release()
		wants(t, v, dear.mint(nil, lasting()), "")

		release = occupied(v, cheap)
		wants(t, v, ecKey().mint(nil, lasting()), rules.Overloaded)
		wants(t, v, dear.mint(nil, lasting()), "")
		wants(t, v, known, "")
		release()
		wants(t, v, ecKey().mint(nil, lasting()), "")
	})
}

// One issuer's flood is no other issuer's affair.
func TestSlotsBelongToOneIssuer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const other = "https://other.example.com"
		v := verifier(t, serving(ecKey()), Options{Now: time.Now, Issuers: []IssuerConfig{
			config(), config(func(c *IssuerConfig) { c.Name, c.Issuer = "other", other }),
		}})
		start(t, v)
		release := occupied(v, cheap)
		defer release()
		wants(t, v, ecKey().mint(nil, lasting()), rules.Overloaded)
		wants(t, v, ecKey().mint(nil, with(lasting(), object{"iss": other})), "")
	})
}

func TestWaitingForASlotIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		release := occupied(v, cheap)
		most := queuePerSlot * cap(v.order[0].keys.slots[cheap].busy)
		var wait sync.WaitGroup
		for range most {
			wait.Go(func() { wants(t, v, ecKey().mint(nil, lasting()), "") })
		}
		synctest.Wait()
		begin := time.Now()
		wants(t, v, ecKey().mint(nil, lasting()), rules.Overloaded)
		if took := time.Since(begin); took != 0 {
			t.Errorf("one too many waited %v", took)
		}
		if s := slotsOf(v, cheap); s.Waiting != most || s.Busy != s.Slots || s.Refused != 1 {
			t.Errorf("%+v, want all busy and %d waiting", s, most)
		}
		time.Sleep(100 * time.Millisecond)
		release()
		wait.Wait()
		if s := slotsOf(v, cheap); s.Waiting != 0 || s.Busy != 0 || s.Refused != 1 {
			t.Errorf("%+v, want nothing left", s)
		}
		if got := v.CacheStats().Entries; got != most {
			t.Errorf("%d entries, want the %d that were let in", got, most)
		}
	})
}

func TestAWaitForASlotEndsWithTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		defer occupied(v, cheap)()
		begin := time.Now()
		wants(t, v, ecKey().mint(nil, lasting()), rules.Overloaded)
		if took := time.Since(begin); took != 200*time.Millisecond {
			t.Errorf("it took %v, want the deadline's 200ms", took)
		}
		if s := slotsOf(v, cheap); s.Waiting != 0 || s.Refused != 1 {
			t.Errorf("%+v, want nobody waiting", s)
		}
	})
}

// K3: the same new token in many requests at once is checked once, and they
// count as waiting like all others.
func TestOneCheckForManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		good := ecKey().mint(nil, lasting())
		bad := good[:len(good)-6] + "AAAAAA"
		release := occupied(v, cheap)
		half := queuePerSlot * cap(v.order[0].keys.slots[cheap].busy) / 2
		var wait sync.WaitGroup
		for range half {
			wait.Go(func() { wants(t, v, good, "") })
			wait.Go(func() { wants(t, v, bad, rules.TokenSignature) })
		}
		synctest.Wait()
		if s := slotsOf(v, cheap); s.Waiting != 2*half {
			t.Errorf("%d wait, want all %d", s.Waiting, 2*half)
		}
		wants(t, v, good, rules.Overloaded) // one too many, and no reason to wait for others
		release()
		wait.Wait()
		if s := slotsOf(v, cheap); s.Checked != 2 || s.Waiting != 0 || len(v.order[0].keys.slots[cheap].questions.pending) != 0 {
			t.Errorf("%+v, want one check for each token and nothing left", s)
		}
		if s := v.CacheStats(); s.Entries != 1 {
			t.Errorf("%d entries, want the good token alone", s.Entries)
		}
	})
}

// Whatever differs in a token makes it another question.
func TestOnlyTheSameSignatureIsJoined(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		release := occupied(v, cheap)
		good := ecKey().mint(nil, lasting())
		dot, last := strings.IndexByte(good, '.'), strings.LastIndexByte(good, '.')
		forged := good[:dot] + "." + b64(must(json.Marshal(with(lasting(), object{"sub": "eve"})))) + good[last:]
		other := ecKey().mint(nil, with(lasting(), object{"sub": "bob"}))
		var wait sync.WaitGroup
		for token, want := range map[string]rules.Reason{
			good: "", other: "", forged: rules.TokenSignature, good[:last] + other[strings.LastIndexByte(other, '.'):]: rules.TokenSignature,
		} {
			wait.Go(func() { wants(t, v, token, want) })
		}
		synctest.Wait()
		release()
		wait.Wait()
		if s := slotsOf(v, cheap); s.Checked != 4 {
			t.Errorf("%d checks, want one for each token", s.Checked)
		}
	})
}

// A follower goes on by its own clock and its own claims: what the leader found
// is the signature alone.
func TestAFollowerHasItsOwnTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		release := occupied(v, cheap)
		token := ecKey().mint(nil, with(lasting(), object{"exp": time.Now().Add(time.Hour).Unix()}))
		var wait sync.WaitGroup
		wait.Go(func() { wants(t, v, token, "") })
		synctest.Wait()
		wait.Go(func() {
			req := bearing(token)
			req.Now = time.Now().Add(2 * time.Hour)
			_, err := v.Verify(t.Context(), req)
			if got := reasonOf(t, err, token); got != rules.TokenExpired {
				t.Errorf("refused for %q, want %q", got, rules.TokenExpired)
			}
		})
		synctest.Wait()
		release()
		wait.Wait()
		if s := slotsOf(v, cheap); s.Checked != 1 {
			t.Errorf("%d checks, want one", s.Checked)
		}
	})
}

// K3: a leader whose own check ends takes nobody along.
func TestACancelledLeaderFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		token := ecKey().mint(nil, lasting())
		release := occupied(v, cheap)
		ctx, cancel := context.WithCancel(t.Context())
		var wait sync.WaitGroup
		wait.Go(func() {
			req := bearing(token)
			req.Now = time.Now()
			_, err := v.Verify(ctx, req)
			if got := reasonOf(t, err, token); got != rules.Overloaded || !errors.Is(err, context.Canceled) {
				t.Errorf("the leader: %v", err)
			}
		})
		synctest.Wait()
		for range 20 {
			wait.Go(func() { wants(t, v, token, "") })
		}
		synctest.Wait()
		cancel()
		synctest.Wait()
		if s := slotsOf(v, cheap); s.Waiting != 20 || s.Checked != 0 {
			t.Errorf("%+v, want the others to wait on", s)
		}
		release()
		wait.Wait()
	})
}

func TestAFollowerWaitsNoLongerThanItsCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSlots(1)
		if _, lead := s.questions.join(question{}); !lead {
			t.Fatal("nobody leads")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := s.do(ctx, question{}, func() error { t.Error("a second check"); return nil })
		if got := reasonOf(t, err, ""); got != rules.Overloaded || s.waiting.Load() != 0 {
			t.Errorf("refused for %q, want %q", got, rules.Overloaded)
		}
	})
}

// A panic is a denial of one request, not a wait without end for the others.
func TestAPanickingLeaderIsFollowed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, fails := newSlots(1), make(chan struct{})
		var wait sync.WaitGroup
		wait.Go(func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			s.do(t.Context(), question{}, func() error { <-fails; panic("a bug") })
		})
		synctest.Wait()
		want := errors.New("led")
		wait.Go(func() {
			if err := s.do(t.Context(), question{}, func() error { return want }); !errors.Is(err, want) {
				t.Errorf("do = %v, want the next to lead", err)
			}
		})
		synctest.Wait()
		close(fails)
		wait.Wait()
	})
}

// BenchmarkSignature is where the prices come from.
func BenchmarkSignature(b *testing.B) {
	wide := func(bits int) signer {
		return signer{fmt.Sprint("rsa-", bits), "RS256", must(rsa.GenerateKey(rand.Reader, bits))}
	}
	for _, s := range []signer{
		rsaKey(), ecKey(), edKey(), wide(3072), wide(4096), must(newSigner("p384", "ES384")),
		{"p521", "ES512", must(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))},
	} {
		b.Run(s.kid, func(b *testing.B) {
			v := loaded(b, serving(s), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
				c.Algorithms = []string{"RS256", "ES256", "ES384", "ES512", "EdDSA"}
			})}})
			c, err := v.gate(s.mint(nil, goodClaims()))
			if err != nil {
				b.Fatal(err)
			}
			keys := v.order[0].keys
			for b.Loop() {
				if err := keys.verify(b.Context(), keys.current.Load(), c, s.kid); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("rsa-8192", func(b *testing.B) { // of no known factors: the refusal costs as much
		n := oddOf(8192)
		key := &rsa.PublicKey{N: n, E: 65537}
		signature := new(big.Int).Rsh(n, 1).FillBytes(make([]byte, 1024))
		for b.Loop() {
			if err := algorithms["RS256"].method.Verify("x", signature, key); err == nil {
				b.Fatal("it verifies")
			}
		}
	})
}
