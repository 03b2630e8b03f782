package rules

import "slices"

// checkPurposes looks for those that no caller can have. A purpose that nearly is
// another one is a mistake; else an unknown one is a warning, for only callers
// whom no identity matches can have it.
func (c *compiler) checkPurposes(r *rule) {
	for _, p := range r.decl.For {
		c.exact("for", p, "leave `for` out, then any purpose will do, and none")
		if !slices.Contains(c.purposes, p.V) {
			if hint := DidYouMean(p.V, c.purposes); hint != "" {
				c.ms.AddHint(p.Pos, hint, "unknown purpose %q", p.V)
				continue
			}
		}
		if !c.purposeOf(r.selectors, p.V) {
			c.warnings.AddHint(p.Pos, "give it to the identity", "no identity that the rule selects has the purpose %q", p.V)
		}
	}
}

// purposeOf reports whether someone whom the selectors fit can have a purpose:
// an identity has those that it lists, anybody else what the token or the line says.
func (c *compiler) purposeOf(selectors []selector, purpose string) bool {
	for i := range selectors {
		s := &selectors[i]
		if !s.onlyRegistered() && !s.registered && (s.anyKind || s.kind == Anonymous) {
			return true
		}
		for id := range c.possible(s) {
			if slices.Contains(id.Purposes, purpose) {
				return true
			}
		}
	}
	return false
}

// linePurposes warns of map lines for a purpose that no identity has: whoever is
// registered is denied there, unless the token names another purpose.
func (c *compiler) linePurposes() {
	for i := range c.src.Routes {
		for j := range c.src.Routes[i].Map {
			at := c.src.Routes[i].Map[j].Purpose
			has := func(id *Identity) bool { return slices.Contains(id.Purposes, at.V) }
			if at.given() && len(c.set.identities) > 0 && !slices.ContainsFunc(c.set.identities, has) {
				c.warnings.AddHint(at.Pos, "their requests on this line are denied with purpose_not_allowed", "no identity has the purpose %q", at.V)
			}
		}
	}
}
