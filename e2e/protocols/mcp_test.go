//go:build e2e

package protocols

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/packages"
)

// said is what the application of an MCP client saw of one call.
type said struct {
	Text    string
	Code    int
	Message string
	Data    struct {
		Status   int
		Decision string
	}
}

// MCP, with client and server of the SDK, in both ways in which they
// begin to talk. The denial of one call is an error that the application can read,
// and the session goes on.
func TestMCPThroughEnvoy(t *testing.T) {
	python, err := packages.Interpreter(t.Context(), packages.Python)
	packages.Need(t, err)
	for _, mode := range []string{"auto", "legacy"} {
		t.Run(mode, func(t *testing.T) {
			server := service(t, python, script(t, "mcp_server.py"))
			world := start(t, "mcp.example.com", server.Addr, false, nil)
			ways := map[string]pair{"tool": {"T-60", "T-61"}, "resource": {"T-62", "T-63"}, "prompt": {"T-64", "T-65"}}
			tickets := map[string][]string{}
			for way, p := range ways {
				tickets[way] = []string{p.own, p.foreign}
			}
			in, err := json.Marshal(tickets)
			if err != nil {
				t.Fatal(err)
			}
			cmd := exec.CommandContext(t.Context(), python, script(t, "mcp_client.py"), world.Gateway(), "mcp.example.com", world.Token(t, "tickets", "ada"), mode)
			cmd.Stdin = bytes.NewReader(in)
			var stderr strings.Builder
			cmd.Stderr = &stderr
			text, err := cmd.Output()
			if err != nil {
				t.Fatalf("the client: %v\n%s", err, stderr.String())
			}
			var out struct {
				Tools   []string
				Answers map[string]said
				Again   said
			}
			if err := json.Unmarshal(text, &out); err != nil {
				t.Fatalf("%v: %s", err, text)
			}
			if len(out.Tools) != 1 || out.Tools[0] != "get_ticket" {
				t.Errorf("the tools are %q", out.Tools)
			}
			if !strings.Contains(out.Again.Text, "T-60") {
				t.Errorf("after the denials the own ticket is %+v", out.Again)
			}
			for way, p := range ways {
				if own := out.Answers[p.own]; !strings.Contains(own.Text, p.own) {
					t.Errorf("%s %s: %+v, want the ticket", way, p.own, own)
				}
				foreign := out.Answers[p.foreign]
				if foreign.Code != -32001 || foreign.Data.Status != 403 || foreign.Data.Decision == "" {
					t.Errorf("%s %s: %+v, want the error of a denial", way, p.foreign, foreign)
				}
				p.decided(t, world, reported(t, server.Addr))
			}
		})
	}
}
