//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"os/exec"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"

	"github.com/tiergate/tiergate/envoy"
)

// The routes that `tiergate envoy routes` writes are those under which Envoy sends
// what the lines read: its own objects pass, others do not, with a body and without.
func TestRoutesAsWritten(t *testing.T) {
	w := world(t, programs(t, true))
	config, err := w.Configure("routes", Settings.requireKeys)
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, "routes", config)
	written, err := exec.CommandContext(t.Context(), w.programs.Tiergate, "envoy", "routes", "-c", config).Output()
	if err != nil {
		t.Fatal(err)
	}
	e := routed(t, w, written)
	token, err := w.Mint(*ada.Token)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		method, path, body string
		status             int
	}{
		{"GET", "/v1/accounts/NO100001", "", 200},
		{"GET", "/v1/accounts/NO200001", "", 403},
		{"POST", "/v1/transfers", `{"from":"NO100001","to":"NO200001","amount":10}`, 200},
		{"POST", "/v1/transfers", `{"from":"NO200001","to":"NO100001","amount":10}`, 403},
		{"POST", "/v1/tr%61nsfers", `{"from":"NO200001","to":"NO100001","amount":10}`, 403},
		{"PATCH", "/v1/accounts/NO100001", `{"phone":"1"}`, 200},
		{"PATCH", "/v1/accounts/NO100001", `{"owner":"bob"}`, 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), c.method, "http://"+e.Listener("api")+c.path, strings.NewReader(c.body))
		if err != nil {
			t.Fatal(err)
		}
		r.Host = Host
		r.Header.Set("authorization", "Bearer "+token)
		if c.body != "" {
			r.Header.Set("content-type", "application/json")
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		said, _ := io.ReadAll(answer.Body)
		answer.Body.Close()
		if answer.StatusCode != c.status && (c.status != 200 || answer.StatusCode/100 != 2) {
			t.Errorf("%s %s %s: %d %s, want %d", c.method, c.path, c.body, answer.StatusCode, said, c.status)
		}
	}
}

// routed starts an Envoy with the virtual hosts as they were written.
func routed(t *testing.T, w *World, written []byte) *Envoy {
	t.Helper()
	var routes map[string]any
	if err := yaml.Load(written, &routes); err != nil {
		t.Fatal(err)
	}
	o, err := w.Wiring(Gateway{Profile: envoy.Hardened}, w.Tiergate.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewBootstrap(o)
	if err != nil {
		t.Fatal(err)
	}
	b.Routes["virtual_hosts"] = routes["virtual_hosts"]
	e, err := b.Run(t.Context(), w.programs.Envoy, "routes", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop() })
	return e
}
