package sqlite

import (
	"context"
	"io/fs"
	"log/slog"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// seen is what the last load saw, to tell whether the file changed.
type seen struct {
	info   fs.FileInfo // nil when it could not be used, or read
	at     time.Time   // when it was opened
	asOf   time.Time   // how old it is at least
	stamp  string
	fault  error                 // of the content, for those who read it then
	kept   *map[catalog.Key]bool // who read it then
	closed bool
}

// settled is how old a modification must be before an equal time stamp proves
// that nothing was written after it: file systems count in steps.
const settled = 2 * time.Second

func (s *seen) same(now fs.FileInfo) bool {
	return s.info != nil && unchanged(s.info, now) && s.at.Sub(s.asOf) > settled
}

// look opens the file if it changed since the last time. The same fault again, at
// each poll, is no news.
func (s *Source) look() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.seen.closed {
		return
	}
	before := s.err
	news, err := s.load()
	s.err = err
	s.gate.Tell(before, news, err)
}

// load puts the file in force; news says that the rows may be other ones.
func (s *Source) load() (news bool, err error) {
	now, kept := s.options.Now(), s.kept.Load()
	judged := s.seen.fault == nil || s.seen.kept == kept && !s.gate.Accepted() // a fault may be gone with who read the column
	if info, err := os.Stat(s.options.Path); err == nil && judged && s.seen.same(info) {
		return false, s.seen.fault
	}
	last := s.force.Load()
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	d, err := open(ctx, s.options.Path, s.options.Connections, s.options.Memory)
	s.gate.Forget()
	if err != nil {
		s.seen.info = nil
		s.overwritten(last)
		return false, err
	}
	asOf := d.info.ModTime()
	if now.Before(asOf) {
		asOf = now // a date in the future must not stretch max_age,
	}
	if again := s.seen.info; d.stamp == s.seen.stamp && again != nil && again.ModTime().Equal(d.info.ModTime()) && s.seen.asOf.Before(asOf) {
		asOf = s.seen.asOf // not even a little at each look
	}
	same := last != nil && last.stamp == d.stamp
	s.seen = seen{info: d.info, at: now, asOf: asOf, stamp: d.stamp, kept: kept}
	if !same {
		if s.seen.fault = s.lost(d, kept).Err(); s.seen.fault == nil && kept != nil { // else the first who reads the rows has them judged
			s.seen.fault = s.gate.Judge(d.stamp, d.census())
		}
		if s.seen.fault != nil {
			d.retire()
			s.overwritten(last)
			return true, s.seen.fault
		}
	}
	if !same {
		s.generation++
	}
	next := &version{database: d, generation: s.generation, asOf: asOf}
	s.had = next.columns(s.had, kept)
	s.force.Store(next)
	if last != nil {
		last.retire()
	}
	if !same && kept != nil {
		s.gate.InForce(d.stamp, d.census())
	}
	if !same {
		s.options.Log.Info("catalog file loaded", slog.String("file", s.options.Path),
			slog.Int64("rows", d.rows), slog.Uint64("generation", next.generation))
	}
	return !same, nil
}

// overwritten stops serving a version whose very file somebody wrote to: what is
// read of it now is neither the old one nor the new.
func (s *Source) overwritten(last *version) {
	if last == nil {
		return
	}
	if info, err := os.Stat(s.options.Path); err == nil && os.SameFile(info, last.info) && !unchanged(info, last.info) {
		s.force.Store(nil)
		last.retire()
	}
}

// Rank implements catalog.Ranker.
func (s *Source) Rank(types map[string]catalog.Rank) { s.gate.Rank(types) }

// Keep implements catalog.Keeper. A version that was refused is looked at again.
// What was opened before anybody read it is judged by the first call.
func (s *Source) Keep(columns map[string][]string) {
	k := make(map[catalog.Key]bool)
	for typ, names := range columns {
		k[catalog.Key{Type: typ, ID: "id"}] = true
		for _, name := range names {
			k[catalog.Key{Type: typ, ID: name}] = true
		}
	}
	if s.kept.Swap(&k) == nil {
		s.judge(&k)
	}
}

// judge closes a file that takes too much from the rows that were in force before
// the start.
func (s *Source) judge(kept *map[catalog.Key]bool) {
	s.mu.Lock() // nobody else has it: Run begins once there are readers
	defer s.mu.Unlock()
	v := s.force.Load()
	if v == nil {
		return
	}
	err := s.gate.Judge(v.stamp, v.census())
	if err == nil {
		s.gate.InForce(v.stamp, v.census())
		return
	}
	s.force.Store(nil)
	v.retire()
	s.had, s.err, s.seen.fault, s.seen.kept = nil, err, err, kept
	s.gate.Refused(err)
}

func reads(kept *map[catalog.Key]bool, typ, column string) bool {
	return kept != nil && (*kept)[catalog.Key{Type: typ, ID: column}]
}

// has are the columns of a type's rows, built-in ones too.
func (t *kind) has() map[string]bool {
	out := map[string]bool{}
	for _, c := range t.columns {
		out[c] = true
	}
	out["tier"], out["parent"] = t.tier, t.parent
	maps.DeleteFunc(out, func(_ string, there bool) bool { return !there })
	return out
}

// lost reports the columns that the rows in force have and no row of their type
// has any more: a renamed tier would read as "no row is raised".
func (s *Source) lost(d *database, kept *map[catalog.Key]bool) (ms rules.Mistakes) {
	for _, name := range slices.Sorted(maps.Keys(d.types)) {
		has := d.types[name].has()
		for _, column := range slices.Sorted(maps.Keys(s.had[name])) {
			if has[column] || !catalog.BuiltIn(column) && !reads(kept, name, column) {
				continue
			}
			ms.AddHint(rules.Pos{File: s.options.Path, Line: 1, Col: 1},
				"keep it and leave it empty (null) if no row has one; only a restart takes a file without it",
				"no row of type %s has the column %q any more, which the version in force has", name, column)
		}
	}
	return ms
}

// columns is what there is to lose once a version is in force. A type that is read
// and has no rows for a while keeps its columns.
func (v *version) columns(had map[string]map[string]bool, kept *map[catalog.Key]bool) map[string]map[string]bool {
	out := make(map[string]map[string]bool)
	for name, t := range v.types {
		out[name] = t.has()
	}
	for name, columns := range had {
		if _, there := out[name]; !there && reads(kept, name, "id") {
			out[name] = columns
		}
	}
	return out
}
