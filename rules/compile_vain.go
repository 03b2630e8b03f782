package rules

import "slices"

// inVain warns of a rule that can never apply, and of a condition that decides nothing.
func (c *compiler) inVain(r *rule) {
	d, s := r.decl, c.set.schema
	types := r.types
	if names(d.On, anything) {
		for _, t := range s.Types {
			types = append(types, t)
		}
	}
	every := func(holds func(*Type) bool) bool {
		return len(types) > 0 && !slices.ContainsFunc(types, func(t *Type) bool { return !holds(t) })
	}
	switch {
	case r.effect == Allow && d.UpTo.given() && every(func(t *Type) bool { return s.lowest(t) > r.upTo }):
		c.warnings.AddHint(d.UpTo.Pos, "raise up_to if it is meant to", "the rule never applies: nothing that it is on has a tier as low as %s", d.UpTo.V)
	case r.effect == Deny && r.fromTier != NoTier && every(func(t *Type) bool { return s.Highest(t) < r.fromTier }):
		c.warnings.AddHint(d.FromTier.Pos, "lower from_tier, or raise max_row_tier", "the rule never applies: nothing that it is on has a tier as high as %s", d.FromTier.V)
	}
	switch r.constant(c) { //nolint:exhaustive // anything else depends on what is asked
	case yes:
		c.warnings.AddHint(d.When.Pos, "leave when out if that is meant", "the condition always holds")
	case no:
		c.warnings.AddHint(d.When.Pos, "remove the rule if that is meant", "the rule never applies: its condition holds of nothing")
	}
}

// lowest is the lowest tier that an object or a collection of a type can have.
func (s *Schema) lowest(t *Type) Tier {
	low := t.Tier
	for _, tier := range t.Actions {
		low = min(low, tier) // a collection has its action's tier, whatever is in it
	}
	return low
}

// constant is what the rule's condition says of everything, or unknown where that
// depends on what is asked.
func (r *rule) constant(c *compiler) truth {
	all := unknown
	for i, cl := range r.clauses {
		when := c.conditions[c.scope(r, cl.typ).key()+"\x01"+r.decl.When.V].condition
		switch {
		case !r.decl.When.given() || when == nil || i > 0 && when.always != all:
			return unknown
		default:
			all = when.always
		}
	}
	return all
}
