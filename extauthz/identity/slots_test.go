package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"math/big"
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

// K3: the same new token in many requests at once is checked once.
func TestOneVerificationForManyRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := running(t, serving(ecKey()))
		good := ecKey().mint(nil, lasting())
		bad := good[:len(good)-6] + "AAAAAA"
		release := occupied(v, cheap)
		var wait sync.WaitGroup
		for range 500 {
			wait.Go(func() { wants(t, v, good, "") })
			wait.Go(func() { wants(t, v, bad, rules.TokenSignature) })
		}
		synctest.Wait()
		if s := slotsOf(v, cheap); s.Waiting != 2 {
			t.Errorf("%d wait for a slot, want one for each token", s.Waiting)
		}
		release()
		wait.Wait()
		if n := len(v.flights.pending); n != 0 {
			t.Errorf("%d verifications are left", n)
		}
		if s := v.CacheStats(); s.Entries != 1 {
			t.Errorf("%d entries, want the good token alone", s.Entries)
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
		if s := slotsOf(v, cheap); s.Waiting != 1 {
			t.Errorf("%d wait for a slot, want the next leader", s.Waiting)
		}
		release()
		wait.Wait()
	})
}

func TestAFollowerWaitsNoLongerThanItsCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFlights()
		_, lead := f.join(digest{1})
		if !lead {
			t.Fatal("nobody leads")
		}
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		_, err := f.do(ctx, digest{1}, now, func() (*entry, error) { t.Error("a second verification"); return nil, nil })
		if got := reasonOf(t, err, ""); got != rules.Overloaded {
			t.Errorf("refused for %q, want %q", got, rules.Overloaded)
		}
	})
}

// A panic is a denial of one request, not a wait without end for the others.
func TestAPanickingLeaderIsFollowed(t *testing.T) {
	f := newFlights()
	func() {
		defer func() {
			if recover() == nil {
				t.Error("the panic was swallowed")
			}
		}()
		f.do(t.Context(), digest{1}, now, func() (*entry, error) { panic("a bug") })
	}()
	want := errors.New("led")
	if _, err := f.do(t.Context(), digest{1}, now, func() (*entry, error) { return nil, want }); !errors.Is(err, want) {
		t.Errorf("do = %v, want the next to lead", err)
	}
}

// What a follower gets must be good for its own time, and under the keys of now.
func TestAFollowerJudgesAnEntryForItself(t *testing.T) {
	for name, row := range map[string]struct {
		change func(*Verifier)
		later  time.Duration
		own    int // verifications of its own
	}{
		"twin: nothing happened": {nil, 0, 0},
		"the keys changed":       {func(v *Verifier) { replace(v, edKey()) }, 0, 1},
		"exp has come":           {nil, time.Hour, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				v := loaded(t, serving(ecKey()), Options{})
				who, got := verify(t, v, ecKey().mint(nil, goodClaims()))
				if got != "" {
					t.Fatal(got)
				}
				e := newEntry(who, v.order[0], 500, now)
				f := newFlights()
				lead, _ := f.join(digest{1})
				own := 0
				var wait sync.WaitGroup
				wait.Go(func() {
					f.do(t.Context(), digest{1}, now.Add(row.later), func() (*entry, error) { own++; return e, nil })
				})
				synctest.Wait()
				if row.change != nil {
					row.change(v)
				}
				lead.entry, lead.own = e, false
				f.land(digest{1}, lead)
				wait.Wait()
				if own != row.own {
					t.Errorf("%d verifications of its own, want %d", own, row.own)
				}
			})
		})
	}
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
