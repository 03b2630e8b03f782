package diff

import (
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// stored reports whether objects have rows in some version.
func (p *pass) stored(sh shape) bool {
	return slices.ContainsFunc(p.sides[:], func(s *side) bool { t := s.schema.Types[sh.typ]; return t != nil && t.Catalog != "" })
}

// tiers are those that a row may name: none, and each of both versions.
func (p *pass) tiers() []any {
	out := set[any]{[]any{""}}
	for _, s := range p.sides {
		for i := range s.schema.Tiers {
			out.add(any(s.schema.Tiers[i].Name))
		}
	}
	return out.list
}

// properties are members that are protected, or that may be written, in some version,
// as far as requests name members there.
func (p *pass) properties(sh shape) []any {
	var names set[string]
	for _, s := range p.sides {
		t := s.schema.Types[sh.typ]
		named := slices.ContainsFunc(s.units[sh.key()], func(u unit) bool {
			writes, asks := u.op.Members(u.touch)
			return sh.writes() && writes || !sh.writes() && asks
		})
		if t == nil || !named {
			continue
		}
		names.add(slices.Sorted(maps.Keys(t.Properties))...)
		if sh.writes() {
			names.add(slices.Sorted(maps.Keys(t.Writable[sh.action]))...)
			names.add("unheard")
		}
	}
	out := []any{""}
	for _, n := range names.list {
		out = append(out, n)
	}
	return out
}

func (s shape) writes() bool { return s.action == "create" || s.action == "update" }

// target is a thing as a version sees it; false where it cannot be its object.
func (s *side) target(sh shape, th *thing) (rules.Target, bool) {
	typ := s.schema.Types[sh.typ]
	t := rules.Target{Action: sh.action, Collection: sh.collection}
	if typ == nil || th.id != "" && typ.ID != nil && !typ.ID.MatchString(th.id) || th.id == "" && !sh.collection && !sh.fresh {
		return t, false
	}
	t.Object = rules.Object{Type: typ, ID: th.id, Parent: th.parent, RowTier: rules.NoTier}
	t.Unbounded = sh.collection && sh.bounds == ""
	if th.property != "" && sh.writes() {
		t.Properties = []string{th.property}
	} else if th.property != "" {
		t.Reads = []string{th.property}
	}
	o := &t.Object
	switch {
	case sh.fresh:
		o.State = rules.New
	case sh.absent && typ.Catalog != "":
		o.State, o.Parent = rules.Absent, ""
		return t, true
	case sh.collection:
	case typ.Catalog == "":
		o.Parent = ""
		return t, true
	default:
		o.State = rules.Stored
	}
	if th.tier != "" {
		tier, ok := s.schema.TierByName(th.tier)
		if o.RowTier = tier; !ok {
			return t, false
		}
	}
	var ok bool
	if o.Attributes, ok = slots(typ, th, ""); !ok {
		return t, false
	}
	if typ.Above != nil && typ.Above.Catalog != "" && th.parent != "" {
		o.ParentState = rules.Stored
		o.ParentAttributes, ok = slots(typ.Above, th, "parent.")
	}
	return t, ok
}

// slots are a thing's values as a type holds them; false for one of another kind,
// with which no row can be used.
func slots(typ *rules.Type, th *thing, prefix string) ([]any, bool) {
	out := make([]any, len(typ.Attributes))
	for i, a := range typ.Attributes {
		v := th.attrs[prefix+a.Name]
		if v == nil {
			continue
		}
		if !held(a.Kind, v) {
			return nil, false
		}
		out[i] = v
	}
	return out, true
}

// held reports whether a value is one of a kind.
func held(kind rules.Kind, v any) bool {
	switch v.(type) {
	case string:
		return kind == rules.String
	case int64:
		return kind == rules.Int
	case bool:
		return kind == rules.Bool
	case []string:
		return kind == rules.StringList
	case []int64:
		return kind == rules.IntList
	}
	return false
}
