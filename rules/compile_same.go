package rules

import (
	"fmt"
	"strings"
)

// pins checks that what `same` compares with is pinned for a selector, and of
// the kind that the attribute has.
func (c *compiler) pins(cl *clause, s *selector, kind Kind) {
	at := cl.decl.Same
	pin := strings.TrimPrefix(at.V, parentPrefix)
	if s.identity == nil {
		if s.onlyRegistered() && len(cl.clauses) == 0 { // said once, and not for each type
			c.pinsSome(cl, s, pin)
		}
		return
	}
	if s.identity.Issuer == "" && s.identity.Peer == "" {
		return // a mistake of its own
	}
	got, known := c.pinnedKind(s.identity, pin)
	switch {
	case !known:
	case got == NoKind && s.identity.Peer != "":
		c.ms.AddHint(at.Pos, "give the identity a tenant and write same: tenant; nothing else is fixed for a peer", "nothing pins %q for %q", pin, s.identity.Name)
	case got == NoKind && pin == "tenant":
		c.ms.AddHint(at.Pos, "give the identity a tenant, or its issuer fixed: { tenant: … }", "nothing pins the tenant of %q", s.identity.Name)
	case got == NoKind:
		c.ms.AddHint(at.Pos, fmt.Sprintf("give issuer %s fixed: { %s: … }", s.identity.Issuer, pin), "nothing pins %q for %q", pin, s.identity.Name)
	case got != kind:
		c.ms.Add(at.Pos, "attribute %q is %v, what is pinned for %q is %v", at.V, kind, s.identity.Name, got)
	}
}

// pinsSome warns of the identities of a group or an environment for which nothing
// is pinned: of them a rule's condition errs, always.
func (c *compiler) pinsSome(cl *clause, s *selector, pin string) {
	var names []string
	for id := range c.possible(s) {
		if got, known := c.pinnedKind(id, pin); known && got == NoKind {
			names = append(names, id.Name)
		}
	}
	if len(names) == 0 {
		return
	}
	const most = 5
	list := strings.Join(names[:min(len(names), most)], ", ")
	if more := len(names) - most; more > 0 {
		list += fmt.Sprintf(" and %d more", more)
	}
	at, hint := cl.decl.Same.Pos, fmt.Sprintf("pin %s for them, or leave them out", pin)
	if cl.effect == Deny {
		c.warnings.AddHint(at, hint, "nothing pins %q for %s: the rule never applies to some of their objects alone, it denies them all", pin, list)
		return
	}
	c.warnings.AddHint(at, hint, "nothing pins %q for %s: the rule never applies to them", pin, list)
}

// pinnedKind is the kind of what is pinned for an identity under a name, NoKind for
// nothing. Without a configuration it may not be known.
func (c *compiler) pinnedKind(id *Identity, pin string) (kind Kind, known bool) {
	switch issuer := c.env.Issuers[id.Issuer]; {
	case pin == "tenant" && id.Tenant != "":
		return String, true
	case c.env.Partial:
		return NoKind, false
	case issuer.Fixed[pin] != nil:
		return kindOfValue(issuer.Fixed[pin]), true
	case pin == "tenant" && issuer.Subjects.Catalog != "":
		return String, true // the rows of its subjects may have one
	}
	return NoKind, true
}
