package rules

import (
	"net/netip"
	"slices"
	"time"
)

// Require is a compiled demand on the caller, or on the facts. Zero members
// demand nothing.
type Require struct {
	MaxTokenAge int64 // seconds; 0 demands nothing
	MaxAuthAge  int64 // seconds
	BoundToken  bool
	Purpose     bool
	MTLS        bool
	Networks    []netip.Prefix // of the client's address; IPv4 ones are unmapped
	ACR         []string       // any of
	AMR         []string       // all of
	Fresh       time.Duration  // of the rows; 0 demands nothing
}

// unmet returns the reason of the first demand that is not met, and the demand as
// it is written; "" when all are met. The order is that of docs/reference/decisions.md.
func (r *Require) unmet(f *facts) (Reason, string) {
	c, now := f.caller, f.req.Now
	v := c.Verified
	if v == nil {
		v = new(Verified)
	}
	switch {
	case r.MaxTokenAge > 0 && older(v.IssuedAt, now, r.MaxTokenAge):
		return TokenTooOld, "max_token_age"
	case r.MaxAuthAge > 0 && older(v.AuthTime, now, r.MaxAuthAge):
		return AuthTooOld, "max_auth_age"
	case r.BoundToken && c.Bound == NotBound:
		return TokenNotBound, "bound_token"
	case r.Purpose && c.Purpose == "":
		return PurposeMissing, "purpose"
	case f.supposed:
		return "", ""
	case r.MTLS && !certified(c):
		return CertificateMissing, "mtls"
	case len(r.Networks) > 0 && !InNetwork(f.req.ClientIP, r.Networks):
		return NetworkNotAllowed, "network"
	case len(r.ACR) > 0 && (v.ACR == "" || !slices.Contains(r.ACR, v.ACR)):
		return AuthTooWeak, "acr"
	case !containsAll(v.AMR, r.AMR):
		return AuthMethodMissing, "amr"
	case r.Fresh > 0 && f.target.Object.age() > r.Fresh:
		return CatalogStale, "fresh_catalog"
	}
	return "", ""
}

// certified reports whether a client certificate stands behind the caller: that of a
// verified peer, or the one that its token is bound to, be it to a key as well.
func certified(c *Caller) bool {
	return c.Peer != "" || c.Bound == ByCertificate || c.Bound == ByKey && c.Verified != nil && c.Confirm.Certificate != ""
}

// Supposing returns the same rules for callers who bring what they can: who come from
// the networks, with the certificate and after the login that is demanded, and say what
// is asked. It is for reviews, which count what somebody could reach, and decides no request.
func (s *Set) Supposing() *Set {
	out := *s
	out.supposed = true
	return &out
}

// older reports whether more than limit seconds lie between at and now. A time
// that the token does not tell is too long ago.
func older(at, now time.Time, limit int64) bool {
	return at.IsZero() || now.Sub(at) > time.Duration(limit)*time.Second
}

// InNetwork reports whether an address is in one of the networks. One that is not
// known, or that has a zone, is in none.
func InNetwork(addr netip.Addr, networks []netip.Prefix) bool {
	addr = addr.Unmap()
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func containsAll(have, want []string) bool {
	for _, w := range want {
		if !slices.Contains(have, w) {
			return false
		}
	}
	return true
}

// age is how old the facts are that are known of the object: the older of its own
// row and its parent's, and 0 where nothing was looked up.
func (o *Object) age() time.Duration { return max(o.Age, o.ParentAge) }

// login says in a decision what a new login must be, where one would do
// (RFC 9470 section 3): all that the demand asks of logins, so that one is enough.
func (d *Decision) login(r *Require) {
	switch d.Reason { //nolint:exhaustive // of no other reason a login is the cure
	case AuthTooOld, AuthTooWeak, AuthMethodMissing:
		d.MaxAuthAge, d.ACR = r.MaxAuthAge, r.ACR
	}
}
