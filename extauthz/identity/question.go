package identity

import (
	"context"
	"errors"
	"sync"
)

// questions join the checks of one signature that are asked for at the same time:
// one does it, the others take its answer. Nothing is kept once it is there. A
// signature is good or bad whatever the time is, so each goes on for itself from
// there, by its own clock.
type questions struct {
	mu      sync.Mutex
	pending map[question]*checking
}

// question is all that the answer depends on: what is signed, which names the
// algorithm and the key, the signature, and a state of the keys.
type question struct {
	signed, signature string
	keys              *keySet
}

// checking is one check under way. Its result is set before done closes.
type checking struct {
	done chan struct{}
	err  error
	own  bool // the end was the leader's own affair, so it says nothing to the others
}

// join returns the check of a token. Whoever leads must land it.
func (q *questions) join(what question) (c *checking, lead bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if c, ok := q.pending[what]; ok {
		return c, false
	}
	if q.pending == nil {
		q.pending = make(map[question]*checking)
	}
	c = &checking{done: make(chan struct{}), own: true} // until it ended well
	q.pending[what] = c
	return c, true
}

func (q *questions) land(what question, c *checking) {
	q.mu.Lock()
	delete(q.pending, what)
	q.mu.Unlock()
	close(c.done)
}

// do checks, or waits for whoever checks the same. A leader whose context ends,
// or who panics, takes nobody along: the next of the others leads.
func (s *slots) do(ctx context.Context, what question, check func() error) error {
	for {
		c, lead := s.questions.join(what)
		if lead {
			defer s.questions.land(what, c)
			c.err = check()
			c.own = ended(c.err)
			return c.err
		}
		if err := s.wait(ctx, c.done); err != nil {
			return err
		}
		if !c.own {
			return c.err
		}
	}
}

// ended reports whether an error came from the end of a context.
func ended(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}
