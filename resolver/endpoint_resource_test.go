package resolver

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func resources(uris ...string) rules.HostDecl {
	var lines []string
	for _, uri := range uris {
		id := "x"
		if strings.Contains(uri, "{id}") {
			id = "{id}"
		}
		lines = append(lines, "MCP u resources/read "+uri+" -> read file/"+id)
	}
	d := declare(lines...)
	d.MCP = []rules.MCPDecl{{Pos: at(1, 1), Server: given1("u"), Path: given1("/u")}}
	return d
}

func compileResources(uris ...string) (*Routes, string) {
	routes, ms := Compile([]rules.HostDecl{resources(uris...)}, bank())
	if err := ms.Err(); err != nil {
		return nil, err.Error()
	}
	return routes, ""
}

func TestResourcesThatDoNotLoad(t *testing.T) {
	const common, host = "have URIs in common", "captures a host"
	for _, c := range []struct{ lines, want string }{
		{"https://{id}/x", host},
		{"file://{id}/x", host},
		{"FILE://srv-{id}/x", host},
		{"file:///{id}/x", ""},
		{"HTTPS://{id}/x", host},
		{"http:{id}", host},
		{"ws:////a.{id}", host},
		{"https://h/{id}", ""},
		{"ticket://{id}", ""},
		{"ticket://{id} ticket://index", ""},
		{"ticket://{id} ticket://{id}/log", ""},
		{"ticket://{id} ticket://{id}.txt", common},
		{"ticket://x{id} ticket://{id}y", common},
		{"ticket://x/{id} ticket://{id}/x", common}, // ticket://x/x
		{"ticket://x/{id} ticket://{id}/y", common}, // ticket://x/y
		{"ticket://x/{id} ticket://y/{id}", ""},
		{"ticket://x/{id} ticket://{id}/a/b", ""},
		{"ticket://x/a/{id} ticket://{id}/a/b", common}, // ticket://x/a/b
		{"ticket://{id}.txt ticket://{id}.TXT", common},
		{"Ticket://{id} ticket://{id}", common},
		{"a://{id} b://{id}", ""},
	} {
		if _, got := compileResources(strings.Fields(c.lines)...); c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q, want %q", c.lines, got, c.want)
		}
	}
	d := resources("ticket://x")
	d.Map[0].Line = "MCP u resources/read ticket://{id} -> read file/fixed"
	if _, ms := Compile([]rules.HostDecl{d}, bank()); ms.Err() == nil || !strings.Contains(ms.Err().Error(), "nothing uses the capture {id}") {
		t.Errorf("a capture that no target uses: %v", ms.Err())
	}
}

func TestResourcesAreReadOneWay(t *testing.T) {
	routes, problem := compileResources("p://{id}", "p://special", "file:///a/{id}")
	if problem != "" {
		t.Fatal(problem)
	}
	for _, c := range []struct{ uri, want string }{
		{"p://special", "read file/x"},
		{"p://Special", "ambiguous_parameter"},
		{"P://special", "ambiguous_parameter"},
		{"p://specia", "read file/specia"},
		{"p://A", "read file/A"},
		{"p://{}", "read file/{}"}, // the URI by which we know the line
		{"p://A:80", "no_route"},
		{"p://u@A", "no_route"},
		{"file:///a/u@A:80", "read file/u@A:80"},
		{"file:///a/u/A", "no_route"},
	} {
		if got := ids(routes, "POST /u\ncontent-type: application/json\n\n"+`{"jsonrpc":"2.0","id":1,"method":"resources/read","params":{"uri":"`+c.uri+`"}}`); got != c.want {
			t.Errorf("%s: got %q, want %q", c.uri, got, c.want)
		}
	}
}

// The detail of a denial says what was called, bounded and quoted, and holds no URI.
func TestACallWithoutALineIsNamed(t *testing.T) {
	routes, problem := compileResources("p://special")
	if problem != "" {
		t.Fatal(problem)
	}
	for _, c := range []struct{ method, params, want string }{
		{"resources/read", `{"uri":"q://x"}`, `"resources/read"`},
		{"tools/call", `{"name":"drop"}`, `"tools/call drop"`},
		{"tools/list", `{}`, `"tools/list"`},
		{`a\n` + strings.Repeat("b", 400), `{}`, `"a\n` + strings.Repeat("b", 198) + `"`},
	} {
		_, err := resolve(routes, raw("POST /u\ncontent-type: application/json\n\n"+`{"jsonrpc":"2.0","id":1,"method":"`+c.method+`","params":`+c.params+`}`), nil)
		if err == nil || reason(err) != rules.NoRoute || !strings.HasSuffix(err.Error(), "the call 1, "+c.want) {
			t.Errorf("%s: got %v, want it to end in %s", c.method, err, c.want)
		}
	}
}
