package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"runtime"
	"sync/atomic"

	"github.com/tiergate/tiergate/rules"
)

// queuePerSlot bounds how many tokens wait for each slot: some 5 ms of cheap
// signatures, and at most 110 ms of the costliest.
const queuePerSlot = 64

// price says which of an issuer's slots a key's signatures need.
type price int

// The prices. Measured: RSA-2048, P-256 and Ed25519 take 30 to 70 µs, RSA-3072
// already 250 µs, RSA-4096 400, P-384 550, P-521 1500 and RSA-8192 1700.
const (
	cheap price = iota
	costly
)

const cheapRSABits = 2048

var prices = [...]price{cheap, costly}

func (p price) String() string { return [...]string{"cheap", "costly"}[p] }

// priceOf is what a signature by this public key costs to check.
func priceOf(key any) price {
	switch public := key.(type) {
	case *rsa.PublicKey:
		if public.N.BitLen() > cheapRSABits {
			return costly
		}
	case *ecdsa.PublicKey:
		if public.Curve != elliptic.P256() {
			return costly
		}
	}
	return cheap
}

// slots bound how many signatures are checked at once and how many wait for it.
// Checking is all processor time, so more at once would finish none sooner and
// delay everybody whose token is known already.
type slots struct {
	busy    chan struct{} // holds one element a slot in use
	waiting atomic.Int64
	refused atomic.Uint64 // because too many waited, or too long
}

func newSlots(n int) *slots { return &slots{busy: make(chan struct{}, n)} }

// pools returns an issuer's slots by price, for so many processors. Costly
// signatures have slots of their own, and fewer: they cannot take those of the
// cheap ones, nor all processors where there are several.
func pools(processors int) [len(prices)]*slots {
	return [...]*slots{cheap: newSlots(max(1, processors)), costly: newSlots(max(1, processors/2))}
}

// processors is how many the program may use.
func processors() int { return runtime.GOMAXPROCS(0) }

// enter takes a slot, and waits for one as long as ctx and the queue allow.
func (s *slots) enter(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	default:
	}
	defer s.waiting.Add(-1)
	if n := s.waiting.Add(1); n > int64(queuePerSlot*cap(s.busy)) {
		s.refused.Add(1)
		return rules.Faultf(rules.Overloaded, "%d tokens wait for their signature to be checked", n-1)
	}
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		s.refused.Add(1)
		return &rules.Fault{Reason: rules.Overloaded, Detail: "the deadline came before the signature was checked", Err: ctx.Err()}
	}
}

func (s *slots) leave() { <-s.busy }

// verify checks the token's signature in a slot for keys of that price.
func (k *keys) verify(ctx context.Context, set *keySet, c *compact, kid string) error {
	s := k.slots[set.prices[kid]]
	if err := s.enter(ctx); err != nil {
		return err
	}
	defer s.leave()
	return set.verify(ctx, c, kid)
}
