package catalog

import (
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// kept are the columns that types read, by type; under the type "" those of all.
type kept map[Key]struct{}

// Keep implements Keeper. A version that was refused is looked at again. What was
// loaded before anybody read it is judged by the first call, and so is not in
// force before it could be.
func (f *File) Keep(columns map[string][]string) {
	k := make(kept)
	for typ, names := range columns {
		k[Key{typ, "id"}] = struct{}{}
		for _, name := range names {
			k[Key{typ, name}], k[Key{"", name}] = struct{}{}, struct{}{}
		}
	}
	if f.kept.Swap(&k) == nil {
		f.judge(&k)
	}
}

// judge takes the rows away in which what is read is misspelt, or that take too
// much from those that were in force before the start.
func (f *File) judge(k *kept) {
	f.mu.Lock() // nobody else has it: Run begins once there are readers
	defer f.mu.Unlock()
	t := f.table.Load()
	if t == nil {
		return
	}
	err := k.slips(f.options.Path, t).Err()
	if err == nil {
		err = f.guard(t)
	}
	if err == nil {
		f.gate.InForce(f.seen.sum(), t.census())
		return
	}
	f.table.Store(nil)
	f.had, f.err, f.seen.fault, f.seen.kept = nil, err, err, k
	f.gate.Refused(err)
}

// guard returns why a version of the file may not take effect, or nil.
func (f *File) guard(now *table) error {
	var exact *loss
	if last := f.table.Load(); last != nil && last != now {
		l := takes(last, now, f.gate.ranked())
		exact = &l
	}
	return f.gate.judge(f.seen.sum(), now.census(), exact)
}

// Rank implements Ranker.
func (f *File) Rank(types map[string]Rank) { f.gate.Rank(types) }

// Held returns the SHA-256, in hex, of the version of the file that waits to be
// accepted, or "".
func (f *File) Held() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.gate.Held()
}

func (k *kept) reads(typ, column string) bool {
	if k == nil {
		return false
	}
	_, ok := (*k)[Key{typ, column}]
	return ok
}

// lost reports the columns that rows had and no row of their type has any more.
// A renamed tier reads as "no row is raised", a renamed attribute as "absent
// everywhere", for which has() is false: both can turn a denial into an allow.
// Types without rows lose nothing.
func (k *kept) lost(file string, had held, t *table) (ms rules.Mistakes) {
	said := make(map[string]bool)
	for _, typ := range slices.Sorted(maps.Keys(t.held)) {
		before := had.of(typ)
		if !t.typed {
			before = had.all()
		}
		for _, column := range slices.Sorted(maps.Keys(before)) {
			if _, there := t.held[typ][column]; there || said[column] || !k.reads(typ, column) && !slices.Contains(builtIn, column) {
				continue
			}
			said[column] = true
			of := ""
			if typ != "" {
				of = " of type " + typ
			}
			ms.AddHint(rules.Pos{File: file, Line: 1, Col: 1},
				"keep it and leave it empty (null) if no row has one; only a restart takes a file without it",
				"no row%s has the column %q any more, which the version in force has", of, column)
		}
	}
	return ms
}

// all joins the columns of all types.
func (h held) all() columns {
	out := make(columns)
	for _, c := range h {
		maps.Copy(out, c)
	}
	return out
}

// next is what there is to lose once t is in force. A type that is read and has
// no rows for a while keeps its columns.
func (k *kept) next(had held, t *table) held {
	if len(t.records) == 0 {
		return had
	}
	out := maps.Clone(t.held)
	for typ, c := range had {
		if _, there := out[typ]; !there && t.typed && k.reads(typ, "id") {
			out[typ] = c
		}
	}
	return out
}
