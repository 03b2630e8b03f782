package resolver

import (
	"net/http"
	"strings"

	"github.com/tiergate/tiergate/resolver/mcp"
	"github.com/tiergate/tiergate/rules"
)

// mcp compiles the declaration of an MCP endpoint. A message makes one call, so
// the bound on targets is that of its line.
func (c *compiler) mcp(d *rules.MCPDecl) *endpoint {
	e := &endpoint{at: d.Pos, proto: protoMCP, server: d.Server.V, path: d.Path, max: highestMax, lines: map[string]*Operation{}}
	r := &mcpReader{endpoint: e}
	e.reader = r
	if !given(d.Path.Pos) {
		c.mistakes.AddHint(d.Pos, "write path: /mcp", "an MCP endpoint without a path")
	}
	if r.calm = d.Status.V == http.StatusOK; given(d.Status.Pos) && !r.calm {
		c.mistakes.AddHint(d.Status.Pos, "write 200, or leave it out for the status that every denial has", "denied_status is %d", d.Status.V)
	}
	if d.Tools.File == nil {
		if len(d.Pins) > 0 {
			c.mistakes.AddHint(d.Pins[0].Pos, "write tools: server.tools.json", "pins without the definitions that they pin")
		}
		return e
	}
	tools, err := mcp.ReadTools([]byte(d.Tools.File.Text))
	if err != nil {
		c.mistakes.Add(d.Tools.Pos, "%s: %v", d.Tools.V, err)
		return e
	}
	r.tools = tools
	for _, pin := range d.Pins {
		c.pin(tools, rules.At[string]{Pos: pin.Pos, V: pin.Key}, pin.V)
	}
	return e
}

// shortestPin is how much of a hash says which definition was reviewed, in digits.
const shortestPin = 16

// pin holds a definition against the hash that somebody wrote down who read it.
func (c *compiler) pin(tools *mcp.Tools, name rules.At[string], hash rules.At[string]) {
	tool := tools.Tool(name.V)
	switch {
	case tool == nil:
		c.mistakes.AddHint(name.Pos, rules.DidYouMean(name.V, tools.Names()), "no tool %q is defined", name.V)
	case len(hash.V) < shortestPin:
		c.mistakes.AddHint(hash.Pos, "write "+tool.Hash[:shortestPin]+" once the definition was read", "a pin has %d hexadecimal digits or more", shortestPin)
	case !strings.HasPrefix(tool.Hash, hash.V):
		c.mistakes.AddHint(hash.Pos, "read it, then write "+tool.Hash[:shortestPin], "the definition of %q is another one than was pinned", name.V)
	}
}

// mcpReader reads the calls of one MCP endpoint.
type mcpReader struct {
	endpoint *endpoint
	tools    *mcp.Tools // nil when they are not pinned
	calm     bool       // denials have HTTP status 200
}

func (r *mcpReader) read(req *rules.Request, m *Match) ([]call, error) {
	body, err := wholeJSON(req)
	if err != nil {
		return nil, err
	}
	msg, err := mcp.Read(body)
	if err != nil {
		return nil, &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	m.Reply = rules.Reply{ID: msg.ID, Calm: r.calm}
	for i := range req.Headers {
		if err := msg.Mirrored(req.Headers[i].Name, req.Headers[i].Value); err != nil {
			return nil, &rules.Fault{Reason: rules.AmbiguousParameter, Err: err}
		}
	}
	if msg.Method == mcp.CallTool && r.tools != nil {
		if err := r.tools.Check(msg); err != nil {
			return nil, &rules.Fault{Reason: rules.NoRoute, Err: err}
		}
	}
	one := call{name: about(msg.Method, msg.Name), args: msg.Args}
	switch msg.Method {
	case mcp.ReadResource, mcp.Subscribe, mcp.Unsubscribe:
		err = r.resource(msg, &one)
	}
	return []call{one}, err
}

// pinned holds a line of a tool against the definition that was reviewed.
func (c *compiler) pinned(h *host, op *Operation) {
	e := h.mcp[op.call.server.text]
	if e == nil || op.call.method.text != mcp.CallTool {
		return
	}
	tools := e.reader.(*mcpReader).tools
	if tools == nil {
		return
	}
	name := op.call.name.text
	if tools.Tool(name) == nil {
		c.mistakes.AddHint(op.Pos, rules.DidYouMean(name, tools.Names()), "the server %q defines no tool %q", op.call.server.text, name)
	}
}
