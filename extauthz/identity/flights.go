package identity

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// flights join the checks that bring the same unknown token at the same time:
// one verifies it, the others take its answer. Nothing is kept once it is there.
type flights struct {
	mu      sync.Mutex
	pending map[digest]*verification
}

// verification is one token's, under way. Its result is set before done closes.
type verification struct {
	done  chan struct{}
	entry *entry // nil when it was refused
	err   error
	own   bool // the end was the leader's own affair, so it says nothing to the others
}

func newFlights() *flights { return &flights{pending: make(map[digest]*verification)} }

// join returns the verification of a token. Whoever leads must land it.
func (f *flights) join(d digest) (v *verification, lead bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if v, ok := f.pending[d]; ok {
		return v, false
	}
	v = &verification{done: make(chan struct{}), own: true} // until it ended well
	f.pending[d] = v
	return v, true
}

func (f *flights) land(d digest, v *verification) {
	f.mu.Lock()
	delete(f.pending, d)
	f.mu.Unlock()
	close(v.done)
}

// do returns who a token that is not in the cache belongs to. verify is called
// with the caller's own context; a leader whose context ends, or who panics,
// takes nobody along: the next of the others leads.
func (f *flights) do(ctx context.Context, d digest, now time.Time, verify func() (*entry, error)) (*entry, error) {
	for {
		v, lead := f.join(d)
		if lead {
			defer f.land(d, v)
			v.entry, v.err = verify()
			v.own = ended(v.err)
			return v.entry, v.err
		}
		select {
		case <-v.done:
		case <-ctx.Done():
			return nil, &rules.Fault{Reason: rules.Overloaded, Detail: "the deadline came before another check of the same token ended", Err: ctx.Err()}
		}
		switch {
		case v.own:
		case v.err != nil:
			return nil, v.err
		case v.entry.good(now):
			return v.entry, nil
		default: // between exp and the skew, or the keys have changed
			return verify()
		}
	}
}

// ended reports whether an error came from the end of a context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
