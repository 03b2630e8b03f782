package rules

import "slices"

// neverCertified warns of demands for a client certificate where nothing says that anyone
// could bring one: no identity or rule names a workload, no issuer binds its tokens, and
// the configuration says nothing of peers.
func (c *compiler) neverCertified() {
	if c.env.Partial || c.env.Peers.Given || c.namesWorkloads() {
		return
	}
	c.vainDemand("%s %q wants mtls, and nothing says how any %s could bring a certificate", "name peer.trust_domains in tiergate.yaml, or give an identity its workload",
		func(d *RequireDecl) *At[bool] { return &d.MTLS })
}

// namesWorkloads reports whether some identity or some rule is about a workload, so that
// connections are known to carry certificates.
func (c *compiler) namesWorkloads() bool {
	return slices.ContainsFunc(c.set.identities, func(id *Identity) bool { return id.Workload != "" || id.Peer != "" }) ||
		slices.ContainsFunc(c.set.rules, func(r *rule) bool {
			return slices.ContainsFunc(r.selectors, func(s selector) bool {
				return len(s.workloads) > 0 || slices.ContainsFunc(s.but, func(b selector) bool { return len(b.workloads) > 0 })
			})
		})
}
