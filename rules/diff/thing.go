package diff

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// thing is an object as a catalog would have it, or what a request bounds a
// collection or a new object by: each version takes of it what it declares.
type thing struct {
	id, parent, tier string
	attrs            map[string]any // nil is absent
	property         string         // a member that is written or asked for, "" for none that is protected
}

// bound is the text by which a request would name a bound; "" for none.
func (th *thing) bound(name string) string {
	if name == "parent" {
		return th.parent
	}
	if v := th.attrs[name]; v != nil {
		return fmt.Sprint(v)
	}
	return ""
}

// other is a value that nothing names.
const other = "other"

// dimension is what things of one shape differ in.
type dimension struct {
	name   string
	values []any
	set    func(*thing, any)
}

// catalog is what is tried of one shape.
type catalog struct {
	list     []*thing
	aims     [2][]aim // at each of them, by version
	complete bool
}

// aim is a thing as a target of a version.
type aim struct {
	targets [1]rules.Target
	tier    string
	ok      bool // it can be one
}

// things are those of a shape that rules can tell apart for somebody, the plainest
// first; nil dimensions of what is not read.
func (p *pass) things(w *who, sh shape) *catalog {
	r, kin := p.readsOf(w, sh)
	key := sh.key() + "\x00" + kin + "\x00" + strings.Join(w.words, "\x00")
	if have := p.known[key]; have != nil {
		return have
	}
	dims := p.dimensions(w, sh, r)
	sizes := make([]int, len(dims))
	for i := range dims {
		sizes[i] = len(dims[i].values)
	}
	found := new(catalog)
	limit := mostNow
	if p.tried > patience {
		limit = most
	}
	found.complete = spread(sizes, limit, func() [][]int { return bases(dims, r.rules) }, func(at []int) {
		th := &thing{attrs: make(map[string]any)}
		for i, n := range at {
			dims[i].set(th, dims[i].values[n])
		}
		found.list = append(found.list, th)
	})
	for i, s := range p.sides {
		found.aims[i] = make([]aim, len(found.list))
		for n, th := range found.list {
			found.aims[i][n] = *s.aim(sh, th)
		}
	}
	p.known[key] = found
	return found
}

// aim is a thing as a target of the version.
func (s *side) aim(sh shape, th *thing) *aim {
	a := new(aim)
	if a.targets[0], a.ok = s.target(sh, th); a.ok {
		tier, _ := s.schema.TierOf(&a.targets[0])
		a.tier = s.schema.TierName(tier)
	}
	return a
}

func (p *pass) dimensions(w *who, sh shape, r *reads) (out []dimension) {
	words := func(name string) []string { return append(slices.Clone(w.words), r.words[name].list...) }
	whole := !sh.collection && !sh.fresh
	if properties := p.properties(sh); len(properties) > 1 {
		out = append(out, dimension{"property", properties, func(th *thing, v any) { th.property = v.(string) }})
	}
	if whole {
		out = append(out, dimension{"id", p.ids(sh, r, w), func(th *thing, v any) { th.id = v.(string) }})
		if p.stored(sh) && !sh.absent {
			out = append(out, dimension{"tier", p.tiers(), func(th *thing, v any) { th.tier = v.(string) }})
		}
	}
	for _, name := range slices.Concat(r.names.list, boundsOf(sh, r), above(sh, r)) {
		switch {
		case name == "id", !whole && !sh.bound(name) && !strings.HasPrefix(name, "parent."):
		case name == "parent":
			out = append(out, dimension{name, append(texted(p.parent(sh.typ), words("parent")), p.none(sh)...), func(th *thing, v any) { th.parent = v.(string) }})
		default:
			values := kindly(p.kind(sh.typ, name), words(name))
			if !whole && !strings.HasPrefix(name, "parent.") {
				values = slices.DeleteFunc(values, func(v any) bool { return v == nil })
			}
			if len(values) > 0 {
				out = append(out, dimension{name, values, func(th *thing, v any) { th.attrs[name] = v }})
			}
		}
	}
	return out
}

// boundsOf are bounds of a shape that no rule reads: some value stands for all.
func boundsOf(sh shape, r *reads) (out []string) {
	for name := range strings.SplitSeq(sh.bounds, ",") {
		if name != "" && !r.names.has(name) {
			r.words[name] = new(set[string])
			out = append(out, name)
		}
	}
	return out
}

// above is the parent of an object of which rules read only what its row says: an
// object without one has no such row.
func above(sh shape, r *reads) []string {
	ofRow := func(name string) bool { return strings.HasPrefix(name, "parent.") }
	if sh.collection || sh.fresh || r.names.has("parent") || !slices.ContainsFunc(r.names.list, ofRow) {
		return nil
	}
	r.words["parent"] = new(set[string])
	return []string{"parent"}
}

// none is the parent that an object may lack, and a bound may not.
func (p *pass) none(sh shape) []any {
	if sh.bounds != "" {
		return nil
	}
	return []any{""}
}

func texted(first string, words []string) []any {
	out := []any{first}
	for _, w := range words {
		if !slices.Contains(out, any(w)) {
			out = append(out, w)
		}
	}
	return out
}

// parent is an id that some parent of objects of a type has, and nothing names.
func (p *pass) parent(typ string) string {
	for _, s := range []*side{p.sides[1], p.sides[0]} {
		if t := s.schema.Types[typ]; t != nil && t.Above != nil && t.Above.ID != nil {
			return example(t.Above.ID.String())
		}
	}
	return other
}

// kindly are values of a kind: those that words spell, one beside them, and nil for
// absent.
func kindly(kind rules.Kind, words []string) []any {
	var out set[any]
	var lists []any
	switch kind {
	case rules.Bool:
		out.add(any(true), any(false))
	case rules.Int, rules.IntList, rules.String, rules.StringList:
		var all []any
		for _, w := range append(slices.Clone(words), other, "7919") {
			v, ok := kind.ParseScalar(w)
			if !ok || w == "7919" && (kind == rules.String || kind == rules.StringList) || slices.Contains(all, v) {
				continue
			}
			all = append(all, v)
			if list, ok := kind.Value([]any{v}); ok {
				lists = append(lists, list)
			} else {
				out.add(v)
			}
		}
		if list, ok := kind.Value(all); ok && len(all) > 1 {
			lists = append(lists, list)
		}
	case rules.NoKind:
		return nil
	}
	return append(append(out.list, lists...), nil)
}

// kind is that of an attribute, or of one of the parent, in either version.
func (p *pass) kind(typ, name string) rules.Kind {
	for _, s := range []*side{p.sides[1], p.sides[0]} {
		t := s.schema.Types[typ]
		ofParent, isParent := strings.CutPrefix(name, "parent.")
		if isParent && t != nil {
			name, t = ofParent, t.Above
		}
		if t != nil && t.Slot(name) >= 0 {
			return t.Attributes[t.Slot(name)].Kind
		}
	}
	return rules.NoKind
}
