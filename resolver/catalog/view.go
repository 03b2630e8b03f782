package catalog

import (
	"context"
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

// keep tells the sources which columns the types of a view read, and how their tiers rank.
func (c *Catalog) keep(v *View) {
	read := make(map[*source]map[string][]string)
	ranks := make(map[*source]map[string]Rank)
	for t, sh := range v.shapes {
		if sh.source == nil {
			continue
		}
		if read[sh.source] == nil {
			read[sh.source], ranks[sh.source] = make(map[string][]string), make(map[string]Rank)
		}
		names := append([]string{}, read[sh.source][t.Name]...)
		for _, a := range t.Attributes {
			names = append(names, a.Name)
		}
		read[sh.source][t.Name] = names
		ranks[sh.source][t.Name] = Rank{Tiers: sh.tiers, Floor: int(max(sh.floor, 0)), None: int(sh.none)}
	}
	for _, s := range c.sources {
		if r, ok := s.Source.(Ranker); ok {
			r.Rank(ranks[s])
		}
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
// has it, even if the source fails meanwhile; 0 for a type without catalog or one
// that is read every time.
func (v *View) Bound(t *rules.Type) time.Duration {
	if sh := v.shapes[t]; sh != nil {
		return sh.ttl + sh.maxStale
	}
	return 0
}

// Stats say how one Fill was answered. Misses were asked of a source; it failed
// for those that are Stale, too, and a row that is past its time answered.
type Stats struct {
	Hits, Misses int
	Stale        int
	Generation   uint64 // the highest that was read; 0 when nothing was
}

// job is one object that wants its row.
type job struct {
	object *rules.Object
	shape  *shape
	entry  *entry
}

func (j *job) key() cacheKey { return cacheKey{j.shape, j.object.ID} }

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
	cold := s.warm(jobs, current)
	stats.Hits += len(jobs) - cold
	stats.Misses += cold
	s.catalog.hits.Add(uint64(len(jobs) - cold)) //nolint:gosec // cold counts some of jobs
	s.catalog.misses.Add(uint64(cold))           //nolint:gosec // likewise
	if cold > 0 || !agree(jobs, current) {
		if err := s.read(ctx, jobs, current); err != nil && !s.stale(jobs, current, err, stats) {
			return err
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

// warm gives the jobs without an entry what the cache has, and returns how many are left.
func (s *source) warm(jobs []job, current uint64) (cold int) {
	now := s.catalog.elapsed()
	for i := range jobs {
		if jobs[i].entry == nil {
			jobs[i].entry = s.cached(jobs[i].key(), current, now)
		}
		if jobs[i].entry == nil {
			cold++
		}
	}
	return cold
}

// cached returns the entry that answers now, or nil.
func (s *source) cached(k cacheKey, current uint64, now time.Duration) *entry {
	e := s.kept(k, current)
	if e == nil || now >= e.expires {
		return nil
	}
	return e
}

// kept returns the entry that is still true as far as the source has told, whatever its age, or nil.
func (s *source) kept(k cacheKey, current uint64) *entry {
	hash := s.catalog.cache.of(k)
	e := s.catalog.cache.get(k, hash)
	if e == nil || current != 0 && e.generation != current || e.stamp != s.changes.stamp(hash) {
		return nil
	}
	return e
}
