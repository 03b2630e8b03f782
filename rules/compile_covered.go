package rules

import (
	"fmt"
	"slices"
)

// maxCovered is how many rules that one deny rule leaves nothing of are named one by
// one. A lock-down leaves nothing of any.
const maxCovered = 5

// maxHeld is how many times, at most, one rule is held against another. Of very many
// deny rules on the same, which are all different, the last ones may go unnoticed.
const maxHeld = 2_000_000

// covered warns of rules that never apply, for a deny rule without conditions denies
// all that they are about. Only one rule is held against another: what several deny
// together is not looked for.
func (c *compiler) covered() {
	bare, held := c.bareDenials(), 0
	of := make(map[*rule][]*rule)
	var denies []*rule // in the order in which they are met
	for _, r := range c.set.rules {
		if d := c.coveredBy(r, bare, &held); d != nil {
			if len(of[d]) == 0 {
				denies = append(denies, d)
			}
			of[d] = append(of[d], r)
		}
	}
	for _, d := range denies {
		first := of[d][0].decl
		if n := len(of[d]); n > maxCovered {
			c.warnings.AddHint(d.decl.ID.Pos, "let it end with until, or take those rules out", "%d rules never apply, for rule %q denies all that they are about: the first is %q at %v",
				n, d.decl.ID.V, first.ID.V, first.Pos)
			continue
		}
		for _, r := range of[d] {
			c.warnings.AddHint(r.decl.ID.Pos, "remove it, or give one of the two a condition", "the rule never applies: rule %q at %v denies all that it is about",
				d.decl.ID.V, d.decl.Pos)
		}
	}
}

// bareDenials indexes the deny rules without conditions. Of those that say the same, it
// has the first.
func (c *compiler) bareDenials() *index {
	ix := newIndex()
	ix.groups = c.set.deny.groups
	said := make(map[string]bool)
	for _, r := range c.set.rules {
		if r.effect != Deny || r.shadow || slices.ContainsFunc(r.clauses, func(cl *clause) bool { return len(cl.conditions) > 0 }) {
			continue
		}
		selectors := make([]string, len(r.selectors))
		for i := range r.selectors {
			selectors[i] = r.selectors[i].String()
		}
		says := fmt.Sprintf("%q %q %q %v %q %v %v %v %v", selectors, r.to, r.decl.On.Values(), r.fromTier, r.purposes, r.category, r.byCategory, r.window, r.refusal.hides())
		if said[says] {
			continue
		}
		said[says] = true
		for _, cl := range r.clauses {
			ix.add(cl, r.to)
		}
	}
	return &ix
}

// coveredBy returns the first deny rule that leaves nothing of a rule, or nil. It looks
// only at those that the index has for some caller whom the rule selects.
func (c *compiler) coveredBy(r *rule, bare *index, held *int) *rule {
	if len(r.selectors) == 0 || len(r.to) == 0 || len(r.clauses) == 0 {
		return nil
	}
	somebody := c.somebody(&r.selectors[0])
	if somebody == nil {
		return nil
	}
	typ := anything
	if r.clauses[0].typ != nil {
		typ = r.clauses[0].typ.Name
	}
	var q candidates
	bare.find(&q, somebody, typ, r.to[0])
	for cl := q.next(); cl != nil && *held < maxHeld; cl = q.next() {
		*held++
		if d := cl.rule; d != r && c.precedes(d, r) && c.denies(d, r) && c.whoever(r.selectors, d.selectors) {
			return d
		}
	}
	return nil
}

// precedes reports whether a rule is never heard where a deny rule holds. Of two deny
// rules the first is named, but for one that hides what it denies.
func (c *compiler) precedes(d, r *rule) bool {
	return r.effect == Allow || d.order < r.order && (!r.refusal.hides() || d.refusal.hides())
}

// denies reports whether a deny rule without conditions holds of every target that a rule can apply to, for
// the callers that they have in common.
func (c *compiler) denies(d, r *rule) bool {
	if !c.whenever(&d.window, &r.window) || len(d.purposes) > 0 && len(r.purposes) == 0 {
		return false
	}
	for _, cl := range r.clauses {
		typ := anything
		if cl.typ != nil {
			typ = cl.typ.Name
		}
		for _, action := range r.to {
			if !d.covers(action, typ) {
				return false
			}
		}
	}
	for _, p := range r.purposes {
		if len(d.purposes) > 0 && !slices.Contains(d.purposes, p) {
			return false
		}
	}
	return c.sensitive(d, r)
}

// sensitive reports whether every target that a rule can apply to has a tier and a
// category that a deny rule is about.
func (c *compiler) sensitive(d, r *rule) bool {
	every := func(holds func(*Type) bool) bool {
		if !names(r.decl.On, anything) {
			return !slices.ContainsFunc(r.types, func(t *Type) bool { return !holds(t) })
		}
		for _, t := range c.set.schema.Types {
			if !holds(t) {
				return false
			}
		}
		return true
	}
	high := r.effect == Deny && r.fromTier >= d.fromTier || every(func(t *Type) bool { return c.set.schema.lowest(t) >= d.fromTier })
	marked := !d.byCategory || r.effect == Deny && r.byCategory && r.category.within(d.category) ||
		every(func(t *Type) bool { return t.category&d.category != 0 })
	return high && marked
}

// whenever reports whether one window holds another, from now on.
func (c *compiler) whenever(d, r *window) bool {
	begun := d.from.IsZero() || !d.from.After(r.from) || !c.env.Now.IsZero() && !d.from.After(c.env.Now)
	return begun && (d.end.IsZero() || !r.end.IsZero() && !r.end.After(d.end))
}
