package resolver

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// endpoint is a path whose requests carry calls, each of them with a line.
type endpoint struct {
	at     rules.Pos
	proto  string // GRAPHQL or MCP
	server string // of MCP
	path   rules.At[string]
	gets   bool // GET requests carry calls, too
	max    int  // targets of all calls of a request
	lines  map[string]*Operation
	reader reader
}

// reader finds the calls of a request, in its order, and may say in the match how
// to answer. Its error is a *rules.Fault.
type reader interface {
	read(req *rules.Request, m *Match) ([]call, error)
}

// call is one thing that a request to an endpoint asks for.
type call struct {
	name   string     // by which lines know it
	args   tree.Value // an object: what a line may capture
	fields []string   // of what comes back, as dotted paths; nil where that is not said
}

// onEndpoint reports whether requests reach a line through its endpoint, not by
// a path of its own.
func (op *Operation) onEndpoint() bool {
	return op.endpoint == nil && (op.Protocol == protoGraphQL || op.Protocol == protoMCP)
}

// endpoints notes what a host's declaration says of protocols.
func (c *compiler) endpoints(h *host, d *rules.HostDecl) {
	if given(d.GraphQL.Pos) {
		if h.graphql != nil {
			c.mistakes.Add(d.GraphQL.Pos, "host %q has its GraphQL endpoint at %v already", h.name, h.graphql.at)
		} else {
			h.graphql = c.graphql(&d.GraphQL)
		}
	}
	if given(d.GRPC.Pos) {
		if h.grpc != nil {
			c.mistakes.Add(d.GRPC.Pos, "host %q has its descriptors at %v already", h.name, h.grpc.at)
		} else {
			h.grpc = c.grpc(&d.GRPC)
		}
	}
	for i := range d.MCP {
		m := &d.MCP[i]
		switch other := h.mcp[m.Server.V]; {
		case m.Server.V == "":
			c.mistakes.AddHint(m.Pos, "write server: NAME, which the lines begin with: MCP NAME.tool", "an MCP endpoint without a server")
		case other != nil:
			c.mistakes.Add(m.Server.Pos, "the MCP server %q is declared at %v already", m.Server.V, other.at)
		default:
			if h.mcp == nil {
				h.mcp = map[string]*endpoint{}
			}
			h.mcp[m.Server.V] = c.mcp(m)
		}
	}
}

// attach gives each call's line to its endpoint once all declarations of all
// hosts are read, and puts the endpoints on their paths.
func (c *compiler) attach() {
	for _, op := range c.calls {
		h := c.routes.hosts[op.Host]
		switch op.Protocol {
		case protoRPC:
			c.attachRPC(h, op)
		case protoGraphQL:
			c.attachTo(h.graphql, op, "graphql: { path: /graphql, schema: schema.graphql }")
		case protoMCP:
			c.attachTo(h.mcp[op.call.server.text], op, "mcp: [{ server: "+op.call.server.text+", path: /mcp }]")
			c.pinned(h, op)
		}
	}
	for _, h := range c.sorted() {
		if h.graphql != nil {
			c.compileGraphQL(h.graphql)
			c.open(h, h.graphql)
		}
		for _, name := range slices.Sorted(maps.Keys(h.mcp)) {
			c.open(h, h.mcp[name])
		}
	}
}

func (c *compiler) sorted() []*host {
	return slices.SortedFunc(maps.Values(c.routes.hosts), func(a, b *host) int { return cmp.Compare(a.name, b.name) })
}

func (c *compiler) attachTo(e *endpoint, op *Operation, hint string) {
	if e == nil {
		c.mistakes.AddHint(op.Pos, "declare it on the host: "+hint, "host %q has no endpoint for %q", op.Host, op.Line)
		return
	}
	key := op.call.key()
	if other := e.lines[key]; other != nil {
		c.mistakes.Add(op.Pos, "%q is already mapped at %v", op.Protocol+" "+op.Template, other.Pos)
		return
	}
	if op.call.within != nil && op.call.rewritten() {
		c.mistakes.AddHint(op.Pos, "write the host itself", "%q captures a host, which servers write in several ways", op.Template)
		return
	}
	for _, other := range e.sorted() {
		if op.call.meets(other.call) {
			c.mistakes.AddHint(op.Pos, "write URIs that differ in their text", "%q and %q at %v have URIs in common", op.Template, other.Template, other.Pos)
			return
		}
	}
	e.lines[key] = op
}

// sorted are the lines of the endpoint in an order of their own.
func (e *endpoint) sorted() []*Operation {
	return slices.SortedFunc(maps.Values(e.lines), func(a, b *Operation) int { return cmp.Compare(a.Template, b.Template) })
}

// form is how a line of the endpoint begins.
func (e *endpoint) form() string {
	if e.proto == protoMCP {
		return protoMCP + " " + e.server + ".tool -> …"
	}
	return e.proto + " Type.field -> …"
}

// key is by what a reader names the calls of a line.
func (c *callSpec) key() string {
	switch {
	case c.server.text == "":
		return c.name.text
	case c.within != nil: // whatever the capture is called
		return c.method.text + " " + c.before + "{}" + c.after
	}
	return about(c.method.text, c.name.text)
}

// about is a method of MCP and what it is about, if it is about anything.
func about(method, name string) string {
	if name == "" {
		return method
	}
	return method + " " + name
}

// open puts an endpoint on its path, as an operation of its own, so that it
// overlaps with nothing that it should not.
func (c *compiler) open(h *host, e *endpoint) {
	if len(e.lines) == 0 {
		c.mistakes.AddHint(e.at, "map its calls: "+e.form(), "the endpoint has no line, so that it denies every call")
		return
	}
	methods := []string{post}
	if e.gets {
		methods = append(methods, fetch)
	}
	for _, method := range methods {
		l, f := parseLine(method + " " + e.path.V + " -> open")
		if f != nil || len(l.query) > 0 || slices.ContainsFunc(l.segments, func(s segment) bool { return s.kind != literal }) {
			c.mistakes.AddHint(e.path.Pos, "write a path such as /graphql, without captures", "%q is no path of an endpoint", e.path.V)
			return
		}
		op := &Operation{
			Pos: e.at, Host: h.name, Method: method, Template: l.path, Line: e.proto + " " + e.path.V, Protocol: e.proto,
			Max: e.max, NeedsBody: method == post, segments: l.segments, endpoint: e,
		}
		c.insert(h, op)
		c.routes.endpoints = append(c.routes.endpoints, op)
	}
}
