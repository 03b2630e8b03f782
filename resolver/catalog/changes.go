package catalog

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"
)

// changes counts what a source said has changed. What was read carries the count
// of before it was asked for (its stamp); with any other count now it is neither
// served, nor kept, nor shared. So a change costs the same whoever holds the row, and
// nobody need be found: declarations, lists, look-ups under way.
type changes struct {
	cache  *cache
	name   string
	log    *slog.Logger
	all    atomic.Uint64   // counts for every row
	rows   []atomic.Uint64 // count for those whose hash falls on it; nil when the source is no Watcher
	active atomic.Bool     // every change is told

	now    func() time.Time
	until  atomic.Pointer[time.Time] // when what is told is no longer all there is to tell; nil for never
	mu     sync.Mutex                // of what begins and ends the watch
	lapsed bool                      // it ended because until went by, and goes on with the next Heard

	told, lost atomic.Uint64 // rows that changed; times that changes may have been missed
}

// counters is how many counts there are for rows: with a cache of 100,000 rows a
// change takes one or two others with it.
const counters = 1 << 16

func newChanges(c *Catalog, name string, watched bool) *changes {
	h := &changes{cache: c.cache, name: name, log: c.log, now: c.now}
	if watched {
		h.rows = make([]atomic.Uint64, counters)
	}
	return h
}

// stamp is the count for a row. Both parts only grow, so their sum is the same
// only while neither has changed.
func (h *changes) stamp(hash uint64) uint64 {
	if h.rows == nil {
		return 0
	}
	if end := h.until.Load(); end != nil && h.active.Load() && h.now().After(*end) {
		h.lapse()
	}
	return h.all.Load() + h.row(hash).Load()
}

// row takes other bits of the hash than those that choose the shard.
func (h *changes) row(hash uint64) *atomic.Uint64 { return &h.rows[hash>>32%counters] }

// Changed implements Changes.
func (h *changes) Changed(keys []Key) {
	for _, k := range keys {
		h.row(h.cache.hash(k.Type, k.ID)).Add(1)
	}
	h.told.Add(uint64(len(keys)))
}

// Lost implements Changes.
func (h *changes) Lost(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lapsed = false
	h.end(err)
}

// end ends the watch. What is read from now on lasts for its time in the cache.
func (h *changes) end(err error) {
	h.all.Add(1)
	h.active.Store(false)
	h.lost.Add(1)
	h.log.Error("catalog changes lost, all rows are read again", slog.String("source", h.name), slog.Any("error", err))
}

var errUnheard = errors.New("nothing was heard in time")

// lapse ends a watch that was not heard of in time, however busy the machine is
// that should have seen to it: whoever is about to serve a row asks.
func (h *changes) lapse() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.active.Load() && h.now().After(*h.until.Load()) {
		h.end(errUnheard)
		h.lapsed = true
	}
}

// Watched implements Changes. What was read before may have changed unseen, and
// was to be read again at the end of its time; now it is at once.
func (h *changes) Watched() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until.Store(nil)
	h.begin()
}

func (h *changes) begin() {
	h.lapsed = false
	h.all.Add(1)
	h.active.Store(true)
	h.log.Info("catalog changes watched", slog.String("source", h.name))
}

// Heard implements Changes.
func (h *changes) Heard(until time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.until.Store(&until)
	if h.lapsed {
		h.begin()
	}
}

const (
	leastPause = time.Second // before a Watch that ended begins again
	mostPause  = 30 * time.Second
)

var errWatchEnded = errors.New("the watch ended")

// Run listens to the sources that learn of changes, until ctx ends. A watch that
// ends begins again, after a pause that grows while it hears nothing. The error is always nil.
func (c *Catalog) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for _, s := range c.sources {
		if w, ok := s.Source.(Watcher); ok {
			all.Go(func() { s.changes.listen(ctx, w) })
		}
	}
	all.Wait()
	return nil
}

func (h *changes) listen(ctx context.Context, w Watcher) {
	pause := leastPause
	for {
		began := h.all.Load()
		err := h.hear(ctx, w)
		if h.active.Load() {
			h.Lost(err)
		}
		if ctx.Err() != nil {
			return
		}
		if h.all.Load() != began { // it had begun to hear
			pause = leastPause
		}
		h.log.Warn("catalog watch ended", slog.String("source", h.name), slog.Any("error", err), slog.Duration("retry_in", pause))
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, mostPause)
	}
}

// hear is one Watch. Its error is never nil.
func (h *changes) hear(ctx context.Context, w Watcher) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if err := w.Watch(ctx, h); err != nil {
		return err
	}
	return errWatchEnded
}
