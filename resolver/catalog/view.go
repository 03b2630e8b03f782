package catalog

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// View is the catalog as one policy version declares it. It never changes.
type View struct {
	catalog *Catalog
	shapes  map[*rules.Type]*shape // of the types that have a catalog
}

// Bind makes the view of a schema. Rows that one of the last views cached stay
// warm for every type whose declaration is the same. Types of the server's own
// stand beside the schema's: their rows say what they know, and an attribute that
// the source has and the row has not is Empty.
func (c *Catalog) Bind(schema *rules.Schema, own ...*rules.Type) *View {
	v := &View{catalog: c, shapes: make(map[*rules.Type]*shape)}
	shapes := make(map[string]*shape)
	defer c.keep(v) // without the lock, which rows that are typed take, too
	c.mu.Lock()
	defer c.mu.Unlock()
	bind := func(t *rules.Type, partial bool) {
		if t.Catalog == "" {
			return
		}
		declared := fingerprint(schema, t, partial)
		sh := c.known(declared)
		if sh == nil {
			sh = newShape(schema, t, c)
			sh.partial = partial
		}
		v.shapes[t], shapes[declared] = sh, sh
	}
	for _, t := range schema.Types {
		bind(t, false)
	}
	for _, t := range own {
		bind(t, true)
	}
	copy(c.recent[1:], c.recent[:])
	c.recent[0] = shapes
	return v
}

// keep tells the sources which columns the types of a view read.
func (c *Catalog) keep(v *View) {
	read := make(map[*source]map[string][]string)
	for t, sh := range v.shapes {
		if sh.source == nil {
			continue
		}
		if read[sh.source] == nil {
			read[sh.source] = make(map[string][]string)
		}
		names := append([]string{}, read[sh.source][t.Name]...)
		for _, a := range t.Attributes {
			names = append(names, a.Name)
		}
		read[sh.source][t.Name] = names
	}
	for _, s := range c.sources {
		if k, ok := s.Source.(Keeper); ok {
			k.Keep(read[s])
		}
	}
}

// known returns the shape of a declaration that one of the last views has, or nil.
func (c *Catalog) known(declared string) *shape {
	for _, shapes := range c.recent {
		if sh := shapes[declared]; sh != nil {
			return sh
		}
	}
	return nil
}

// Bound is how long a change of a row of t may stay unseen after its source
// has it; 0 for a type without catalog or one that is read every time.
func (v *View) Bound(t *rules.Type) time.Duration {
	if sh := v.shapes[t]; sh != nil {
		return sh.ttl
	}
	return 0
}

// Stats say how one Fill was answered.
type Stats struct {
	Hits, Misses int
	Generation   uint64 // the highest that was read; 0 when nothing was
}

// job is one object that wants its row.
type job struct {
	object *rules.Object
	shape  *shape
	entry  *entry
}

// Fill looks up the objects of those targets that want is true for (nil: all)
// and that have a catalog and an id, and sets what is known about them: State,
// Attributes, Parent, RowTier and Generation. When the cache has all of them it
// neither blocks nor allocates. The error is a *rules.Fault; then the targets
// MUST NOT be decided on.
func (v *View) Fill(ctx context.Context, targets []rules.Target, want func(*rules.Target) bool) (Stats, error) {
	var few [4]job
	var stats Stats
	jobs, err := v.jobs(few[:0], targets, want)
	if err != nil {
		return stats, err
	}
	for len(jobs) > 0 {
		src := jobs[0].shape.source
		n := 0 // jobs of src go to the front
		for i := range jobs {
			if jobs[i].shape.source == src {
				jobs[i], jobs[n] = jobs[n], jobs[i]
				n++
			}
		}
		if err := src.answer(ctx, jobs[:n], &stats); err != nil {
			return stats, err
		}
		jobs = jobs[n:]
	}
	return stats, nil
}

// jobs appends the objects that need a look-up. A type that says it has a catalog
// but whose source is not there is a fault, never skipped.
func (v *View) jobs(jobs []job, targets []rules.Target, want func(*rules.Target) bool) ([]job, error) {
	for i := range targets {
		t := &targets[i]
		if !looksUp(t) || want != nil && !want(t) {
			continue
		}
		sh := v.shapes[t.Object.Type]
		if sh == nil || sh.source == nil {
			return nil, rules.Faultf(rules.CatalogUnavailable, "type %s: no source is named %q", t.Object.Type.Name, t.Object.Type.Catalog)
		}
		jobs = append(jobs, job{object: &t.Object, shape: sh})
	}
	return jobs, nil
}

func looksUp(t *rules.Target) bool {
	return !t.Collection && t.Object.ID != "" && t.Object.Type != nil && t.Object.Type.Catalog != ""
}

