package catalog

import (
	"context"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// View is the catalog as one policy version declares it. It never changes.
type View struct {
	catalog *Catalog
	schema  *rules.Schema
	shapes  map[*rules.Type]*shape // of the types that have a catalog
}

// Bind makes the view of a schema. Rows that one of the last views cached stay
// warm for every type whose declaration is the same. Types of the server's own
// stand beside the schema's: their rows say what they know, and an attribute that
// the source has and the row has not is Empty.
func (c *Catalog) Bind(schema *rules.Schema, own ...*rules.Type) *View {
	v := &View{catalog: c, schema: schema, shapes: make(map[*rules.Type]*shape)}
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
		ranks[sh.source][t.Name] = Rank{Tiers: sh.tiers, Floor: int(max(sh.floor, 0)), None: int(sh.none), Lowered: sh.lowered(v.schema, t)}
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
// has it, even if the source fails meanwhile, and where a source lags behind what it
// reads from, after that has it; 0 for a type without catalog or one that is read
// every time from what does not lag.
func (v *View) Bound(t *rules.Type) time.Duration {
	sh := v.shapes[t]
	if sh == nil {
		return 0
	}
	bound := sh.ttl + sh.maxStale
	if sh.source != nil {
		if l, ok := sh.source.Source.(Lagging); ok {
			bound += l.Lag()
		}
	}
	return bound
}

// Stats say how one Fill was answered. Misses were asked of a source; it failed
// for those that are Stale, too, and a row that is past its time answered.
type Stats struct {
	Hits, Misses int
	Stale        int
	Generation   uint64 // the highest that was read; 0 when nothing was
}

// Fill looks up what want says (nil: their own rows) of those targets that have a
// catalog and an id, and sets what is known about them: State, Attributes, Parent,
// RowTier and Generation, and of their parents ParentState and ParentAttributes.
// When the cache has all of them it neither blocks nor allocates. The error is a
// *rules.Fault; then the targets MUST NOT be decided on.
func (v *View) Fill(ctx context.Context, targets []rules.Target, want func(*rules.Target) Want) (Stats, error) {
	var (
		few   [4]job
		kin   [4]*rules.Object
		stats Stats
	)
	jobs, below, err := v.jobs(few[:0], kin[:0], targets, want)
	if err == nil {
		err = ask(ctx, jobs, &stats)
	}
	if err == nil && len(below) > 0 {
		err = v.parents(ctx, jobs, below, &stats)
	}
	return stats, err
}

// Ready reports whether Fill would be answered by the cache, that is without
// waiting for a source: a caller can tell before it begins that it would wait.
func (v *View) Ready(targets []rules.Target, want func(*rules.Target) Want) bool {
	now := v.catalog.elapsed()
	for i := range targets {
		t := &targets[i]
		what, parent := wanted(want, t), t.Object.Parent
		if looksUp(t) && what&WantRow != 0 {
			e, fails := v.kept(t.Object.Type, t.Object.ID, now)
			if fails {
				continue
			}
			if e == nil {
				return false
			}
			if e.found {
				parent = e.parent
			}
		}
		if hasParent(t) && what&WantParent != 0 && parent != "" {
			if e, fails := v.kept(t.Object.Type.Above, parent, now); e == nil && !fails {
				return false
			}
		}
	}
	return true
}

// kept returns the row that answers now, or nil; of a source that is not there or
// too old, Fill fails at once.
func (v *View) kept(t *rules.Type, id string, now time.Duration) (e *entry, fails bool) {
	sh, err := v.shapeOf(t)
	if err != nil {
		return nil, true
	}
	current, err := sh.source.version()
	if err != nil {
		return nil, true
	}
	return sh.source.cached(cacheKey{sh, id}, current, now), false
}

// answer gives every job, all of one source, its row of one generation.
func (s *source) answer(ctx context.Context, jobs []job, stats *Stats) error {
	current, err := s.version()
	if err != nil {
		return err
	}
	now := s.catalog.elapsed()
	hits, cold := s.warm(jobs, current, now)
	stats.Hits += hits
	stats.Misses += cold
	s.catalog.hits.Add(uint64(hits))   //nolint:gosec // a number of jobs
	s.catalog.misses.Add(uint64(cold)) //nolint:gosec // likewise
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
		age := s.age(&jobs[i], now)
		if jobs[i].parent {
			e.applyParent(jobs[i].object)
			jobs[i].object.ParentAge = age
		} else {
			e.apply(jobs[i].object)
			jobs[i].object.Age = age
		}
		stats.Generation = max(stats.Generation, e.generation)
	}
	return nil
}

// age is how old what a job was answered with is, where anybody asks: since the
// source was asked for it, or, of one that holds what was written elsewhere, since then.
func (s *source) age(j *job, now time.Duration) time.Duration {
	if !j.shape.ages {
		return 0
	}
	age := max(now-j.entry.read, 0)
	if s.dated != nil {
		if written, ok := s.dated.Age(); ok {
			age = max(age, written)
		}
	}
	return age
}

// warm gives the jobs without an entry what the cache has, and returns how many
// got one and how many are left.
func (s *source) warm(jobs []job, current uint64, now time.Duration) (hits, cold int) {
	for i := range jobs {
		if jobs[i].entry != nil {
			continue
		}
		if jobs[i].entry = s.cached(jobs[i].key(), current, now); jobs[i].entry == nil {
			cold++
		} else {
			hits++
		}
	}
	return hits, cold
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
