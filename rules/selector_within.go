package rules

import "slices"

// whoever reports whether everyone whom a rule's selectors are about is one of those that
// others are about. It may miss that, and is never wrong to say so.
func (c *compiler) whoever(selectors, others []selector) bool {
	return !slices.ContainsFunc(selectors, func(s selector) bool { return !c.someOf(&s, others) })
}

func (c *compiler) someOf(s *selector, others []selector) bool {
	among := func(id *Identity) bool {
		return slices.ContainsFunc(others, func(o selector) bool { return o.follows(s, id) })
	}
	if among(nil) {
		return true
	}
	if !s.onlyRegistered() {
		return false
	}
	for id := range c.possible(s) {
		if !among(id) {
			return false
		}
	}
	return c.among(s).first != nil
}

// follows reports whether whoever fits s, and is of an identity where one is given, is
// sure to be one of those that o is about.
func (o *selector) follows(s *selector, id *Identity) bool {
	for i := range o.but {
		left := slices.ContainsFunc(s.but, func(b selector) bool { return b.String() == o.but[i].String() })
		if !left && (id == nil || o.but[i].about(id)) {
			return false
		}
	}
	if anonymous := !s.anyKind && s.kind == Anonymous; anonymous && o.anyKind {
		return false // whom only its kind selects
	}
	kind := o.anyKind || !s.anyKind && s.kind == o.kind || id != nil && id.Kind == o.kind
	issuer := o.issuer == "" || o.issuer == s.issuer || id != nil && o.issuer == id.Issuer
	registered := !o.registered || s.registered || s.onlyRegistered() || !s.anyKind && s.kind != Anonymous
	return kind && issuer && registered && o.followsByName(s, id) && o.followsByToken(s)
}

func (o *selector) followsByName(s *selector, id *Identity) bool {
	if o.identity != nil && (s.identity == nil || s.identity.Name != o.identity.Name) && (id == nil || id.Name != o.identity.Name) {
		return false
	}
	for _, g := range o.groups {
		if !slices.Contains(s.groups, g) && (id == nil || !g.members[id.Name]) {
			return false
		}
	}
	return o.environment == "" || o.environment == s.environment || id != nil && o.environment == id.Environment
}

func (o *selector) followsByToken(s *selector) bool {
	for _, claim := range o.claims {
		if !slices.Contains(s.claims, claim) {
			return false
		}
	}
	for _, scope := range o.scopes {
		if !slices.Contains(s.scopes, scope) {
			return false
		}
	}
	for _, w := range o.workloads {
		if !slices.ContainsFunc(s.workloads, func(of workload) bool { return of == w || w.below() && w.fits(of.id) }) {
			return false
		}
	}
	return true
}

// somebody makes a caller whom a selector is about, or returns nil where that takes more
// than it says.
func (c *compiler) somebody(s *selector) *Caller {
	v := &Verified{Issuer: s.issuer, Scopes: s.scopes, Claims: make(map[string]any, len(s.claims))}
	who := &Caller{Kind: Unknown, Verified: v}
	if !s.anyKind {
		who.Kind = s.kind
	}
	if s.onlyRegistered() || s.registered {
		first := c.among(s).first
		if first == nil {
			return nil
		}
		who.Identity, who.Kind, v.Issuer = first, first.Kind, first.Issuer
	}
	for _, claim := range s.claims {
		had, _ := v.Claims[claim.name].([]string)
		v.Claims[claim.name] = append(had, claim.value)
	}
	for _, w := range s.workloads {
		if peer := w.id; len(peer) > len(who.Peer) {
			if who.Peer = peer; w.below() {
				who.Peer += "x"
			}
		}
	}
	if !s.selects(who) {
		return nil
	}
	return who
}
