package resolver

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// Who waits for an answer is known of every message that could be read, denied or
// not, and whether it may come with status 200 is the endpoint's to say.
func TestMCPSaysWhoWaits(t *testing.T) {
	for _, row := range []struct {
		name   string
		status int
		body   string
		want   rules.Reply
	}{
		{"a request", 0, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"get","arguments":{"id":"AC123456"}}}`, rules.Reply{ID: "7"}},
		{"where 200 is said", 200, `{"jsonrpc":"2.0","id":"a","method":"tools/call","params":{"name":"get","arguments":{"id":"AC123456"}}}`, rules.Reply{ID: `"a"`, Calm: true}},
		{"of a tool without a line", 200, `{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"drop"}}`, rules.Reply{ID: "7", Calm: true}},
		{"twin: a notification", 200, `{"jsonrpc":"2.0","method":"notifications/initialized"}`, rules.Reply{Calm: true}},
		{"twin: no message", 200, `{"id":7}`, rules.Reply{}},
	} {
		d := declare("MCP t.get -> read account/{args.id}")
		endpoint := rules.MCPDecl{Pos: d.Pos, Server: rules.At[string]{Pos: d.Pos, V: "t"}, Path: rules.At[string]{Pos: d.Pos, V: "/mcp"}}
		if row.status != 0 {
			endpoint.Status = rules.At[int]{Pos: d.Pos, V: row.status}
		}
		d.MCP = []rules.MCPDecl{endpoint}
		routes, ms := Compile([]rules.HostDecl{d}, bank())
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		req, err := Canonical(raw("POST /mcp"+asJSON+row.body), &Options{MaxBody: 1 << 16})
		if err != nil {
			t.Fatal(err)
		}
		m, err := routes.Match(req)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = m.Targets(req, nil) // the reply is there whatever comes of them
		if m.Reply != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, m.Reply, row.want)
		}
	}
}
