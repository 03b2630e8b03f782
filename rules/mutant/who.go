package mutant

import (
	"cmp"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// nameOf is the name of the identity or group that a selector is and no more, or "".
func nameOf(s *rules.Selector) string {
	name := cmp.Or(s.Name, s.Identity.V, s.Group.V)
	if s.Kind.V != "" || s.Issuer.V != "" || len(s.Claim) > 0 || len(s.Scope) > 0 || s.Workload.V != "" || s.Environment.V != "" ||
		s.Identity.V != "" && s.Group.V != "" || given(s.AnyOf) || given(s.AllOf) || given(s.Not) {
		return ""
	}
	return name
}

func given(s rules.Selectors) bool { return len(s.List) > 0 }

// selected are the names of the identities that selectors select, in order, and
// whether that is all there is to know: what asks for more than an identity says,
// or selects who has none, is not.
func (b *builder) selected(list ...rules.Selector) (names []string, known bool) {
	known = !slices.ContainsFunc(list, func(s rules.Selector) bool { return !b.settled(&s) || !registered(&s) })
	for _, id := range b.Set.Identities() {
		if b.any(list, id) {
			names = append(names, id.Name)
		}
	}
	return names, known
}

func (b *builder) any(list []rules.Selector, id *rules.Identity) bool {
	return slices.ContainsFunc(list, func(s rules.Selector) bool { return b.fits(&s, id) })
}

// fits reports whether an identity can be one that a selector is about.
func (b *builder) fits(s *rules.Selector, id *rules.Identity) bool {
	is := func(want, have string) bool { return want == "" || want == have }
	one := func(o rules.Selector) bool { return !b.fits(&o, id) }
	return (s.Name == "" || b.member(s.Name, id.Name)) && is(s.Identity.V, id.Name) && (s.Group.V == "" || b.member(s.Group.V, id.Name)) &&
		is(s.Kind.V, id.Kind.String()) && is(s.Issuer.V, id.Issuer) && is(s.Environment.V, b.environment(id.Name)) &&
		(!given(s.AnyOf) || b.any(s.AnyOf.List, id)) && !slices.ContainsFunc(s.AllOf.List, one) &&
		(!b.settled(s) || !b.any(s.Not.List, id))
}

// settled reports whether nothing but identities decides whom a selector selects.
func (b *builder) settled(s *rules.Selector) bool {
	parts := slices.Concat(s.AnyOf.List, s.AllOf.List, s.Not.List)
	return len(s.Claim) == 0 && len(s.Scope) == 0 && s.Workload.V == "" &&
		!slices.ContainsFunc(parts, func(o rules.Selector) bool { return !b.settled(&o) })
}

// registered reports whether a selector selects nobody without an identity.
func registered(s *rules.Selector) bool {
	not := func(o rules.Selector) bool { return !registered(&o) }
	return nameOf(s) != "" || s.Name != "" || s.Identity.V != "" || s.Group.V != "" || s.Environment.V != "" ||
		s.Kind.V != "" && s.Kind.V != rules.Anonymous.String() ||
		given(s.AnyOf) && !slices.ContainsFunc(s.AnyOf.List, not) ||
		slices.ContainsFunc(s.AllOf.List, func(o rules.Selector) bool { return registered(&o) })
}

// member reports whether a name is an identity's, or that of a group with it.
func (b *builder) member(name, identity string) bool {
	if name == identity {
		return true
	}
	for i := range b.Source.Groups { // which hold no cycle, or they would not have loaded
		if g := &b.Source.Groups[i]; g.Name.V == name {
			return slices.ContainsFunc(g.Members, func(m rules.At[string]) bool { return b.member(m.V, identity) })
		}
	}
	return false
}

func (b *builder) environment(identity string) string {
	at := slices.IndexFunc(b.Source.Identities, func(d rules.IdentityDecl) bool { return d.Name.V == identity })
	if at < 0 {
		return ""
	}
	return b.Source.Identities[at].Environment.V
}
