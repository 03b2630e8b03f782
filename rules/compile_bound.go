package rules

import "slices"

// neverBound warns of demands for callers who prove that their credential is
// their own, where nothing says how any of those that are meant could: it is a
// denial of everybody, and rarely meant as one.
func (c *compiler) neverBound() {
	if c.env.Partial {
		return
	}
	const hint = "give an identity its workload, or the issuer require_bound or dpop in tiergate.yaml"
	for i := range c.src.Tiers {
		d := &c.src.Tiers[i].Require.BoundToken
		if d.V && !c.mayBind(&selector{anyKind: true}) {
			c.warnings.AddHint(d.Pos, hint, "tier %q wants bound_token, and nothing says how any caller could be bound", c.src.Tiers[i].Name.V)
		}
	}
	for _, r := range c.set.rules {
		may := func(s selector) bool { return c.mayBind(&s) }
		if r.require.BoundToken && len(r.selectors) > 0 && !slices.ContainsFunc(r.selectors, may) {
			c.warnings.AddHint(r.decl.Require.BoundToken.Pos, hint, "rule %q wants bound_token, and nothing says how any of its callers could be bound", r.decl.ID.V)
		}
	}
}

// mayBind reports whether some caller that a selector may be about is known to
// be bound in some way: its issuer's tokens are, or it is known by its workload.
func (c *compiler) mayBind(s *selector) bool {
	if s.identity != nil {
		return c.bindable(s.identity)
	}
	if c.among(s).bindable {
		return true
	}
	for name, issuer := range c.env.Issuers { // callers whom no identity matches
		if s.anyKind && !s.registered && !s.onlyRegistered() && (s.issuer == "" || s.issuer == name) && issuer.Binds {
			return true
		}
	}
	return false
}
