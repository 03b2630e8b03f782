package rules

import (
	"slices"
	"strings"
)

// match checks which callers an identity is: those whom an issuer vouches for, or
// one workload, by its certificate alone. Never both: a peer's name says nothing of
// a token that came over its connection.
func (c *compiler) match(d *IdentityDecl, id *Identity) {
	m := &d.Match
	c.exact("subject", m.Subject, "leave subject out, then any will do")
	for _, w := range m.Client {
		c.exact("client", w, "leave client out, then any will do")
	}
	switch {
	case m.Peer.given():
		c.matchPeer(d, id)
	case m.Issuer.V == "":
		c.ms.AddHint(m.Pos.or(d.Pos), "write match: { issuer: … } or match: { peer: spiffe://… }", "identity %q does not say who vouches for it", id.Name)
	default:
		c.issuer(m.Issuer)
	}
}

// matchPeer checks an identity that is a workload without a token.
func (c *compiler) matchPeer(d *IdentityDecl, id *Identity) {
	m := &d.Match
	c.workload("peer", m.Peer)
	if m.Issuer.given() {
		c.ms.AddHint(m.Issuer.Pos, "make two identities of it; or leave peer out and add workload: "+id.Peer+", then the issuer's tokens are good from there alone",
			"identity %q is recognised by its issuer or by its peer, not by both", id.Name)
	}
	if m.Subject.given() {
		c.ms.Add(m.Subject.Pos, "a peer has no subject beside its SPIFFE ID")
	}
	for _, w := range m.Client {
		c.ms.Add(w.Pos, "a peer has no client")
		break
	}
	if d.Workload.given() {
		c.ms.AddHint(d.Workload.Pos, "leave it out", "the peer of identity %q is its workload already", id.Name)
	}
	if d.MaxAge.given() {
		c.ms.AddHint(d.MaxAge.Pos, "leave it out; a certificate counts while it is valid", "a peer has no token, so nothing says when it was issued, and credential_max_age would refuse it always")
	}
	if id.Kind == Human {
		c.ms.AddHint(m.Peer.Pos, "one of service, workload, third-party, agent", "identity %q is human, and a peer is a workload", id.Name)
	}
}

// workload checks the name of a workload that a request must come from. One that
// no request can come from would make an identity that nobody is: that it seems
// to be limited to its workload, or registered, is worse than a mistake.
func (c *compiler) workload(key string, at At[string]) {
	if !at.given() {
		return
	}
	domain, ok := TrustDomain(at.V)
	switch {
	case !ok:
		c.ms.AddHint(at.Pos, "spiffe://domain/path, the domain in lower case", "%s %q is no SPIFFE ID that a peer can have", key, at.V)
	case !c.env.Partial && slices.Contains(c.env.Peers.Via, at.V):
		c.ms.AddHint(at.Pos, "name the workload behind it, or take the proxy out of peer.via",
			"%s %q is a proxy of peer.via: the peer of its requests is whom it speaks for, never the proxy, so nobody can present it", key, at.V)
	default:
		c.trusted(key, at, domain)
	}
}

// trusted checks that peers of a trust domain count.
func (c *compiler) trusted(key string, at At[string], domain string) {
	if domains := c.env.Peers.TrustDomains; !c.env.Partial && len(domains) > 0 && !slices.Contains(domains, domain) {
		c.ms.AddHint(at.Pos, "one of "+strings.Join(domains, ", ")+"; or add it to peer.trust_domains, with its bundle where there are bundles",
			"%s %q is of trust domain %q, which does not count: nobody can present it", key, at.V, domain)
	}
}
