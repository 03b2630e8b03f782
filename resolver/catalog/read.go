package catalog

import (
	"context"
	"math"

	"github.com/tiergate/tiergate/rules"
)

// maxReads bounds how often one Check reads rows that change while they are read.
const maxReads = 4

// read gives every job without an entry its row. What was read is asked for again
// if it changed meanwhile, and all of it, at once, if the source moved on between
// two reads.
func (s *source) read(ctx context.Context, jobs []job, current uint64) error {
	share := true
	for range maxReads {
		if err := s.ask(ctx, jobs, share); err != nil {
			return err
		}
		switch {
		case s.forgetChanged(jobs):
			if share {
				s.warm(jobs, current, s.catalog.elapsed()) // somebody may have read it since
			}
		case agree(jobs, current):
			return nil
		case !share:
			return rules.Faultf(rules.CatalogUnavailable, "catalog %s gave rows of an older generation, or of several", s.name)
		default:
			share = false
			for i := range jobs {
				jobs[i].entry = nil
			}
		}
	}
	return rules.Faultf(rules.CatalogUnavailable, "catalog %s: the rows change faster than they are read", s.name)
}

// ask fetches the rows of the jobs that have no entry.
func (s *source) ask(ctx context.Context, jobs []job, share bool) error {
	var keys []cacheKey
	for i := range jobs {
		if jobs[i].entry == nil {
			keys = append(keys, jobs[i].key())
		}
	}
	if len(keys) == 0 {
		return nil
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

// forgetChanged takes away the entries of rows that changed since they were asked
// for, and reports whether there were any.
func (s *source) forgetChanged(jobs []job) (changed bool) {
	for i := range jobs {
		if e := jobs[i].entry; e != nil && !s.stands(jobs[i].key(), e) {
			jobs[i].entry, changed = nil, true
		}
	}
	return changed
}

// stale gives the jobs without an entry what is kept beyond its time, and reports
// whether all can be answered so. Only a source that fails, or does not answer in
// time, is stood in for: never one that says that its rows are too old, and never a
// row that changed, or that was bad or gone when it was last read.
func (s *source) stale(jobs []job, current uint64, failure error, stats *Stats) bool {
	switch rules.Denial(failure).Reason {
	case rules.CatalogUnavailable, rules.DeadlineExceeded:
	default:
		return false
	}
	s.forgetChanged(jobs)
	now, n := s.catalog.elapsed(), 0
	for i := range jobs {
		if jobs[i].entry != nil {
			continue
		}
		e := s.kept(jobs[i].key(), current)
		if e == nil || now >= e.expires && (!e.usable() || now >= e.expires+jobs[i].shape.maxStale) {
			return false
		}
		if jobs[i].entry = e; now >= e.expires {
			n++
		}
	}
	if !agree(jobs, current) {
		return false
	}
	stats.Stale += n
	s.catalog.stale.Add(uint64(n))
	return true
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
