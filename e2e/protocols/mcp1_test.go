//go:build e2e

package protocols

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/packages"
)

// A client of the SDK's first generation survives a denial where the endpoint says
// denied_status: 200, and nowhere else. It is why the setting is there.
func TestMCPClientsThatMindTheStatus(t *testing.T) {
	python, err := packages.Interpreter(t.Context(), packages.Python)
	packages.Need(t, err)
	old, err := packages.Interpreter(t.Context(), packages.PythonMCP1)
	packages.Need(t, err)
	routes, err := os.ReadFile("testdata/example/rules/routes.yaml")
	if err != nil {
		t.Fatal(err)
	}
	calm := bytes.Replace(routes, []byte("path: /mcp }"), []byte("path: /mcp, denied_status: 200 }"), 1)
	if bytes.Equal(calm, routes) {
		t.Fatal("the example has no endpoint to change")
	}
	for _, row := range []struct {
		name     string
		routes   []byte
		survives bool
	}{
		{"with 200", calm, true},
		{"twin: with 403", routes, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			server := service(t, python, script(t, "mcp_server.py"))
			world := start(t, "mcp.example.com", server.Addr, false, map[string][]byte{"rules/routes.yaml": row.routes})
			p := pair{"T-66", "T-67"}
			cmd := exec.CommandContext(t.Context(), old, script(t, "mcp1_client.py"), world.Gateway(), "mcp.example.com", world.Token(t, "tickets", "ada"), p.foreign, p.own)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			text, err := cmd.Output()
			if (err == nil) != row.survives {
				t.Fatalf("the client ended with %v, want that it survives: %t\n%s", err, row.survives, stderr.String())
			}
			if d := about(t, world, p.foreign); d.Effect != "deny" || d.Status != 403 || d.Reason != "no_rule" {
				t.Errorf("the record says %s %d %s, want deny 403 no_rule whatever the client sees", d.Effect, d.Status, d.Reason)
			}
			if !row.survives {
				return
			}
			var out said
			if err := json.Unmarshal(text, &out); err != nil || out.Code != -32001 || !strings.Contains(out.Text, p.own) {
				t.Errorf("%v: %s, want the error of a denial and then the own ticket", err, text)
			}
			p.decided(t, world, reported(t, server.Addr))
		})
	}
}
