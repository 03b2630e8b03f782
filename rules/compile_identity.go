package rules

import (
	"strconv"
	"time"
)

// registered compiles the identities.
func (c *compiler) registered() {
	first := make(map[string]Pos)
	for i := range c.src.Identities {
		d := &c.src.Identities[i]
		c.quiet(d.Pos, func() {
			if !c.name("identity", d.Name, d.Pos, first) {
				return
			}
			id := c.identity(d)
			c.identities[id.Name] = id
			c.set.identities = append(c.set.identities, id)
		})
	}
}

func (c *compiler) identity(d *IdentityDecl) *Identity {
	id := &Identity{
		Pos: d.Pos, Name: d.Name.V, Issuer: d.Match.Issuer.V, Subject: d.Match.Subject.V, Clients: d.Match.Client.Values(),
		Workload: d.Workload.V, Tenant: d.Tenant.V, Owner: d.Owner.V, Purposes: d.Purpose.Values(),
		ReviewBy: d.ReviewBy.V, Shadow: c.shadows(d.Shadow, true),
	}
	kind, ok := ParseCallerKind(d.Kind.V)
	switch {
	case !d.Kind.given():
		c.ms.AddHint(d.Pos, "one of human, service, workload, third-party, agent", "identity %q has no kind", id.Name)
	case !ok || kind == Anonymous:
		c.unknownWord("kind", d.Kind, []string{"human", "service", "workload", "third-party", "agent"})
	}
	id.Kind = kind
	if d.Match.Issuer.V == "" {
		c.ms.AddHint(d.Match.Pos.or(d.Pos), "write match: { issuer: … }", "identity %q does not say which issuer vouches for it", id.Name)
	} else {
		c.issuer(d.Match.Issuer)
	}
	// An empty word would match every subject, or none, depending on who reads it.
	c.notEmpty("subject", d.Match.Subject)
	c.notEmpty("tenant", d.Tenant)
	for _, list := range []struct {
		key   string
		words Strings
	}{{"client", d.Match.Client}, {"purpose", Strings(d.Purpose)}} {
		for _, w := range list.words {
			c.notEmpty(list.key, w)
		}
	}
	c.review("identity "+strconv.Quote(id.Name), d.ReviewBy)
	if _, ok := TrustDomain(d.Workload.V); d.Workload.given() && !ok {
		c.ms.AddHint(d.Workload.Pos, "spiffe://domain/path, the domain in lower case", "workload %q is no SPIFFE ID that a peer can have", d.Workload.V)
	}
	return id
}

func (c *compiler) notEmpty(key string, at At[string]) {
	if at.given() && at.V == "" {
		c.ms.Add(at.Pos, "%s is empty", key)
	}
}

// maxShadow is how far ahead the end of a shadow entry may lie.
const maxShadow = 90 * 24 * time.Hour

// shadows compiles shadow entries. One that has ended stays valid and without
// effect: rules that load today must load tomorrow.
func (c *compiler) shadows(decls []ShadowDecl, mayName bool) []Shadow {
	var out []Shadow
	for i := range decls {
		d := &decls[i]
		switch {
		case !d.Until.given():
			c.ms.AddHint(d.Pos, "until: a date at most 90 days ahead", "a shadow entry must say when it ends")
		case !c.env.Now.IsZero() && d.Until.V.Sub(c.env.Now) > maxShadow:
			c.ms.Add(d.Until.Pos, "the shadow entry ends %s, at most 90 days ahead are allowed: %s or before",
				d.Until.V.Format(time.DateOnly), c.env.Now.Add(maxShadow).UTC().Format(time.DateOnly))
		}
		if d.Host.given() && !mayName {
			c.ms.Add(d.Host.Pos, "a shadow entry on a host is about that host, it names none")
		}
		c.notEmpty("host", d.Host)
		out = append(out, Shadow{Host: d.Host.V, Until: d.Until.V})
	}
	return out
}

// hostShadows checks the entries of hosts, which package resolver compiles.
func (c *compiler) hostShadows() {
	for i := range c.src.Routes {
		c.shadows(c.src.Routes[i].Shadow, false)
	}
}

// Shadows returns the entries of a declaration that Compile has checked.
func Shadows(decls []ShadowDecl) []Shadow {
	var out []Shadow
	for i := range decls {
		out = append(out, Shadow{Host: decls[i].Host.V, Until: decls[i].Until.V})
	}
	return out
}
