package rules

import (
	"slices"
	"strings"
)

// lower holds what files of lower layers declare against what their teams own.
// Rules are held against it one by one, and lines by who compiles them.
func (c *compiler) lower() {
	for i := range c.src.Objects {
		d := &c.src.Objects[i]
		if t := c.teamOf(d.Pos.File); t != nil {
			c.quiet(d.Pos, func() { c.teamType(d, t) })
		}
	}
	for i := range c.src.Routes {
		h := &c.src.Routes[i]
		c.quiet(h.Pos, func() {
			c.teamSides(h)
			if t := c.teamOf(h.Pos.File); t != nil {
				c.teamRoutes(h, t)
			}
		})
	}
}

// teamType: a team declares types of its own, of facts that are its own. What
// turns denials into allows is nobody's but the top layer's.
func (c *compiler) teamType(d *ObjectDecl, t *Team) {
	if d.Type.given() && !t.OwnsType(d.Type.V) {
		c.ms.AddHint(d.Type.Pos, t.Given("types", t.Types), "team %q does not own the type %q", t.Name, d.Type.V)
		return
	}
	if d.Catalog.given() && !slices.Contains(t.Catalogs, d.Catalog.V) {
		c.ms.AddHint(d.Catalog.Pos, t.Given("catalogs", t.Catalogs), "team %q has not the catalog %q", t.Name, d.Catalog.V)
	}
	if d.Parent.given() && !t.OwnsType(d.Parent.V) {
		c.ms.AddHint(d.Parent.Pos, t.Given("types", t.Types), "team %q does not own the type %q, whose rows would be read", t.Name, d.Parent.V)
	}
	c.notExcused(d.Shadow, t)
}

func (c *compiler) notExcused(shadow []ShadowDecl, t *Team) {
	if len(shadow) > 0 {
		c.ms.AddHint(shadow[0].Pos, "mode: shadow tries out a rule of its own", "team %q cannot turn denials into allows: shadow belongs to the top layer", t.Name)
	}
}

// teamSides: a file beside the rules is of the version, and of whoever keeps it.
func (c *compiler) teamSides(h *HostDecl) {
	for s := range h.sides() {
		if s.File != nil && !c.sees(h.Pos.File, s.File.Path) {
			c.ms.AddHint(s.Pos, "put a copy beside your own files", "%q is kept by somebody else, who could change what it says", s.File.Path)
		}
	}
}

// teamRoutes: a host is the team's own, and what is said of the whole host can be
// said where nobody else has lines for it.
func (c *compiler) teamRoutes(h *HostDecl, t *Team) {
	if h.Host.given() && !t.OwnsHost(h.Host.V) {
		c.ms.AddHint(h.Host.Pos, t.Given("hosts", t.Hosts), "team %q does not own the host %q", t.Name, h.Host.V)
		return
	}
	c.notExcused(h.Shadow, t)
	for i := range h.Map {
		if at := h.Map[i].Purpose; at.given() {
			c.ms.AddHint(at.Pos, "a token or an identity says it, or the top layer has the line",
				"team %q cannot say what requests are for: rules and tiers of the top layer believe it", t.Name)
		}
	}
	for i := range c.src.Routes {
		other := &c.src.Routes[i]
		if of := c.teamOf(other.Pos.File); of != t && covers(other.Host.V, h.Host.V) {
			c.ms.AddHint(h.Host.Pos, "lines of one host are tried, not of a wider one: let the top layer have lines for this host as well",
				"team %q would take requests to %q from the lines of %q at %v", t.Name, h.Host.V, other.Host.V, other.Pos)
			return
		}
	}
	at := slices.IndexFunc(c.src.Routes, func(other HostDecl) bool { return other.Host.V == h.Host.V && c.teamOf(other.Pos.File) != t })
	if at >= 0 {
		c.sharedHost(h, t, &c.src.Routes[at])
	}
}

func (c *compiler) sharedHost(h *HostDecl, t *Team, other *HostDecl) {
	refuse := func(at Pos, key string) {
		if at != (Pos{}) {
			c.ms.AddHint(at, "share the host by methods and paths, or take a host of your own",
				"team %q cannot have %s on %q, which has lines at %v too", t.Name, key, h.Host.V, other.Pos)
		}
	}
	refuse(h.CORS.Pos, "cors")
	refuse(h.TrailingSlash.Pos, "trailing_slash")
	refuse(h.Case.Pos, "case")
	refuse(h.GraphQL.Pos, "graphql")
	refuse(h.GRPC.Pos, "grpc")
	for i := range h.MCP {
		refuse(h.MCP[i].Pos, "mcp")
	}
	for i := range h.Map {
		switch verb, _, _ := strings.Cut(strings.TrimSpace(h.Map[i].Line), " "); verb {
		case "RPC", "GRAPHQL", "MCP":
			refuse(h.Map[i].Pos, verb+" lines")
		}
	}
}

// teamRule holds a rule of a lower layer against what its team owns: a denial
// narrows whatever it is about, but what it is about must be the team's, too.
func (c *compiler) teamRule(r *rule) {
	d := r.decl
	t := c.teamOf(d.Pos.File)
	if t == nil {
		return
	}
	for _, w := range d.On {
		switch {
		case w.V == anything:
			c.ms.AddHint(w.Pos, "name its types: "+strings.Join(t.Types, ", "), "team %q cannot speak about every type", t.Name)
		case !t.OwnsType(w.V):
			c.ms.AddHint(w.Pos, t.Given("types", t.Types), "team %q does not own the type %q", t.Name, w.V)
		}
	}
	if r.effect != Allow {
		return
	}
	if r.upTo > t.UpTo {
		c.ms.AddHint(d.UpTo.Pos, t.Given("tiers up to", []string{c.set.schema.TierName(t.UpTo)}), "team %q cannot allow %s", t.Name, d.UpTo.V)
	}
	for _, action := range r.to {
		if t.Actions != nil && !slices.Contains(t.Actions, action) {
			c.ms.AddHint(d.To[0].Pos, t.Given("actions", t.Actions), "team %q cannot allow the action %q", t.Name, action)
		}
	}
	for _, e := range d.Then.SetHeaders {
		if headerName.MatchString(e.Key) && !slices.Contains(t.Headers, e.Key) {
			c.ms.AddHint(e.Pos, t.Given("headers", t.Headers), "team %q cannot set the header %q", t.Name, e.Key)
		}
	}
	if at := d.Ask.Header; at.given() && !slices.Contains(t.Headers, at.V) {
		c.ms.AddHint(at.Pos, t.Given("headers", t.Headers), "team %q cannot ask in the header %q, which no upstream would get any more", t.Name, at.V)
	}
}
