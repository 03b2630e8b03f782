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
			if id.Environment != "" {
				c.environments[id.Environment] = true
			}
		})
	}
}

func (c *compiler) identity(d *IdentityDecl) *Identity {
	id := &Identity{
		Pos: d.Pos, Name: d.Name.V, Issuer: d.Match.Issuer.V, Subject: d.Match.Subject.V, Clients: d.Match.Client.Values(),
		Peer: d.Match.Peer.V, Workload: d.Workload.V, Tenant: d.Tenant.V, Owner: d.Owner.V, Purposes: d.Purpose.Values(),
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
	c.match(d, id)
	c.exact("tenant", d.Tenant, "a pinned tenant is one; leave it out where none is pinned")
	for _, w := range d.Purpose {
		c.exact("purpose", w, "list the purposes")
	}
	c.readable("owner", d.Owner)
	id.Overdue = c.lapses("identity "+strconv.Quote(id.Name), d.ReviewBy, "its requests are denied")
	c.govern(d, id)
	id.Task, id.Needs = d.Task.V, c.needs(d)
	c.workload("workload", d.Workload)
	return id
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
		case !c.env.Now.IsZero() && d.Until.Last().Truncate(24*time.Hour).After(c.env.Now.Add(maxShadow)):
			c.ms.Add(d.Until.Pos, "the shadow entry ends %s, at most 90 days ahead are allowed: %s or before",
				d.Until.Last().Format(time.DateOnly), c.env.Now.Add(maxShadow).UTC().Format(time.DateOnly))
		}
		if d.Host.given() && !mayName {
			c.ms.Add(d.Host.Pos, "a shadow entry on a host is about that host, it names none")
		}
		c.exact("host", d.Host, "leave host out, then the entry is about all")
		out = append(out, Shadow{Host: d.Host.V, Until: d.Until.V})
	}
	return out
}

// hosts checks what is ours to check of hosts, which package resolver compiles.
func (c *compiler) hosts() {
	for i := range c.src.Routes {
		h := &c.src.Routes[i]
		c.shadows(h.Shadow, false)
		for j := range h.Map {
			c.readable("because", h.Map[j].Because)
			c.readable("owner", h.Map[j].Owner)
		}
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
