package resolver

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Routes are the compiled map lines of one policy version. They never change.
type Routes struct {
	hosts map[string]*host
	below map[string]*host // .example.com for *.example.com
	ops   []*Operation

	endpoints []*Operation // what calls are sent to
	warnings  rules.Mistakes
}

// Warnings are what loads and is hardly meant.
func (r *Routes) Warnings() rules.Mistakes { return r.warnings }

type host struct {
	name   string
	cors   rules.At[bool]
	shadow []rules.Shadow
	decl   []rules.ShadowDecl
	root   node
	lines  map[string]bool // shapes of all lines

	trailing, text rules.At[string] // trailing_slash and case, as written
	anySlash       bool             // a slash at the end makes no difference
	anyCase        bool             // nor does case, of what templates say

	graphql *endpoint
	mcp     map[string]*endpoint // by the name of the server
	grpc    *services            // nil when none are declared
}

// Operations returns every operation in order of host declarations and lines.
func (r *Routes) Operations() []*Operation { return r.ops }

// Shadow returns the shadow entries of a host, for requests that match none of
// its lines too.
func (r *Routes) Shadow(name string) []rules.Shadow {
	if h := r.host(name); h != nil {
		return h.shadow
	}
	return nil
}

// Compile checks every line of every host against the schema and builds what
// matches requests. Declarations of one host in several files add up. It
// returns all mistakes, each with its place in the line; with any, the routes
// are incomplete and must not serve.
func Compile(hosts []rules.HostDecl, schema *rules.Schema) (*Routes, rules.Mistakes) {
	c := &compiler{schema: schema, idParts: map[string]idParts{}, routes: &Routes{hosts: map[string]*host{}, below: map[string]*host{}}}
	declared := make([]*host, len(hosts))
	for i := range hosts {
		declared[i] = c.declare(&hosts[i])
	}
	for i := range hosts { // what the host's declarations say of it is known
		if h := declared[i]; h != nil {
			c.host(h, &hosts[i])
		}
	}
	for _, op := range c.routes.ops { // a later file may hold the host's entries
		op.Shadow = c.routes.hosts[op.Host].shadow
	}
	c.attach()
	c.overlaps()
	c.twins()
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

func (c *compiler) host(h *host, d *rules.HostDecl) {
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
		only := h.name
		if strings.HasPrefix(only, "*") { // nobody asks for another one's
			only = ""
		}
		h.shadow = append(h.shadow, rules.Shadow{Host: only, Until: s.Until.V})
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
	b.body()
	b.stream()
	b.vain()
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
