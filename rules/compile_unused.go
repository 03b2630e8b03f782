package rules

import "slices"

// unusedIdentities warns of identities that no rule is about and no group has: whoever
// is one is denied everything.
func (c *compiler) unusedIdentities() {
	if len(c.set.rules) == 0 {
		return
	}
	used := c.usedIdentities()
	for i := range c.src.Identities {
		d := &c.src.Identities[i]
		id := c.identities[d.Name.V]
		if id == nil || id.Pos != d.Pos || used(id) {
			continue
		}
		c.warnings.AddHint(d.Name.Pos, "name it in a rule, or give it status: retired", "no rule is about identity %q and no group has it", id.Name)
	}
}

// usedIdentities reports of an identity whether it is there for something: for a rule, a
// group, whoever acts on its behalf, or to be known and turned away.
func (c *compiler) usedIdentities() func(*Identity) bool {
	named := make(map[string]bool)
	for _, g := range c.groups {
		for name := range g.members {
			named[name] = true
		}
	}
	for _, id := range c.set.identities {
		for _, name := range id.OnBehalfOf {
			named[name] = true
		}
	}
	crowds := make(map[string]selector) // many rules have the same few
	for _, r := range c.set.rules {
		for i := range r.selectors {
			switch s := r.selectors[i]; {
			case s.identity != nil:
				named[s.identity.Name] = true
			case len(s.groups) == 0:
				if len(s.claims)+len(s.scopes) > 0 { // which are no matter here, as long as it has a token
					s.claims, s.scopes = []claimTest{{}}, nil
				}
				crowds[s.String()] = s
			}
		}
	}
	return func(id *Identity) bool {
		if named[id.Name] || id.Status != Active || len(id.Shadow) > 0 || over(id.Expires, c.env.Now) {
			return true
		}
		for _, s := range crowds {
			if s.about(id) {
				return true
			}
		}
		return false
	}
}

// unusedTiers warns of tiers that nothing can have. The lowest is where the scale begins, and
// that of what is not classified and the one above which rights are broad are there for that.
func (c *compiler) unusedTiers() {
	s := c.set.schema
	if len(s.Types) == 0 {
		return
	}
	had := make([]bool, len(s.Tiers))
	have := func(tiers ...Tier) {
		for _, t := range tiers {
			if t >= 0 && int(t) < len(had) {
				had[t] = true
			}
		}
	}
	have(0, s.Unclassified, s.BroadAbove)
	for _, t := range s.Types {
		have(t.tiers()...)
	}
	for i := range c.src.Tiers {
		if at := c.src.Tiers[i].Name; i < len(had) && !had[i] {
			c.warnings.AddHint(at.Pos, "give it to a type, an action or a property, or remove it", "nothing can have tier %q", at.V)
		}
	}
}

// tiers are all that objects and collections of a type can have, of those that it says
// itself.
func (t *Type) tiers() (out []Tier) {
	out = append(out, t.Tier, t.MaxRowTier)
	if t.Catalog != "" {
		for row := max(t.Tier, 0); row < t.MaxRowTier; row++ {
			out = append(out, row)
		}
	}
	for _, tier := range t.Actions {
		out = append(out, tier)
	}
	for _, tier := range t.Properties {
		out = append(out, tier)
	}
	for i := range t.classes {
		out = append(out, t.classes[i].tier)
	}
	return slices.Clip(out)
}
