package catalog

import (
	"context"
	"fmt"
	"iter"

	"github.com/tiergate/tiergate/rules"
)

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