// Ready reports whether Fill would be answered by the cache, that is without
// waiting for a source: a caller can tell before it begins that it would wait.
func (v *View) Ready(targets []rules.Target, want func(*rules.Target) bool) bool {
	now := v.catalog.elapsed()
	for i := range targets {
		t := &targets[i]
		if !looksUp(t) || want != nil && !want(t) {
			continue
		}
		sh := v.shapes[t.Object.Type]
		if sh == nil || sh.source == nil {
			continue // Fill fails at once
		}
		current, err := sh.source.version()
		if err == nil && sh.source.cached(cacheKey{sh, t.Object.ID}, current, now) == nil {
			return false
		}
	}
	return true
}

// answer gives every job, all of one source, its row of one generation.
func (s *source) answer(ctx context.Context, jobs []job, stats *Stats) error {
	current, err := s.version()
	if err != nil {
		return err
	}
	now, cold := s.catalog.elapsed(), 0
	for i := range jobs {
		if jobs[i].entry = s.cached(cacheKey{jobs[i].shape, jobs[i].object.ID}, current, now); jobs[i].entry == nil {
			cold++
		}
	}
	stats.Hits += len(jobs) - cold
	stats.Misses += cold
	s.catalog.hits.Add(uint64(len(jobs) - cold)) //nolint:gosec // cold counts some of jobs
	if cold > 0 {
		s.catalog.misses.Add(uint64(cold))
		if err := s.read(ctx, jobs, cold, true); err != nil {
			return err
		}
	}
	if !agree(jobs, current) {
		// The source moved on between two reads: read all again at once.
		for i := range jobs {
			jobs[i].entry = nil
		}
		if err := s.read(ctx, jobs, len(jobs), false); err != nil {
			return err
		}
		if !agree(jobs, current) {
			return rules.Faultf(rules.CatalogUnavailable, "catalog %s went back to an older generation", s.name)
		}
	}
	for i := range jobs {
		e := jobs[i].entry
		if e.bad != "" {
			return rules.Faultf(rules.CatalogBadRow, "%s", e.bad)
		}
		e.apply(jobs[i].object)
		stats.Generation = max(stats.Generation, e.generation)
	}
	return nil
}

// cached returns the entry that answers now, or nil.
func (s *source) cached(k cacheKey, current uint64, now time.Duration) *entry {
	e := s.catalog.cache.get(k, s.catalog.cache.of(k))
	if e == nil || now >= e.expires || current != 0 && e.generation != current {
		return nil
	}
	return e
}

// read fetches the n jobs that have no entry yet.
func (s *source) read(ctx context.Context, jobs []job, n int, share bool) error {
	keys := make([]cacheKey, 0, n)
	for i := range jobs {
		if jobs[i].entry == nil {
			keys = append(keys, cacheKey{jobs[i].shape, jobs[i].object.ID})
		}
	}
	entries, err := s.fetch(ctx, keys, share)
	if err != nil {
		return err
	}
	for i := range jobs {
		if jobs[i].entry == nil {
			jobs[i].entry, entries = entries[0], entries[1:]
		}
	}
	return nil
}

// agree reports whether all entries are of one generation, and not of one
// before the generation that the source already had when we began.
func agree(jobs []job, oldest uint64) bool {
	low, high := uint64(math.MaxUint64), uint64(0)
	for i := range jobs {
		low, high = min(low, jobs[i].entry.generation), max(high, jobs[i].entry.generation)
	}
	return low == high && low >= oldest
}

// Objects lists the objects of a type for a review, past the cache. An object
// whose row cannot be used comes as a fault in its place, and the listing goes on.
func (v *View) Objects(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
	return func(yield func(*rules.Object, error) bool) {
		sh := v.shapes[typ]
		if sh == nil || sh.source == nil {
			yield(nil, fmt.Errorf("%w: type %s has no source", ErrNotEnumerable, typ.Name))
			return
		}
		from, ok := sh.source.Source.(Enumerator)
		if !ok {
			yield(nil, fmt.Errorf("%w: type %s, source %s", ErrNotEnumerable, typ.Name, sh.source.name))
			return
		}
		for row, err := range from.Rows(ctx, typ.Name) {
			if err != nil {
				yield(nil, err)
				return
			}
			e := sh.entry(row, func(column string) { v.catalog.note(sh.typ, column) })
			if e.bad != "" {
				if !yield(nil, rules.Faultf(rules.CatalogBadRow, "%s", e.bad)) {
					return
				}
				continue
			}
			o := &rules.Object{Type: typ, ID: row.Key.ID}
			e.apply(o)
			if !yield(o, nil) {
				return
			}
		}
	}
}
