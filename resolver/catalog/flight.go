package catalog

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// source is a Source with what bounds its use: look-ups that are under way are
// shared, and only so many run at a time.
type source struct {
	Source
	catalog   *Catalog
	name      string
	versioned Versioned // nil when the source is not
	dated     Dated     // likewise
	timeout   time.Duration
	slots     chan struct{}
	pending   atomic.Int64 // batches begun and not ended
	answered  atomic.Uint64
	failed    atomic.Uint64
	refused   atomic.Uint64 // batches that it was not asked for: it was left alone, or too many waited
	running   sync.WaitGroup
	changes   *changes
	breaker   *breaker

	mu      sync.Mutex
	flights map[cacheKey]place
}

// batch is one Lookup under way. Its answer may be read once done is closed.
type batch struct {
	done    chan struct{}
	keys    []cacheKey
	stamps  []uint64 // parallel to keys: of before the look-up began
	entries []*entry // parallel to keys
	err     error
}

// place says where in a batch the answer to a key will be.
type place struct {
	batch *batch
	at    int
}

// maxPending bounds batches that wait for a slot, and so what look-ups that
// outlive their Checks can pile up.
const maxPending = 16

func newSource(c *Catalog, name string, from Source, timeout time.Duration, inFlight int) *source {
	s := &source{
		Source: from, catalog: c, name: name, timeout: timeout,
		slots: make(chan struct{}, inFlight), flights: make(map[cacheKey]place),
		breaker: &breaker{name: name, log: c.log, slow: timeout / 2},
	}
	s.versioned, _ = from.(Versioned)
	s.dated, _ = from.(Dated)
	_, watched := from.(Watcher)
	s.changes = newChanges(c, name, watched)
	return s
}

// version returns the generation that cached rows must have (0: any).
func (s *source) version() (uint64, error) {
	if s.versioned == nil {
		return 0, nil
	}
	generation, until := s.versioned.Version()
	if generation == 0 {
		return 0, rules.Faultf(rules.CatalogUnavailable, "catalog %s was not loaded yet", s.name)
	}
	if !until.IsZero() && s.catalog.now().After(until) {
		return 0, rules.Faultf(rules.CatalogStale, "catalog %s is past its max_age since %s", s.name, until.UTC().Format(time.RFC3339))
	}
	return generation, nil
}

// fetch reads keys from the source and returns the entries in their order. With
// share it waits for what is already under way instead of asking again. It
// returns when ctx ends; the look-up goes on and fills the cache.
func (s *source) fetch(ctx context.Context, keys []cacheKey, share bool) ([]*entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, s.fault(err)
	}
	places := s.board(ctx, keys, share)
	entries := make([]*entry, len(keys))
	for i, p := range places {
		select {
		case <-p.batch.done:
		case <-ctx.Done():
			return nil, s.fault(ctx.Err())
		}
		if p.batch.err != nil {
			return nil, s.fault(p.batch.err)
		}
		entries[i] = p.batch.entries[p.at]
	}
	return entries, nil
}

// board gives every key a place in a batch under way or in a new one, which it starts.
// A row that is to be read every time never shares a look-up that began earlier, and
// nobody shares one of a row that changed since.
func (s *source) board(ctx context.Context, keys []cacheKey, share bool) []place {
	own := &batch{done: make(chan struct{})}
	places := make([]place, len(keys))
	s.mu.Lock()
	for i, k := range keys {
		shared, stamp := share && k.shape.ttl > 0, s.changes.stamp(s.catalog.cache.of(k))
		if shared {
			if p, ok := s.flights[k]; ok && p.batch.stamps[p.at] == stamp {
				places[i] = p
				continue
			}
		}
		places[i] = place{own, len(own.keys)}
		own.keys, own.stamps = append(own.keys, k), append(own.stamps, stamp)
		if shared {
			s.flights[k] = places[i]
		}
	}
	s.mu.Unlock()
	if len(own.keys) > 0 {
		s.start(ctx, own)
	}
	return places
}

