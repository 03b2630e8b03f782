package catalog

import (
	"context"

	"github.com/tiergate/tiergate/rules"
)

// Want says which rows a target is worth.
type Want uint8

// The rows of a target.
const (
	WantRow    Want = 1 << iota // the object's own
	WantParent                  // and that of its parent
)

func wanted(want func(*rules.Target) Want, t *rules.Target) Want {
	if want == nil {
		return WantRow
	}
	return want(t)
}

// job is one row that is wanted: that of an object, or of its parent.
type job struct {
	object *rules.Object
	shape  *shape
	id     string
	parent bool
	entry  *entry
}

func (j *job) key() cacheKey { return cacheKey{j.shape, j.id} }

// ask gives every job its row, source by source.
func ask(ctx context.Context, jobs []job, stats *Stats) error {
	for len(jobs) > 0 {
		src := jobs[0].shape.source
		n, open := 0, false // jobs of src go to the front
		for i := range jobs {
			if jobs[i].shape.source == src {
				open = open || jobs[i].entry == nil
				jobs[i], jobs[n] = jobs[n], jobs[i]
				n++
			}
		}
		if open {
			if err := src.answer(ctx, jobs[:n], stats); err != nil {
				return err
			}
		}
		jobs = jobs[n:]
	}
	return nil
}

// jobs appends the objects that need a look-up, and those whose parents do, too.
func (v *View) jobs(jobs []job, below []*rules.Object, targets []rules.Target, want func(*rules.Target) Want) ([]job, []*rules.Object, error) {
	for i := range targets {
		t := &targets[i]
		row, parent := looksUp(t), hasParent(t)
		if !row && !parent {
			continue
		}
		what := wanted(want, t)
		if parent && what&WantParent != 0 {
			below = append(below, &t.Object)
		}
		if !row || what&WantRow == 0 {
			continue
		}
		sh, err := v.shapeOf(t.Object.Type)
		if err != nil {
			return nil, nil, err
		}
		jobs = append(jobs, job{object: &t.Object, shape: sh, id: t.Object.ID})
	}
	return jobs, below, nil
}

// shapeOf returns the shape of a type's rows. A type that says it has a catalog
// but whose source is not there is a fault, never skipped.
func (v *View) shapeOf(t *rules.Type) (*shape, error) {
	sh := v.shapes[t]
	if sh == nil || sh.source == nil {
		return nil, rules.Faultf(rules.CatalogUnavailable, "type %s: no source is named %q", t.Name, t.Catalog)
	}
	return sh, nil
}

func looksUp(t *rules.Target) bool {
	return !t.Collection && t.Object.ID != "" && t.Object.Type != nil && t.Object.Type.Catalog != ""
}
