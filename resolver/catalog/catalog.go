package catalog

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Options make a Catalog. Only Sources has no default.
type Options struct {
	Sources  map[string]Source
	Objects  int                      // rows kept; 100,000 by default
	Bytes    int                      // that they may take, by an estimate; 256 MiB by default
	TTL      map[string]time.Duration // by tier name; "default" for the rest, 30 s when absent; 0 reads every time
	MaxStale map[string]time.Duration // by tier name, beyond the TTL while the source fails; "default" for all but the highest, 0 s when absent
	Timeout  time.Duration            // of one look-up, whatever becomes of the Check that began it; 2 s by default
	InFlight int                      // look-ups that one source answers at a time; 64 by default
	Now      func() time.Time         // with a monotonic reading; time.Now by default
	Log      *slog.Logger             // silent by default
}

const (
	defaultTTL      = 30 * time.Second
	defaultObjects  = 100_000
	defaultBytes    = 256 << 20
	defaultTimeout  = 2 * time.Second
	defaultInFlight = 64
)

// keptBinds is how many views' declarations are remembered, so that their rows
// are warm for the next one: those of the live policy, of one that was tried, and
// of the one before, to which an operator goes back.
const keptBinds = 3

// Catalog caches the rows of all sources. There is one a process; it outlives
// policy versions, each of which reads it through a View of its own.
type Catalog struct {
	cache    *cache
	sources  map[string]*source
	ttl      map[string]time.Duration
	maxStale map[string]time.Duration
	now      func() time.Time
	start    time.Time
	log      *slog.Logger

	hits, misses, stale atomic.Uint64

	mu     sync.Mutex
	recent [keptBinds]map[string]*shape // of the last views, newest first; by fingerprint
	noted  map[Key]struct{}             // undeclared columns that were reported: type and column
}

// New checks the options and makes an empty Catalog.
func New(o Options) (*Catalog, error) {
	if o.Objects < 0 || o.Bytes < 0 || o.Timeout < 0 || o.InFlight < 0 {
		return nil, fmt.Errorf("catalog: Objects %d, Bytes %d, Timeout %v and InFlight %d must not be below 0", o.Objects, o.Bytes, o.Timeout, o.InFlight)
	}
	for what, of := range map[string]map[string]time.Duration{"TTL": o.TTL, "MaxStale": o.MaxStale} {
		for tier, d := range of {
			if d < 0 {
				return nil, fmt.Errorf("catalog: the %s of %q is %v, want 0s or more", what, tier, d)
			}
		}
	}
	c := &Catalog{
		ttl: maps.Clone(o.TTL), maxStale: maps.Clone(o.MaxStale), now: o.Now, log: o.Log, sources: make(map[string]*source, len(o.Sources)),
		noted: make(map[Key]struct{}),
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	c.start = c.now()
	c.cache = newCache(orDefault(o.Objects, defaultObjects), orDefault(o.Bytes, defaultBytes))
	for name, from := range o.Sources {
		if from == nil {
			return nil, fmt.Errorf("catalog: the source %q is nil", name)
		}
		c.sources[name] = newSource(c, name, from, orDefault(o.Timeout, defaultTimeout), orDefault(o.InFlight, defaultInFlight))
	}
	return c, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Wait returns when no look-up is under way any more. Each one ends by itself
// within Options.Timeout if its source keeps its word, and ctx bounds the rest.
func (c *Catalog) Wait(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		for _, s := range c.sources {
			s.running.Wait()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("catalog: wait for look-ups: %w", ctx.Err())
	}
}

// Counts are totals since the start, but entries and bytes, which are kept now.
type Counts struct {
	Hits, Misses           uint64
	Stale                  uint64 // of the misses, what a row past its time answered while the source failed
	Entries, Absent        int    // rows that exist, and rows that are absent or bad
	Bytes, AbsentBytes     int    // that each take, estimated
	Evicted, AbsentEvicted uint64 // of each, what made room for others
}

// Counts returns the cache's totals.
func (c *Catalog) Counts() Counts {
	out := c.cache.counts()
	out.Hits, out.Misses, out.Stale = c.hits.Load(), c.misses.Load(), c.stale.Load()
	return out
}

// Lookups count the batches that a source was asked for since the start; Pending
// are under way now, and it was not asked for those that were Refused.
type Lookups struct {
	Answered, Failed, Refused uint64
	Pending                   int
}

// Lookups returns the counts of a source, which are zero for an unknown one.
func (c *Catalog) Lookups(source string) Lookups {
	s := c.sources[source]
	if s == nil {
		return Lookups{}
	}
	return Lookups{Answered: s.answered.Load(), Failed: s.failed.Load(), Refused: s.refused.Load(), Pending: int(s.pending.Load())}
}

// Health is how a source does.
type Health struct {
	Open    bool   // it failed or was slow too often in a row, and is left alone but for probes
	Opened  uint64 // times that it came to that since the start
	Watches bool   // it is one that learns of changes
	Watched bool   // every change is told now
	Changed uint64 // rows that it said have changed
	Lost    uint64 // times that it may have missed changes, so that all its rows were read again
}

// Health returns the health of a source, which is zero for an unknown one.
func (c *Catalog) Health(source string) (h Health) {
	s := c.sources[source]
	if s == nil {
		return h
	}
	h.Open, h.Opened = s.breaker.state()
	h.Watches, h.Watched = s.changes.rows != nil, s.changes.active.Load()
	h.Changed, h.Lost = s.changes.told.Load(), s.changes.lost.Load()
	return h
}

// UnknownTTL returns the names in Options.TTL and MaxStale that no tier of schema has, sorted.
func (c *Catalog) UnknownTTL(schema *rules.Schema) []string {
	names := maps.Clone(c.ttl)
	if names == nil {
		names = make(map[string]time.Duration)
	}
	maps.Copy(names, c.maxStale)
	var out []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if _, ok := schema.TierByName(name); !ok && name != "default" {
			out = append(out, name)
		}
	}
	return out
}

// elapsed is the monotonic time since the start: what entries count in.
func (c *Catalog) elapsed() time.Duration { return c.now().Sub(c.start) }

// maxNoted bounds the memory of what was said, not what is ignored.
const maxNoted = 1000

// note says once that a column is not declared and so not used.
func (c *Catalog) note(typ, column string) {
	c.mu.Lock()
	key := Key{typ, column}
	_, said := c.noted[key]
	if said = said || len(c.noted) == maxNoted; !said {
		c.noted[key] = struct{}{}
	}
	c.mu.Unlock()
	if !said {
		c.log.Warn("catalog column ignored", slog.String("type", typ), slog.String("column", column))
	}
}
