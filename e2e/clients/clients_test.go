//go:build e2e

package clients

import (
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/packages"
	"github.com/tiergate/tiergate/e2e/scene"
)

// times is how many requests a client sends: a hundredth of what TIERGATE_FULL asks for, or a bit more.
func times(full int) int {
	if os.Getenv("TIERGATE_FULL") == "1" {
		return full
	}
	return full/100 + 40
}

// kept is Envoy's setting that lines with encoded_slash rely on.
const kept = "KEEP_UNCHANGED"

// front runs an example in front of one server.
func front(t *testing.T, example, host, addr string, http2 bool, slashes string) *scene.Scene {
	t.Helper()
	return scene.Start(t, scene.Options{
		Root: "../..", Example: os.DirFS("../../examples/clients/" + example), Slashes: slashes,
		Upstreams: []scene.Upstream{{Host: host, Addr: addr, HTTP2: http2}},
	})
}

// answer is a server that has the same answer for everybody, and counts.
func answer(t *testing.T, text string) (string, *atomic.Int64) {
	t.Helper()
	count := &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		count.Add(1)
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(text))
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String(), count
}

// said is the last line of a client script.
type said struct {
	Sent    int
	Failed  []string
	Foreign any // the status with which what is not the client's own was refused
}

// run runs a client script of count calls through the gateway.
func run(t *testing.T, s *scene.Scene, token, script string, count int, more ...string) said {
	t.Helper()
	modules, err := packages.Node(t.Context())
	packages.Need(t, err)
	_, port, err := net.SplitHostPort(s.Gateway())
	if err != nil {
		t.Fatal(err)
	}
	args := append([]string{"--require", path(t, "testdata/hosts.cjs"), path(t, "testdata/"+script), port, token, strconv.Itoa(count)}, more...)
	cmd := exec.CommandContext(t.Context(), "node", args...)
	cmd.Env = append(os.Environ(), "NODE_PATH="+modules)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, stderr.String())
	}
	var out said
	if err := json.Unmarshal(text, &out); err != nil {
		t.Fatalf("%s: %v: %s", script, err, text)
	}
	return out
}

func path(t *testing.T, name string) string {
	t.Helper()
	p, err := filepath.Abs(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// check fails where a call of the client's own failed, or where anything was denied
// but the one request that must be, with the status that its client must see.
func check(t *testing.T, s *scene.Scene, out said, count int, status float64) {
	t.Helper()
	for _, f := range out.Failed[:min(len(out.Failed), 10)] {
		t.Errorf("a legitimate call failed: %s", f)
	}
	if out.Sent != count || len(out.Failed) > 0 {
		t.Errorf("%d calls, %d failed, want %d and 0", out.Sent, len(out.Failed), count)
	}
	if out.Foreign != status {
		t.Errorf("twin: what is not the client's own was answered %v, want %v", out.Foreign, status)
	}
	denied(t, s, 1)
}

// denied compares how many requests the decision log says were denied, and reports
// how many were allowed. It stops tiergate, so that all records are there.
func denied(t *testing.T, s *scene.Scene, want int) {
	t.Helper()
	if err := s.Tiergate.Stop(); err != nil {
		t.Fatal(err)
	}
	all, err := s.Tiergate.Decisions()
	if err != nil {
		t.Fatal(err)
	}
	var refused []*e2e.Decision
	for _, d := range all {
		if d.Effect != "allow" {
			refused = append(refused, d)
		}
	}
	t.Logf("%d requests, %d denied", len(all), len(refused))
	if len(refused) != want {
		t.Errorf("%d were denied, want %d", len(refused), want)
	}
	for _, d := range refused[:min(len(refused), 10)] {
		if d.Reason != "no_rule" {
			t.Errorf("denied: %+v, want no_rule alone", *d)
		}
	}
}

// Issue row 2: octokit, which writes slashes in paths of files and branches as %2F.
func TestOctokit(t *testing.T) {
	addr, seen := answer(t, `{"id":1,"data":[]}`)
	s := front(t, "octokit", "api.github.example.com", addr, false, kept)
	n := times(2000)
	check(t, s, run(t, s, s.Token(t, "github", "ada"), "octokit.cjs", n), n, http.StatusForbidden)
	if seen.Load() != int64(n) {
		t.Errorf("the API saw %d requests, want %d", seen.Load(), n)
	}
}

// Issue row 2: Stripe's client, which sends forms with nested names.
func TestStripe(t *testing.T) {
	addr, seen := answer(t, `{"id":"x","object":"list","data":[],"has_more":false}`)
	s := front(t, "stripe", "api.stripe.example.com", addr, false, "")
	n := times(2000)
	check(t, s, run(t, s, s.Token(t, "stripe", "acme-shop"), "stripe.cjs", n), n, http.StatusForbidden)
	if seen.Load() != int64(n) {
		t.Errorf("the API saw %d requests, want %d", seen.Load(), n)
	}
}

// bytesCodec hands messages on as they are: an empty one is a Ticket without fields.
type bytesCodec struct{}

func (bytesCodec) Marshal(any) ([]byte, error) { return nil, nil }
func (bytesCodec) Unmarshal([]byte, any) error { return nil }
func (bytesCodec) Name() string                { return "proto" }
func nothing(_ any, stream grpc.ServerStream) error {
	if err := stream.RecvMsg(nil); err != nil {
		return err
	}
	return stream.SendMsg(nil)
}

// Issue row 2: a gRPC client of another language.
func TestGRPC(t *testing.T) {
	server := grpc.NewServer(grpc.ForceServerCodec(bytesCodec{}), grpc.UnknownServiceHandler(nothing))
	s := front(t, "grpc", "tickets.example.com", scene.ServeGRPC(t, server), true, "")
	n := times(1500)
	const permissionDenied = 7
	check(t, s, run(t, s, s.Token(t, "tickets", "ada"), "grpc.cjs", n, path(t, "../../examples/clients/grpc/tickets.proto")), n, permissionDenied)
}

// Issue row 2: an MCP client of another language than the server's.
func TestMCP(t *testing.T) {
	python, err := packages.Interpreter(t.Context(), packages.Python)
	packages.Need(t, err)
	server, err := e2e.StartService(t.Context(), "mcp", t.TempDir(), python, path(t, "../protocols/testdata/mcp_server.py"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Kill)
	s := front(t, "mcp", "mcp.example.com", server.Addr, false, "")
	n := times(500)
	check(t, s, run(t, s, s.Token(t, "mcp", "ada"), "mcp.cjs", n), n, http.StatusForbidden)
}

// What the examples' own tests say holds.
func TestExamplesPass(t *testing.T) {
	program, err := e2e.FindTiergate(t.Context(), "../..", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range []string{"octokit", "stripe", "npm", "grpc", "mcp"} {
		dir := "../../examples/clients/" + example
		for _, args := range [][]string{{"check", "-c", dir + "/tiergate.yaml"}, {"test", dir + "/rules"}} {
			out, err := exec.CommandContext(t.Context(), program, args...).CombinedOutput()
			if err != nil || strings.Contains(string(out), "warning") {
				t.Errorf("tiergate %v: %v\n%s", args, err, out)
			}
		}
	}
}
