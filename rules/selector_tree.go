package rules

import (
	"slices"
	"strings"
)

// A selector with any_of, all_of and not is brought into alternatives, each a list
// of members that must fit and members that must not. So there is one kind of
// selector to index, to analyse and to explain, however it was written.

// How many alternatives a selector may come to, and how many members each.
const (
	maxAlternatives = 64
	maxLiterals     = 256 // of one alternative
)

// literal is a selector of one member, or that it must not fit.
type literal struct {
	selector

	not bool
}

// alternative is what must be true together.
type alternative []literal

func (a alternative) String() string {
	var parts []string
	for i := range a {
		part := a[i].String()
		if a[i].not {
			part = "not " + part
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, " and ")
}

// selectors compiles the callers of a rule. byNot says that one of them is selected
// by what it is not.
func (c *compiler) selectors(list []Selector) (out []selector, byNot bool) {
	for i := range list {
		d, said := &list[i], len(c.ms)
		if c.tooManyCallers(d.Pos) {
			break
		}
		for _, alt := range c.alternatives(d, selector{anyKind: true}) {
			s, somebody := alt.join()
			if len(c.ms) == said && c.whole && (!somebody || s.onlyRegistered() && c.among(&s).first == nil) {
				c.ms.AddHint(d.Pos, "as they are registered here, these exclude each other", "nobody is %v", alt)
				continue
			}
			byNot = byNot || len(s.but) > 0
			out = append(out, s)
		}
	}
	return out, byNot
}

// alternatives compiles one selector, inside of others that say what around has.
func (c *compiler) alternatives(d *Selector, around selector) []alternative {
	members, within := c.members(d, around)
	if len(members) == 0 && !d.AnyOf.given() && !d.AllOf.given() && !d.Not.given() {
		c.ms.AddHint(d.Pos, "name an identity or a group, or give kind, issuer, claim, scope, workload or environment", "an empty selector")
	}
	var own alternative
	for _, m := range members {
		own = append(own, literal{selector: m})
	}
	out := []alternative{own}
	if d.AnyOf.given() {
		out = c.both(d, out, c.either(&d.AnyOf, within))
	}
	if d.AllOf.given() {
		c.some(&d.AllOf)
	}
	for i, said := 0, len(c.ms); i < len(d.AllOf.List) && len(c.ms) == said; i++ {
		out = c.both(d, out, c.alternatives(&d.AllOf.List[i], within))
	}
	if d.Not.given() {
		for _, alt := range c.either(&d.Not, within) {
			out = c.both(d, out, alt.negated())
		}
	}
	return out
}

// either compiles a list of which any will do.
func (c *compiler) either(list *Selectors, around selector) (out []alternative) {
	c.some(list)
	if len(list.List) > maxAlternatives {
		c.tooMany(list.Pos)
		return nil
	}
	for i := range list.List {
		out = append(out, c.alternatives(&list.List[i], around)...)
	}
	return out
}

func (c *compiler) some(list *Selectors) {
	if len(list.List) == 0 {
		c.ms.AddHint(list.Pos, "say which, or leave the key out", "a list without anything in it")
	}
}

// both joins each alternative of one side with each of the other.
func (c *compiler) both(d *Selector, a, b []alternative) (out []alternative) {
	if len(a)*len(b) > maxAlternatives {
		c.tooMany(d.Pos)
		return a[:min(len(a), 1)]
	}
	for _, x := range a {
		for _, y := range b {
			if len(x)+len(y) > maxLiterals {
				c.ms.AddHint(d.Pos, "name a group", "the selector has alternatives of more than %d members", maxLiterals)
				return a[:1]
			}
			out = append(out, slices.Concat(x, y))
		}
	}
	return out
}

func (c *compiler) tooMany(at Pos) {
	c.ms.AddHint(at, "write several rules, or name a group", "the selector comes to more than %d alternatives", maxAlternatives)
}

// negated are the alternatives of what is not the case: that one of its members is not.
func (a alternative) negated() (out []alternative) {
	for _, l := range a {
		l.not = !l.not
		out = append(out, alternative{l})
	}
	return out
}

// join makes one selector of an alternative. What is selected by what it is not
// alone is registered: to leave out one name selects no stranger. somebody is false
// where two members exclude each other.
func (a alternative) join() (s selector, somebody bool) {
	s, somebody = selector{anyKind: true, registered: true}, true
	for _, l := range a {
		if l.not {
			s.but = append(s.but, l.selector)
			continue
		}
		s.registered = false
		somebody = s.take(&l.selector) && somebody
	}
	for i := range s.but {
		same := func(l literal) bool { return !l.not && l.String() == s.but[i].String() }
		somebody = somebody && !slices.ContainsFunc(a, same)
	}
	credential := s.issuer != "" || len(s.claims) > 0 || len(s.scopes) > 0 || s.onlyRegistered()
	return s, somebody && (s.anyKind || s.kind != Anonymous || !credential)
}

// take adds a member, and reports whether it agrees with those that are there.
func (s *selector) take(m *selector) (agrees bool) {
	agrees = true
	put := func(to *string, from string) {
		agrees = agrees && (from == "" || *to == "" || *to == from)
		if from != "" {
			*to = from
		}
	}
	if m.identity != nil {
		agrees = s.identity == nil || s.identity.Name == m.identity.Name
		s.identity = m.identity
	}
	if !m.anyKind {
		agrees = agrees && (s.anyKind || s.kind == m.kind)
		s.kind, s.anyKind = m.kind, false
	}
	put(&s.issuer, m.issuer)
	put(&s.environment, m.environment)
	s.claims = append(s.claims, m.claims...)
	s.scopes = append(s.scopes, m.scopes...)
	s.workloads = append(s.workloads, m.workloads...)
	s.groups = append(s.groups, m.groups...)
	return agrees
}
