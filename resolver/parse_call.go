package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/mcp"
)

// protocols are what a line may begin with that is no HTTP method.
var protocols = map[string]bool{protoRPC: true, protoGraphQL: true, protoMCP: true}

const (
	protoRPC     = "RPC"
	protoGraphQL = "GRAPHQL"
	protoMCP     = "MCP"
)

// callSpec is the operation of a line that is no method and path.
type callSpec struct {
	server word // of MCP
	method word // of MCP: tools/call where the line is MCP server.tool
	name   word // pkg.Service/Method, Type.field, the tool, the prompt or the resource
	before string
	after  string // of a resource with a capture: the text around it
	within *word  // the capture's name
}

func (c *callSpec) String() string {
	switch {
	case c.server.text == "":
		return c.name.text
	case c.method.text == mcp.CallTool:
		return c.server.text + "." + c.name.text
	case c.within != nil:
		return c.server.text + " " + c.method.text + " " + c.before + "{" + c.within.text + "}" + c.after
	case c.name.text != "":
		return c.server.text + " " + c.method.text + " " + c.name.text
	}
	return c.server.text + " " + c.method.text
}

// call reads the operation of an RPC, GRAPHQL or MCP line.
func (s *scanner) call(l *line) *fault {
	l.call = &callSpec{}
	switch l.method.text {
	case protoRPC:
		return s.rpc(l)
	case protoGraphQL:
		return s.field(l.call)
	}
	return s.mcp(l.call)
}

// spelt reads a run of characters, of which an arrow that follows takes its dash.
func (s *scanner) spelt(fits func(byte) bool) word {
	w := s.while(fits)
	if strings.HasSuffix(w.text, "-") && strings.HasPrefix(s.rest(), ">") {
		w.text = w.text[:len(w.text)-1]
		s.at--
	}
	return w
}

// rpc reads pkg.Service/Method, which is the path of its requests.
func (s *scanner) rpc(l *line) *fault {
	l.call.name = s.spelt(oneOf("_./"))
	service, method, found := strings.Cut(l.call.name.text, "/")
	if !found || service == "" || method == "" || strings.ContainsAny(method, "./") {
		return faultAt(l.call.name.at, "write RPC package.Service/Method", "want a service and its method, found %q", l.call.name.text)
	}
	l.segments = []segment{
		{kind: literal, word: word{service, l.call.name.at}},
		{kind: literal, word: word{method, l.call.name.at + len(service) + 1}},
	}
	return nil
}

// field reads Type.field.
func (s *scanner) field(c *callSpec) *fault {
	c.name = s.spelt(oneOf("_."))
	typ, field, found := strings.Cut(c.name.text, ".")
	if !found || typ == "" || field == "" || strings.Contains(field, ".") {
		return faultAt(c.name.at, "write GRAPHQL Query.field", "want a type and its field, found %q", c.name.text)
	}
	return nil
}

// mcp reads server.tool, or a server and a method, and what the method is about.
func (s *scanner) mcp(c *callSpec) *fault {
	const form = "write MCP server.tool, or MCP server method name"
	if c.server = s.spelt(oneOf("_-")); c.server.text == "" {
		return faultAt(s.at, form, "want the name of a server, found %s", s.next())
	}
	if s.take(".") {
		c.method.text = mcp.CallTool
		if c.name = s.spelt(oneOf("_-./")); c.name.text == "" {
			return faultAt(s.at, form, "want the name of a tool, found %s", s.next())
		}
		return nil
	}
	s.spaces()
	if c.method = s.spelt(oneOf("_/")); c.method.text == "" {
		return faultAt(s.at, form, "want a tool or a method of the server, found %s", s.next())
	}
	switch s.spaces(); c.method.text {
	case mcp.CallTool:
		return faultAt(c.method.at, form, "a tool is written with a dot: %s.tool", c.server.text)
	case mcp.GetPrompt:
		if c.name = s.spelt(oneOf("_-./")); c.name.text == "" {
			return faultAt(s.at, "write MCP server prompts/get name", "want the name of a prompt, found %s", s.next())
		}
	case mcp.ReadResource, mcp.Subscribe, mcp.Unsubscribe:
		return s.resource(c)
	}
	return nil
}

// resource reads a URI with at most one capture, such as ticket://{id}.
func (s *scanner) resource(c *callSpec) *fault {
	uri := oneOf("_-.~:/@+=&%")
	c.name = s.spelt(uri)
	c.before = c.name.text
	if c.before == "" || !strings.Contains(c.before, ":") {
		return faultAt(c.name.at, "write MCP server resources/read scheme://{id}", "want the URI of a resource, found %q", c.before)
	}
	if !s.take("{") {
		return nil
	}
	name, f := s.name()
	if f != nil {
		return f
	}
	if f := s.brace(); f != nil {
		return f
	}
	c.within, c.after = &name, s.spelt(uri).text
	if !s.end() && s.text[s.at] == '{' {
		return faultAt(s.at, "", "several captures in one URI are not supported yet")
	}
	return nil
}