// start runs b apart from the request that asked first: its context's end must
// not fail the others that wait. Only the source's own time limit ends it.
func (s *source) start(ctx context.Context, b *batch) {
	pending := s.pending.Add(1)
	leave, err := s.breaker.admit(s.catalog.elapsed())
	if err != nil {
		s.refuse(b, err)
		return
	}
	if pending > int64(maxPending*cap(s.slots)) {
		s.breaker.told(leave, unasked, 0, 0)
		s.refuse(b, fmt.Errorf("%w: too many look-ups wait", ErrUnavailable))
		return
	}
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
	s.running.Go(func() {
		defer cancel()
		select {
		case s.slots <- struct{}{}:
			s.run(detached, b, leave)
			<-s.slots
		case <-detached.Done():
			s.breaker.told(leave, unasked, 0, 0)
			s.refuse(b, fmt.Errorf("%w: no look-up slot within %v", ErrUnavailable, s.timeout))
		}
	})
}

// run asks the source for a batch, unless it was found bad while the batch waited.
func (s *source) run(ctx context.Context, b *batch, leave permit) {
	if !s.breaker.stands(leave) {
		s.refuse(b, fmt.Errorf("%w: it failed or was slow while this look-up waited", ErrUnavailable))
		return
	}
	began := s.catalog.elapsed()
	b.entries, b.err = s.lookup(ctx, b, began)
	now, says := s.catalog.elapsed(), good
	if b.err != nil && !errors.Is(b.err, ErrStale) {
		says = bad
	}
	s.breaker.told(leave, says, now-began, now)
	if b.err == nil {
		s.answered.Add(1)
	} else {
		s.failed.Add(1)
	}
	s.land(b)
}

func (s *source) refuse(b *batch, err error) {
	s.refused.Add(1)
	b.err = err
	s.land(b)
}

// land puts what was read into the cache, before anybody could miss it and ask again.
func (s *source) land(b *batch) {
	if b.err == nil {
		for i, k := range b.keys {
			if s.stands(k, b.entries[i]) {
				s.catalog.cache.put(k, b.entries[i])
			}
		}
	}
	s.mu.Lock()
	for _, k := range b.keys {
		if s.flights[k].batch == b {
			delete(s.flights, k)
		}
	}
	s.mu.Unlock()
	s.pending.Add(-1)
	close(b.done)
}

// stands reports whether nothing was said to have changed since a row was asked for.
func (s *source) stands(k cacheKey, e *entry) bool {
	return e.stamp == s.changes.stamp(s.catalog.cache.of(k))
}

func (s *source) lookup(ctx context.Context, b *batch, began time.Duration) (entries []*entry, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: panic: %v\n%s", ErrUnavailable, p, debug.Stack())
		}
	}()
	keys := b.keys
	wanted := make([]Key, len(keys))
	for i, k := range keys {
		wanted[i] = Key{k.shape.typ, k.id}
	}
	rows, err := s.Lookup(ctx, wanted)
	if err != nil {
		return nil, err
	}
	if len(rows) != len(keys) {
		return nil, fmt.Errorf("%w: it answered %d keys with %d rows", ErrUnavailable, len(keys), len(rows))
	}
	entries = make([]*entry, len(rows))
	for i, row := range rows {
		if row.Key.Type != keys[i].shape.typ || row.Key.ID != keys[i].id || row.Generation != rows[0].Generation {
			return nil, fmt.Errorf("%w: row %d of %d is for another key or generation", ErrUnavailable, i+1, len(rows))
		}
		sh := keys[i].shape
		entries[i] = sh.entry(row, func(column string) { s.catalog.note(sh.typ, column) })
		entries[i].read, entries[i].stamp = began, b.stamps[i]
	}
	return entries, nil
}

// fault gives an error of a look-up its reason.
func (s *source) fault(err error) *rules.Fault {
	reason := rules.CatalogUnavailable
	switch {
	case errors.Is(err, ErrUnavailable):
	case errors.Is(err, ErrStale):
		reason = rules.CatalogStale
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		reason = rules.DeadlineExceeded
	}
	return &rules.Fault{Reason: reason, Detail: "catalog " + s.name, Err: err}
}
