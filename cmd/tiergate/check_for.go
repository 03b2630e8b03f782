package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// provider is a way to wire tiergate in that can say less than Envoy itself. What it
// cannot say is the same whatever its manifest: it has no field for it.
type provider struct {
	name   string // as users write it
	what   string // as messages name it
	beyond string // how to reach what it has no field for
	body   string // its setting for the request's body
}

var providers = []provider{
	{
		"istio", "Istio's ext_authz provider", "set include_peer_certificate: true with an EnvoyFilter, and check without --for",
		"includeRequestBodyInCheck: { maxRequestBytes: %d, packAsBytes: true }",
	},
	{
		"envoy-gateway", "Envoy Gateway's extAuth", "set include_peer_certificate: true with an EnvoyPatchPolicy, and check without --for",
		"bodyToExtAuth: { maxRequestBytes: %d }",
	},
}

func providerNamed(name string) (*provider, error) {
	var names []string
	for i := range providers {
		if providers[i].name == name {
			return &providers[i], nil
		}
		names = append(names, providers[i].name)
	}
	if name == "" {
		return nil, nil
	}
	return nil, fmt.Errorf("no provider %q, want %s", name, strings.Join(names, " or "))
}

// lacks reports what of a configuration such a provider can never satisfy (bad), and
// what it needs to be told or believes on less (odd). A nil provider lacks nothing.
func (w *provider) lacks(c *config, p *policy.Policy) (bad, odd rules.Mistakes) {
	if w == nil {
		return nil, nil
	}
	limit := int(defaultBody)
	if c != nil {
		bad = w.certificates(c, p)
		limit = int(orDefault(c.Limits.Body.V, defaultBody))
	}
	if id := needsPeer(p); id != nil && len(bad) == 0 {
		odd.AddHint(id.Pos, "its authority must sign no DNS name or subject that reads like a SPIFFE ID; or "+w.beyond,
			"%s sends no client certificate, so the peer of %q is believed on the proxy's word alone", w.what, id.Name)
	}
	for _, op := range p.Routes().Operations() {
		if op.NeedsBody {
			odd.AddHint(op.Pos, fmt.Sprintf("add "+w.body+", more than limits.body; it must not allow partial bodies", limit+beyond),
				"this line needs the request's body, which %s sends only when told to", w.what)
			break
		}
	}
	return bad, odd
}

// certificates reports what needs the client's certificate.
func (w *provider) certificates(c *config, p *policy.Policy) (bad rules.Mistakes) {
	if need := c.Peer.RequireCertificate; need.V {
		bad.AddHint(need.Pos, w.beyond+"; or leave it out, then the proxy's word counts", "%s sends no client certificate, so with require_certificate nobody is a peer", w.what)
	}
	at, what := c.Peer.WorkloadAPI.Pos, "the bundles of workload_api"
	if len(c.Peer.Bundles) > 0 {
		at, what = c.Peer.Bundles[0].Pos, "bundles"
	}
	if id := needsPeer(p); at != (rules.Pos{}) && (id != nil || len(c.Peer.Via) > 0) {
		bad.AddHint(at, w.beyond+"; or leave it out, then the proxy's word counts (keys of JWT-SVIDs can come from jwks: { file: … })",
			"%s sends no client certificate, so %s can vouch for nobody", w.what, what)
	}
	for i := range c.Issuers {
		// Behind a listed gateway the certificate comes in a header, which any provider sends.
		if bound := c.Issuers[i].RequireBound; bound.V == "mtls" && len(c.Peer.Via) == 0 {
			bad.AddHint(bound.Pos, w.beyond+"; or bind its tokens to keys (require_bound: dpop)",
				"%s sends no client certificate, so every token of issuer %q is refused with binding_missing", w.what, c.Issuers[i].Name.V)
		}
	}
	return bad
}

// needsPeer is the first identity that needs a peer, nil when none does.
func needsPeer(p *policy.Policy) *rules.Identity {
	all := p.Set().Identities()
	if i := slices.IndexFunc(all, func(id *rules.Identity) bool { return id.Workload != "" || id.Peer != "" }); i >= 0 {
		return all[i]
	}
	return nil
}
