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

// queuePerSlot bounds how many requests wait for each slot: some 5 ms of cheap
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
	busy      chan struct{} // holds one element a slot in use
	questions questions
	waiting   atomic.Int64  // for a slot, or for another check of the same token
	checked   atomic.Uint64 // signatures, good or bad
	refused   atomic.Uint64 // tokens, because too many waited, or too long
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

// verify checks the token's signature in a slot for keys of that price, once for
// all who bring the token at the same time.
func (k *keys) verify(ctx context.Context, set *keySet, c *compact, kid string) error {
	s := k.slots[set.prices[kid]]
	return s.do(ctx, question{c.signed, string(c.signature), set}, func() error {
		if err := s.enter(ctx); err != nil {
			return err
		}
		defer s.leave()
		s.checked.Add(1)
		return set.verify(ctx, c, kid)
	})
}

// enter takes a slot, and waits for one as long as ctx and the queue allow.
func (s *slots) enter(ctx context.Context) error {
	select {
	case s.busy <- struct{}{}:
		return nil
	default:
	}
	if err := s.queue(); err != nil {
		return err
	}
	defer s.waiting.Add(-1)
	select {
	case s.busy <- struct{}{}:
		return nil
	case <-ctx.Done():
		return s.late(ctx)
	}
}

func (s *slots) leave() { <-s.busy }

// wait waits for another check, as long as ctx and the queue allow.
func (s *slots) wait(ctx context.Context, done <-chan struct{}) error {
	if err := s.queue(); err != nil {
		return err
	}
	defer s.waiting.Add(-1)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return s.late(ctx)
	}
}

// queue counts one more that waits, unless too many do.
func (s *slots) queue() error {
	if n := s.waiting.Add(1); n > int64(queuePerSlot*cap(s.busy)) {
		s.waiting.Add(-1)
		s.refused.Add(1)
		return rules.Faultf(rules.Overloaded, "%d tokens wait for their signature to be checked", n-1)
	}
	return nil
}

func (s *slots) late(ctx context.Context) error {
	s.refused.Add(1)
	return &rules.Fault{Reason: rules.Overloaded, Detail: "the deadline came before the signature was checked", Err: ctx.Err()}
}
