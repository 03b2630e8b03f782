package main

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/rules"
)

// peerConfig says which workloads are believed to be one.
type peerConfig struct {
	TrustDomains       rules.Strings               `yaml:"trust_domains"`
	RequireCertificate rules.At[bool]              `yaml:"require_certificate"`
	Bundles            rules.Entries[bundleConfig] `yaml:"bundles"`
	WorkloadAPI        rules.At[string]            `yaml:"workload_api"`
	Required           rules.At[bool]              `yaml:"required"`
	Via                rules.Strings               `yaml:"via"`
	From               rules.At[string]            `yaml:"from"`
}

type bundleConfig struct {
	Pos  rules.Pos
	File rules.At[string] `yaml:"file"`
}

// fromXFCC is the one value of peer.from: it says which header is believed where
// another proxy stands between the caller and ours.
const fromXFCC = "xfcc"

// check reports what the shape of the section cannot say.
func (p *peerConfig) check(ms *rules.Mistakes) {
	trusted := p.TrustDomains.Values()
	for _, d := range p.TrustDomains {
		if !rules.ValidTrustDomain(d.V) {
			ms.AddHint(d.Pos, "lower-case letters, digits, dots, dashes and underscores: example.org", "no trust domain %q", d.V)
		}
	}
	for _, e := range p.Bundles {
		switch {
		case !rules.ValidTrustDomain(e.Key):
			ms.AddHint(e.Pos, "lower-case letters, digits, dots, dashes and underscores: example.org", "a bundle is of a trust domain, and %q is none", e.Key)
		case e.V.File.V == "":
			ms.AddHint(e.Pos, "add file: ./"+e.Key+".pem", "the bundle of trust domain %q has no file", e.Key)
		case len(trusted) > 0 && !slices.Contains(trusted, e.Key):
			ms.AddHint(e.Pos, "add it to trust_domains, or remove the bundle", "trust_domains does not have %q, so its bundle would never be used", e.Key)
		}
	}
	for _, d := range p.TrustDomains {
		if len(p.Bundles) > 0 && p.WorkloadAPI.V == "" && !p.bundled(d.V) {
			ms.AddHint(d.Pos, "where there are bundles, only what they vouch for counts: add one to bundles", "trust domain %q has no bundle, so none of its workloads would be a peer", d.V)
		}
	}
	if len(p.Via) > 0 && p.From.V == "" {
		ms.AddHint(p.Via[0].Pos, "add from: xfcc, the header in which these proxies say who their client is", "via names proxies, but nothing says how they tell who their client is")
	}
	if p.From.V != "" && p.From.V != fromXFCC {
		ms.AddHint(p.From.Pos, "xfcc, or leave it out", "unknown value %q", p.From.V)
	}
	if p.From.V == fromXFCC && len(p.Via) == 0 {
		ms.AddHint(p.From.Pos, "add via: [spiffe://…] with the proxies that may say who the peer is", "a header is believed, and nothing says from whom")
	}
	for _, id := range p.Via {
		switch domain, ok := rules.TrustDomain(id.V); {
		case !ok:
			ms.AddHint(id.Pos, "spiffe://domain/path, the domain in lower case", "no SPIFFE ID that a proxy can have: %q", id.V)
		case len(trusted) > 0 && !slices.Contains(trusted, domain):
			ms.AddHint(id.Pos, "add it to trust_domains", "trust_domains does not have %q, so this proxy would never be a peer", domain)
		case len(p.Bundles) > 0 && p.WorkloadAPI.V == "" && !p.bundled(domain):
			ms.AddHint(id.Pos, "add a bundle of that trust domain", "trust domain %q has no bundle, so this proxy would never be a peer", domain)
		}
	}
	if p.Required.V && len(p.Bundles) == 0 && p.WorkloadAPI.V == "" {
		ms.AddHint(p.Required.Pos, "add bundles or workload_api, or remove required", "bundles are required, and none is configured")
	}
	if a := p.WorkloadAPI; a.V != "" && !strings.HasPrefix(a.V, "unix:///") {
		ms.AddHint(a.Pos, "unix:///run/spire/agent.sock", "the Workload API is a socket on this machine, found %q", a.V)
	}
}

func (p *peerConfig) bundled(domain string) bool {
	return slices.ContainsFunc(p.Bundles, func(e rules.Entry[bundleConfig]) bool { return e.Key == domain })
}

// env is what rules may know of peers. With a Workload API, which trust domains
// have a bundle shows only while the server runs.
func (p *peerConfig) env() rules.PeersEnv {
	given := p.WorkloadAPI.V != "" || p.RequireCertificate.V || len(p.TrustDomains)+len(p.Via)+len(p.Bundles) > 0
	env := rules.PeersEnv{TrustDomains: p.TrustDomains.Values(), Via: p.Via.Values(), Given: given}
	if len(p.TrustDomains) == 0 && p.WorkloadAPI.V == "" {
		for _, e := range p.Bundles {
			env.TrustDomains = append(env.TrustDomains, e.Key)
		}
	}
	return env
}

func (c *config) peerOptions() identity.PeerOptions {
	o := identity.PeerOptions{
		TrustDomains: c.Peer.TrustDomains.Values(), RequireCertificate: c.Peer.RequireCertificate.V,
		Bundles: make(map[string]string, len(c.Peer.Bundles)), WorkloadAPI: c.Peer.WorkloadAPI.V,
		Required: c.Peer.Required.V, Via: c.Peer.Via.Values(),
	}
	for _, e := range c.Peer.Bundles {
		o.Bundles[e.Key] = c.path(e.V.File.V)
	}
	return o
}

// checkTrustDomain checks an issuer that is named by whom it vouches for.
func (c *config) checkTrustDomain(i *issuerConfig, ms *rules.Mistakes) {
	domain, bundle := i.TrustDomain, i.JWKS.Bundle
	switch {
	case domain.V == "" && bundle.V:
		ms.AddHint(bundle.Pos, "add trust_domain: example.org to the issuer", "bundle is that of a trust domain, and issuer %q has none", i.Name.V)
	case domain.V == "":
	case !rules.ValidTrustDomain(domain.V):
		ms.AddHint(domain.Pos, "lower-case letters, digits, dots, dashes and underscores: example.org", "no trust domain %q", domain.V)
	case i.Profile.V != "jwt-svid":
		ms.AddHint(domain.Pos, "add profile: jwt-svid, or name the issuer by its iss", "trust_domain is for JWT-SVIDs, and the profile of issuer %q is another", i.Name.V)
	case i.Issuer.V == "" && i.JWKS.Discovery:
		ms.AddHint(domain.Pos, "add the issuer that SPIRE's OIDC discovery has, or jwks: { bundle: true }", "discovery starts from the issuer, and %q has none", i.Name.V)
	case bundle.V && !c.Peer.bundled(domain.V) && c.Peer.WorkloadAPI.V == "":
		ms.AddHint(bundle.Pos, "add peer: { bundles: { "+domain.V+": { file: … } } } or peer: { workload_api: unix:///… }", "nothing configures the bundle of trust domain %q", domain.V)
	}
}
