package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/mcp"
	"github.com/tiergate/tiergate/rules"
)

// tool is a tool's definition as far as guesses need it.
type tool struct {
	Name  string   `json:"name"`
	Input toolType `json:"inputSchema"`
}

type toolType struct {
	Type       any                 `json:"type"`
	Properties map[string]toolType `json:"properties"`
	Required   []string            `json:"required"`
}

// ReadMCP reads what a server answers to tools/list, with or without the JSON-RPC
// message around it.
func ReadMCP(name string, text []byte) (*Document, error) {
	if _, err := mcp.ReadTools(text); err != nil { // as strictly as the pinned definitions are read
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	var whole struct {
		Tools  []tool `json:"tools"`
		Result *struct {
			Tools []tool `json:"tools"`
		} `json:"result"`
	}
	if err := json.Unmarshal(text, &whole); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	tools := whole.Tools
	if whole.Result != nil {
		tools = whole.Result.Tools
	}
	slices.SortFunc(tools, func(a, b tool) int { return strings.Compare(a.Name, b.Name) })
	d := &Document{Name: baseName(name), Kind: "mcp"}
	for i := range tools {
		d.Operations = append(d.Operations, Operation{
			Name: "MCP ." + tools[i].Name, Key: "MCP ." + tools[i].Name, Method: "MCP", Path: tools[i].Name,
			shape: fmt.Sprint(tools[i].Input.Properties, tools[i].Input.Required),
		})
	}
	d.propose = func(p *proposer) { p.mcp(text, tools) }
	return d, nil
}

// openings are the calls by which every session begins.
var openings = []string{"initialize", "notifications/initialized", "ping", "tools/list"}

func (p *proposer) mcp(text []byte, tools []tool) {
	server := p.options.Server
	if server == "" {
		server = p.doc.Name
	}
	path := p.options.Path
	if path == "" {
		path = "/mcp"
	}
	side := SideFile{Name: p.doc.Name + ".tools.json", Text: text}
	p.out.Side = append(p.out.Side, side)
	p.out.Protocol = append(p.out.Protocol, "mcp:", fmt.Sprintf("  - { server: %s, path: %s, tools: %s }", server, path, side.Name))
	p.out.declare = func(h *rules.HostDecl) {
		h.MCP = []rules.MCPDecl{{
			Pos: h.Pos, Server: rules.At[string]{Pos: somewhere, V: server}, Path: rules.At[string]{Pos: somewhere, V: path},
			Tools: sideOf(side),
		}}
	}
	for _, method := range openings {
		op := &Operation{Name: "MCP " + server + " " + method, Key: "MCP " + server + " " + method, Method: "MCP", Path: server + " " + method}
		p.add(op, "read", "mcp_server", "/"+server)
	}
	for i := range tools {
		op := p.doc.Operations[i]
		op.Name, op.Key, op.Path = "MCP "+server+"."+op.Path, "MCP "+server+"."+op.Path, server+"."+op.Path
		p.call(&op, tools[i].Name, "args", "", false, "", tools[i].arguments())
	}
}

// arguments are those of a tool, and the members of the objects among them.
func (t *tool) arguments() []argument {
	var out []argument
	for _, name := range slices.Sorted(maps.Keys(t.Input.Properties)) {
		a, given := t.Input.Properties[name], slices.Contains(t.Input.Required, name)
		if len(a.Properties) == 0 || dotted(name) {
			out = append(out, argument{path: name, list: a.Type == "array", required: given, odd: dotted(name)})
			continue
		}
		for _, member := range slices.Sorted(maps.Keys(a.Properties)) {
			m := argument{
				path: name + "." + member, list: a.Properties[member].Type == "array",
				required: given && slices.Contains(a.Required, member), odd: dotted(member),
			}
			if !slices.Contains(plainWrappers, snake(name)) {
				m.within = name
			}
			out = append(out, m)
		}
	}
	return out
}

// plainWrappers are objects that say nothing of what is in them.
var plainWrappers = []string{"input", "data", "params", "parameters", "payload", "request", "body", "args", "arguments", "options", "filter"}

// dotted reports whether a capture would take a name for a member of an object.
func dotted(name string) bool { return strings.ContainsRune(name, '.') }

// somewhere is the place of what stands in no file.
var somewhere = rules.Pos{Col: 1}

// sideOf is a side file as the parser would have found it.
func sideOf(s SideFile) rules.SideFile {
	out := rules.SideFile{File: &rules.File{Path: s.Name, Text: string(s.Text)}}
	out.Pos, out.V = somewhere, s.Name
	return out
}
