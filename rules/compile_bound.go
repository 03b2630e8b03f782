package rules

import "slices"

// neverBound warns of demands for callers who prove that their credential is
// their own, where nothing says how any of those that are meant could: it is a
// denial of everybody, and rarely meant as one.
func (c *compiler) neverBound() {
	if c.env.Partial {
		return
	}
	c.vainDemand("%s %q wants bound_token, and nothing says how any %s could be bound", "give an identity its workload, or the issuer require_bound or dpop in tiergate.yaml",
		func(d *RequireDecl) *At[bool] { return &d.BoundToken })
}

// vainDemand warns of a demand of tiers and rules that nobody is known to be able to
// meet but callers who can be bound. The format is of tier or rule, its name and a caller.
func (c *compiler) vainDemand(format, hint string, in func(*RequireDecl) *At[bool]) {
	for i := range c.src.Tiers {
		tier := &c.src.Tiers[i]
		if in(&tier.Require).V && !c.mayBind(&selector{anyKind: true}) {
			c.warnings.AddHint(in(&tier.Require).Pos, hint, format, "tier", tier.Name.V, "caller")
		}
	}
	for _, r := range c.set.rules {
		may := func(s selector) bool { return c.mayBind(&s) }
		if in(&r.decl.Require).V && len(r.selectors) > 0 && !slices.ContainsFunc(r.selectors, may) {
			c.warnings.AddHint(in(&r.decl.Require).Pos, hint, format, "rule", r.decl.ID.V, "of its callers")
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
