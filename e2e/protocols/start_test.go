//go:build e2e

package protocols

import (
	"context"
	"encoding/json"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/scene"
)

// seen is what a server acted on.
type seen struct {
	mu  sync.Mutex
	ids []string
}

func (s *seen) add(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ids = append(s.ids, id)
}

func (s *seen) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.ids)
}

// start runs the example with one server behind the host.
func start(t *testing.T, host, addr string, http2 bool, edit map[string][]byte) *scene.Scene {
	t.Helper()
	descriptors, err := e2e.Descriptors("../../resolver/testdata/page.binpb.txtpb") // of docs/grpc.md
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"rules/tickets.binpb": descriptors}
	for name, text := range edit {
		files[name] = text
	}
	return scene.Start(t, scene.Options{
		Root: "../..", Example: os.DirFS("testdata/example"), Files: files,
		Upstreams: []scene.Upstream{{Host: host, Addr: addr, HTTP2: http2}},
	})
}

// pair is an own ticket, which must be reached, and a foreign one, which must not.
type pair struct{ own, foreign string }

// decided compares the decision log and what the server saw with what they must be.
func (p pair) decided(t *testing.T, s *scene.Scene, reached []string) {
	t.Helper()
	if !slices.Contains(reached, p.own) || slices.Contains(reached, p.foreign) {
		t.Errorf("the server acted on %q, want %s and not %s", reached, p.own, p.foreign)
	}
	if d := about(t, s, p.own); d.Effect != "allow" || d.Why() != "own" {
		t.Errorf("%s: %s by %s, want an allow by own", p.own, d.Effect, d.Why())
	}
	if d := about(t, s, p.foreign); d.Effect != "deny" || d.Reason != "no_rule" || d.Status != http.StatusForbidden {
		t.Errorf("%s: %s %d %s, want deny 403 no_rule", p.foreign, d.Effect, d.Status, d.Reason)
	}
}

// about waits for the decision that has the ticket among its targets.
func about(t *testing.T, s *scene.Scene, id string) *e2e.Decision {
	t.Helper()
	d, err := s.Tiergate.DecisionWhere(t.Context(), "ticket/"+id, func(d *e2e.Decision) bool {
		for _, target := range d.Targets {
			if target.Type == "ticket" && target.ID == id {
				return true
			}
		}
		return false
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// script is the absolute path of a program under testdata.
func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// service runs a server of others until the test ends.
func service(t *testing.T, program string, args ...string) *e2e.Service {
	t.Helper()
	s, err := e2e.StartService(t.Context(), "service", t.TempDir(), program, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the server said:\n%s", s.Log())
		}
		s.Kill()
	})
	return s
}

// reported asks a server what it acted on, past the gateway.
func reported(t *testing.T, addr string) []string {
	t.Helper()
	resp, err := http.Get("http://" + addr + "/seen")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var ids []string
	if err := json.NewDecoder(resp.Body).Decode(&ids); err != nil {
		t.Fatal(err)
	}
	return ids
}

// client sends everything to the gateway, whatever host a URL names.
func client(t *testing.T, s *scene.Scene) *http.Client {
	t.Helper()
	transport := &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, network, s.Gateway())
	}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: e2e.StartTimeout}
}

// serving serves until the test ends, and returns the address.
func serving(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}
