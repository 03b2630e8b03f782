package identity

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// J6, A21: clients that go on sending tokens of removed keys, and of a key that
// never was, take no refetch away from the next key of an issuer that signs with
// it at once: its first token passes, whenever 30 s lie between two rotations.
func TestJ6WithdrawnKeysDoNotDelayTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		signers := []signer{ecKey()}
		p := serving(signers[0])
		v := running(t, p)
		never := ecKey().named("never").mint(nil, lasting())
		stale := func() {
			for _, old := range signers[:len(signers)-1] {
				wants(t, v, old.mint(nil, lasting()), rules.TokenKeyUnknown)
			}
			wants(t, v, never, rules.TokenKeyUnknown)
		}
		before := p.count()
		began := time.Now()
		for n := range 20 {
			next := must(newSigner(fmt.Sprint("next-", n), "ES256"))
			p.serve(next)
			signers = append(signers, next)
			wants(t, v, next.mint(nil, lasting()), "")
			for range 31 {
				stale()
				time.Sleep(time.Second)
			}
		}
		if got, limit := p.count()-before, 2+int(time.Since(began)/refetchEvery)+int(time.Since(began)/(defaultRefresh*9/10)); got > limit {
			t.Errorf("%d fetches in %v, want at most %d", got, time.Since(began), limit)
		}
	})
}

// Twin: a key that comes back is found, by a refetch when none was asked for
// lately, and else by the next refresh.
func TestJ6AWithdrawnKeyMayComeBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := ecKey(), must(newSigner("ec-2", "ES256"))
		p := serving(first)
		v := running(t, p)
		p.serve(second)
		wants(t, v, second.mint(nil, lasting()), "")
		wants(t, v, first.mint(nil, lasting()), rules.TokenKeyUnknown)
		p.serve(first, second)
		wants(t, v, first.mint(nil, lasting()), rules.TokenKeyUnknown) // the last refetch is for a key that nobody knows
		time.Sleep(time.Minute)
		wants(t, v, first.mint(nil, lasting()), "")
		wants(t, v, second.mint(nil, lasting()), "")
	})
}
