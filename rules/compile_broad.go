package rules

import (
	"fmt"
	"slices"
	"strings"
)

// broad asks for a reason, an owner and a review where a rule gives rights to
// more than objects that its conditions pick.
func (c *compiler) broad(r *rule) {
	d := r.decl
	if r.effect != Allow {
		return
	}
	if slices.Contains(r.to, anything) {
		r.broad = append(r.broad, "every action")
	}
	if slices.Contains(d.On.Values(), anything) {
		r.broad = append(r.broad, "every type")
	}
	if r.byNot {
		r.broad = append(r.broad, "callers by what they are not")
	}
	if r.unbounded {
		r.broad = append(r.broad, "unbounded collections")
	}
	hint := "broad rights need because, owner and review_by"
	for _, t := range r.types {
		if top := min(r.upTo, c.set.schema.Highest(t)); top > c.set.schema.BroadAbove && !r.narrow(c, t) {
			if d.When.given() && len(r.broad) == 0 {
				hint = fmt.Sprintf("its condition may hold of any %s: %s", t.Name, hint)
			}
			r.broad = append(r.broad, fmt.Sprintf("every %s up to %s", t.Name, c.set.schema.TierName(top)))
		}
	}
	if len(r.broad) == 0 {
		return
	}
	if lacks := d.unsaid("because", "owner", "review_by"); len(lacks) > 0 {
		c.ms.AddHint(d.ID.or(d.Pos), hint, "the rule covers %s and has no %s", r.broad[0], strings.Join(lacks, ", no "))
	}
}

// Highest is the highest tier that an object or a collection of a type can have.
func (s *Schema) Highest(t *Type) Tier {
	top := max(t.Tier, t.MaxRowTier, t.Classified)
	for _, tier := range t.Actions {
		top = max(top, tier)
	}
	for _, tier := range t.Properties {
		top = max(top, tier)
	}
	if t.Tier == NoTier {
		top = max(top, s.Unclassified)
	}
	return top
}

// narrow reports whether the rule's conditions are sure to keep some objects of t out.
func (r *rule) narrow(c *compiler, t *Type) bool {
	d := r.decl
	if d.Own.given() || d.Same.given() || d.Only.Pos != (Pos{}) {
		return true
	}
	if !d.When.given() {
		return false
	}
	when := c.conditions[c.scope(r, t).key()+"\x01"+d.When.V].condition
	return when == nil || when.narrows // of one with a mistake nothing is known
}
