package catalog

import (
	"fmt"
	"log/slog"
	"sync"
	"time"
)

// breaker keeps look-ups away from a source that fails or is slow: a Check is told
// at once what it would be told after its time, and the source is left to recover.
// It opens after so many bad answers in a row; then one look-up at a time, a probe,
// is let through after each pause, and a good answer closes it.
type breaker struct {
	name string
	log  *slog.Logger
	slow time.Duration // an answer that takes longer is a bad one

	mu      sync.Mutex
	bad     int // answers in a row
	open    bool
	probing bool
	next    time.Duration // when a probe may go
	era     uint64        // counts openings and closings: answers of another era say nothing about this one
	opened  uint64
}

const (
	mostBad  = 5
	cooldown = time.Second // the Retry-After of every 503
)

// permit lets one look-up through.
type permit struct {
	era   uint64
	probe bool
}

// answer is what a look-up says about its source.
type answer int

const (
	unasked answer = iota // nothing: the source was not asked
	good
	bad
)

// admit lets a look-up through, or says why not.
func (b *breaker) admit(now time.Duration) (permit, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case !b.open:
		return permit{era: b.era}, nil
	case b.probing || now < b.next:
		return permit{}, fmt.Errorf("%w: it failed or was slow %d times in a row, and is tried again once a %v", ErrUnavailable, b.bad, cooldown)
	}
	b.probing = true
	return permit{b.era, true}, nil
}

// stands reports whether what a permit was given for is still so.
func (b *breaker) stands(p permit) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return p.era == b.era
}

// told takes the answer to a look-up that was let through and took so long.
func (b *breaker) told(p permit, a answer, took, now time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.era != b.era {
		return
	}
	if p.probe {
		b.probing = false
	}
	if a == good && took > b.slow {
		a = bad
	}
	switch {
	case a == good && b.open:
		b.open = false
		b.era++
		b.log.Info("catalog source answers again", slog.String("source", b.name))
		b.bad = 0
	case a == good:
		b.bad = 0
	case a == bad:
		b.bad++
		b.next = now + cooldown
		if !b.open && b.bad >= mostBad {
			b.open = true
			b.era++
			b.opened++
			b.log.Error("catalog source left alone", slog.String("source", b.name), slog.Int("failures", b.bad))
		}
	}
}

// state reports whether the breaker is open, and how often it opened.
func (b *breaker) state() (open bool, opened uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open, b.opened
}
