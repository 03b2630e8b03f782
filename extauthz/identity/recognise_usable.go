package identity

import (
	"net/netip"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// usable refuses a caller whose identity limits its use: to a workload, while it
// is active, to a time, to networks, to a fresh credential. Whom no identity
// matches nothing limits here.
func usable(c *rules.Caller, req *rules.Request) error {
	id := c.Identity
	if id == nil {
		return nil
	}
	switch now := req.Now; {
	case id.Workload != "" && c.Peer != id.Workload:
		return rules.Faultf(rules.BindingMismatch, "the workload of %q is %s, the peer is %q", id.Name, id.Workload, c.Peer)
	case id.Status != rules.Active:
		return rules.Faultf(rules.IdentitySuspended, "%q is %v", id.Name, id.Status)
	case now.Before(id.NotBefore):
		return rules.Faultf(rules.IdentityExpired, "%q begins %v", id.Name, id.NotBefore)
	case !id.Expires.IsZero() && (now.IsZero() || !now.Before(id.Expires)):
		return rules.Faultf(rules.IdentityExpired, "%q ended %v", id.Name, id.Expires)
	case !id.Overdue.IsZero() && (now.IsZero() || !now.Before(id.Overdue)):
		return rules.Faultf(rules.ReviewOverdue, "the review of %q was due before %v", id.Name, id.Overdue)
	case len(id.Networks) > 0 && !within(req.ClientIP, id.Networks):
		return rules.Faultf(rules.NetworkNotAllowed, "%v is in no network of %q", req.ClientIP, id.Name)
	case id.MaxAge > 0 && (c.IssuedAt.IsZero() || now.Sub(c.IssuedAt) > id.MaxAge):
		return rules.Faultf(rules.TokenTooOld, "credentials of %q are good for %v", id.Name, id.MaxAge)
	}
	return nil
}

// within reports whether an address is in one of the networks. One that is not
// known, or that has a zone, is in none.
func within(addr netip.Addr, networks []netip.Prefix) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// settlePurpose finds the purpose of a request where neither token nor map line
// has one, and judges it. Where somebody acts, it is the actor's purpose.
func settlePurpose(c *rules.Caller) error {
	id := c.Identity
	if c.Actor != nil {
		id = c.Actor.Identity
	}
	if id == nil {
		return nil
	}
	if c.Purpose == "" && len(id.Purposes) == 1 {
		c.Purpose = id.Purposes[0]
	}
	if c.Actor != nil {
		c.Actor.Purpose = c.Purpose
	}
	if c.Purpose != "" && !slices.Contains(id.Purposes, c.Purpose) {
		return rules.Faultf(rules.PurposeNotAllowed, "purpose %s is not among %q of %q", clip(c.Purpose), id.Purposes, id.Name)
	}
	return nil
}
