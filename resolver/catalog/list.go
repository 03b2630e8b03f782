package catalog

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Objects lists the objects of a type for a review, past the cache, with the rows
// of their parents where decisions on the type read them. An object whose row, or
// whose parent's, cannot be used comes as a fault in its place, and the listing goes on.
func (v *View) Objects(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
	if typ.Above != nil && slices.Contains(typ.Above.Children, typ) {
		return v.withParents(ctx, typ)
	}
	return v.alone(ctx, typ)
}

// alone lists the objects by their own rows.
func (v *View) alone(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
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

// listed is how many objects a listing looks the parents up of at a time.
const listed = 256

// item is an object of a listing, or the fault in its place.
type item struct {
	object *rules.Object
	err    error
}

// withParents lists the objects and looks their parents up, some at a time.
func (v *View) withParents(ctx context.Context, typ *rules.Type) iter.Seq2[*rules.Object, error] {
	return func(yield func(*rules.Object, error) bool) {
		items := make([]item, 0, listed)
		flush := func() bool {
			if err := v.lookUp(ctx, items); err != nil {
				yield(nil, err)
				return false
			}
			for _, it := range items {
				if !yield(it.object, it.err) {
					return false
				}
			}
			items = items[:0]
			return true
		}
		for o, err := range v.alone(ctx, typ) {
			items = append(items, item{o, err})
			if len(items) == listed && !flush() {
				return
			}
		}
		flush()
	}
}

// lookUp gives the objects of a listing the rows of their parents.
func (v *View) lookUp(ctx context.Context, items []item) error {
	var keys []cacheKey
	at := make(map[cacheKey]int)
	for _, it := range items {
		if it.object == nil || it.object.Parent == "" {
			continue
		}
		sh, err := v.shapeOf(it.object.Type.Above)
		if err != nil {
			return err
		}
		k := cacheKey{sh, it.object.Parent}
		if _, known := at[k]; !known {
			at[k] = len(keys)
			keys = append(keys, k)
		}
	}
	if len(keys) == 0 {
		return nil
	}
	src := keys[0].shape.source
	b := &batch{keys: keys, stamps: make([]uint64, len(keys))}
	entries, err := src.lookup(ctx, b, v.catalog.elapsed())
	if err != nil {
		return src.fault(err)
	}
	for i := range items {
		o := items[i].object
		if o == nil || o.Parent == "" {
			continue
		}
		e := entries[at[cacheKey{keys[0].shape, o.Parent}]]
		if src == v.shapes[o.Type].source && src.versioned != nil && e.generation != o.Generation {
			return fmt.Errorf("%w: it took a new version while it was listed", ErrUnavailable)
		}
		if e.bad != "" {
			items[i] = item{err: rules.Faultf(rules.CatalogBadRow, "%s", e.bad)}
			continue
		}
		e.applyParent(o)
	}
	return nil
}
