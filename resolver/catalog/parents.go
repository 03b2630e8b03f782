package catalog

import (
	"context"

	"github.com/tiergate/tiergate/rules"
)

// parents looks up the rows of the objects' parents, one hop away, once the
// objects' own rows have said whose those are. Where object and parent come from
// one source, both are of one generation: a row that has to be read again for that
// may name another parent, so it goes on until each object has the parent that its
// row names.
func (v *View) parents(ctx context.Context, own []job, below []*rules.Object, stats *Stats) error {
	var few [8]job
	for range maxReads {
		jobs, err := v.above(append(few[:0], own...), below)
		if err != nil || len(jobs) == len(own) {
			return err
		}
		if err := ask(ctx, jobs, stats); err != nil {
			return err
		}
		own = own[:0]
		settled := true
		for i := range jobs {
			switch j := &jobs[i]; {
			case !j.parent:
				own = append(own, *j)
			case j.object.Parent != j.id:
				settled = false
			}
		}
		if settled {
			return nil
		}
	}
	return rules.Faultf(rules.CatalogUnavailable, "the parents of objects change faster than they are read")
}

// above appends the parents of the objects that have one. Nothing is known of
// them until they are answered.
func (v *View) above(jobs []job, below []*rules.Object) ([]job, error) {
	for _, o := range below {
		o.ParentState, o.ParentAttributes, o.ParentAge = rules.Unchecked, nil, 0
		if o.Parent == "" {
			continue
		}
		sh, err := v.shapeOf(o.Type.Above)
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, job{object: o, shape: sh, id: o.Parent, parent: true})
	}
	return jobs, nil
}

// hasParent reports whether a target's parent can be looked up, once it is known.
func hasParent(t *rules.Target) bool {
	return t.Object.Type != nil && t.Object.Type.Above != nil && t.Object.Type.Above.Catalog != ""
}

// applyParent gives an object what its parent's row says. A parent without a row
// has no attributes.
func (e *entry) applyParent(o *rules.Object) {
	if !e.found {
		o.ParentState = rules.Absent
		return
	}
	o.ParentState, o.ParentAttributes = rules.Stored, e.attributes
}
