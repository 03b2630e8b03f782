package oracle

import "strings"

// The workloads whose certificates clients connect with.
const (
	robot = "spiffe://example.com/ns/robot"
	other = "spiffe://example.com/ns/other"
	meter = "spiffe://example.com/ns/meter"   // an identity without a token
	probe = "spiffe://example.com/ns/probe"   // one that may not be used
	far   = "spiffe://far.example.net/ns/far" // one of another trust domain
)

var peers = []string{robot, other, meter, probe, far}

// machines adds the identities that are recognised by their peer alone.
func (g *generator) machines(add func(Identity)) {
	add(Identity{Name: "meter", Kind: pick(g, []string{"service", "workload"}), Peer: meter, Purposes: some(g, purposes, g.between(0, 2))})
	if g.w.Trust = pick(g, []string{"", "certificate", "domains", "bundles"}); g.w.Trust == "" || g.w.Trust == "certificate" { // else it does not load: nobody could present it
		add(Identity{Name: "far", Kind: pick(g, []string{"agent", "third-party", "workload"}), Peer: far, Purposes: some(g, purposes, 1), Tenant: pick(g, tenants)})
	}
	limited := pick(g, []Identity{{Status: "retired"}, {Expires: -1}, {NotBefore: 2}, {Networks: elsewhere[:2]}})
	limited.Name, limited.Kind, limited.Peer = "probe", "workload", probe
	add(limited)
}

// peer is who the connection proves, "" for nobody.
func (e *evaluation) peer() string {
	elsewhere := !strings.HasPrefix(e.req.Peer, "spiffe://example.com/")
	switch {
	case elsewhere && (e.w.Trust == "domains" || e.w.Trust == "bundles"):
		return ""
	case e.certificate() == "" && (e.w.Trust == "certificate" || e.w.Trust == "bundles"):
		return ""
	}
	return e.req.Peer
}

// certificate is whose certificate the proxy passes on: the base one does not.
func (e *evaluation) certificate() string {
	if e.front != base {
		return e.req.Peer
	}
	return ""
}

// byPeer makes the anonymous caller the identity of its peer, if there is one.
func (e *evaluation) byPeer() {
	e.reachIf(e.req.Peer != "" && e.peer() == "" && e.certificate() != "", "peer: of a trust domain that does not count")
	e.reachIf(e.req.Peer != "" && e.peer() == "" && e.certificate() == "", "peer: without its certificate")
	for _, i := range e.w.Identities {
		if i.Peer != "" && i.Peer == e.peer() {
			e.caller = caller{identity: i, machine: true, bound: true, claims: map[string]any{}}
			e.reach("peer: alone")
		}
	}
}

func (w *World) peerConfig() string {
	switch w.Trust {
	case "domains":
		return "peer: { trust_domains: [example.com] }\n"
	case "certificate":
		return "peer: { require_certificate: true }\n"
	case "bundles":
		return "peer: { bundles: { example.com: { file: ./ca.pem } }, required: true }\n"
	}
	return ""
}
