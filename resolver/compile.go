package resolver

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Routes are the compiled map lines of one policy version. They never change.
type Routes struct {
	hosts map[string]*host
	ops   []*Operation
}

type host struct {
	name   string
	cors   rules.At[bool]
	shadow []rules.Shadow
	decl   []rules.ShadowDecl
	root   node
	lines  map[string]bool // shapes of all lines

	graphql *endpoint
	mcp     map[string]*endpoint // by the name of the server
	grpc    *services            // nil when none are declared
}

// Operations returns every operation in order of host declarations and lines.
func (r *Routes) Operations() []*Operation { return r.ops }

// Shadow returns the shadow entries of a host, for requests that match none of
// its lines too.
func (r *Routes) Shadow(name string) []rules.Shadow {
	if h := r.hosts[name]; h != nil {
		return h.shadow
	}
	return nil
}

// Compile checks every line of every host against the schema and builds what
// matches requests. Declarations of one host in several files add up. It
// returns all mistakes, each with its place in the line; with any, the routes
// are incomplete and must not serve.
func Compile(hosts []rules.HostDecl, schema *rules.Schema) (*Routes, rules.Mistakes) {
	c := &compiler{schema: schema, idParts: map[string]idParts{}, routes: &Routes{hosts: map[string]*host{}}}
	for i := range hosts {
		c.host(&hosts[i])
	}
	for _, op := range c.routes.ops { // a later file may hold the host's entries
		op.Shadow = c.routes.hosts[op.Host].shadow
	}
	c.attach()
	c.overlaps()
	return c.routes, c.mistakes
}

type compiler struct {
	schema   *rules.Schema
	routes   *Routes
	mistakes rules.Mistakes
	crossed  []crossed
	idParts  map[string]idParts
	lines    []*Operation // that have a place in a trie
	inserted int
	calls    []*Operation // RPC, GRAPHQL and MCP lines
}

func (c *compiler) host(d *rules.HostDecl) {
	name := d.Host.V
	if name == "" {
		c.mistakes.Add(d.Pos, "routes without host")
		return
	}
	if canonical, ok := CanonicalHost(name); !ok {
		hint := "write a name such as api.example.com"
		if slices.Contains([]byte(name), '*') {
			hint = "wildcard hosts are not supported yet"
		}
		c.mistakes.AddHint(d.Host.Pos, hint, "%q is not a host", name)
		return
	} else if canonical != name {
		c.mistakes.AddHint(d.Host.Pos, "write "+canonical, "host %q is not in the form that requests are compared in", name)
		return
	}
	h := c.routes.hosts[name]
	if h == nil {
		h = &host{name: name, lines: map[string]bool{}}
		c.routes.hosts[name] = h
	}
	c.cors(h, d)
	c.shadow(h, d)
	c.endpoints(h, d)
	for i := range d.Map {
		if op := c.line(h, &d.Map[i]); op != nil {
			c.routes.ops = append(c.routes.ops, op)
			if c.insert(h, op); op.call != nil {
				c.calls = append(c.calls, op)
			}
		}
	}
}

func (c *compiler) cors(h *host, d *rules.HostDecl) {
	if !given(d.CORS.Pos) {
		return
	}
	if given(h.cors.Pos) && h.cors.V != d.CORS.V {
		c.mistakes.Add(d.CORS.Pos, "host %q has cors: %v at %v", h.name, h.cors.V, h.cors.Pos)
		return
	}
	h.cors = d.CORS
}

// shadow takes a host's entries from one declaration, for two could contradict.
// Package rules has checked them one by one.
func (c *compiler) shadow(h *host, d *rules.HostDecl) {
	if len(d.Shadow) == 0 {
		return
	}
	if len(h.decl) > 0 {
		c.mistakes.AddHint(d.Shadow[0].Pos, "keep one of them", "host %q has shadow entries at %v already", h.name, h.decl[0].Pos)
		return
	}
	h.decl = d.Shadow
	for _, s := range d.Shadow {
		h.shadow = append(h.shadow, rules.Shadow{Host: h.name, Until: s.Until.V})
	}
}

// line compiles one map line, or reports why not and returns nil.
func (c *compiler) line(h *host, d *rules.LineDecl) *Operation {
	l, f := parseLine(d.Line)
	if f != nil {
		c.fault(d, f)
		return nil
	}
	b := &builder{compiler: c, decl: d, line: l, op: &Operation{
		Pos: d.Pos, Host: h.name, Method: l.method.text, Template: l.path, Line: l.String(),
		Open: l.open, Because: d.Because.V, Owner: d.Owner.V, Purpose: d.Purpose.V, Max: d.Max.V,
		segments: l.segments, call: l.call,
	}}
	before := len(c.mistakes)
	b.protocol()
	b.options()
	b.captures()
	for i := range l.targets {
		b.target(&l.targets[i])
	}
	b.stream()
	b.unused()
	slices.Sort(b.op.members) // which one a fault names is the same each time
	b.op.members = slices.Compact(b.op.members)
	if len(c.mistakes) > before {
		return nil
	}
	return b.op
}

func (c *compiler) fault(d *rules.LineDecl, f *fault) {
	pos := d.Pos
	pos.Col = f.column(d.Line, pos.Col)
	c.mistakes.AddHint(pos, f.hint, "%s", f.text)
}
