//go:build e2e

package e2e

import (
	"net/http"
	"testing"

	"github.com/tiergate/tiergate/envoy"
)

// Over mutual TLS tiergate answers the Envoys whose certificate it allows, and
// no others, whoever vouches for them.
func TestLinkToTiergate(t *testing.T) {
	w := world(t, programs(t, true))
	const allowed, stranger = "spiffe://bank.example.com/ns/istio-ingress/sa/gateway", "spiffe://bank.example.com/ns/default/sa/shell"
	server, err := w.leaf("tiergate.internal")
	if err != nil {
		t.Fatal(err)
	}
	config, err := w.Configure("tiergate", func(s Settings) error {
		listen, _ := s["listen"].(map[string]any)
		listen["grpc"] = []any{map[string]any{
			"address": "127.0.0.1:0", "serves": []any{Host},
			"tls": map[string]any{"cert": server.CertFile, "key": server.KeyFile, "client_ca": w.CA.File, "client_sans": []any{allowed}},
		}}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	w.serve(t, "tiergate", config)
	for _, row := range []struct {
		san    string
		status int
	}{{allowed, http.StatusOK}, {stranger, http.StatusServiceUnavailable}} {
		t.Run(row.san, func(t *testing.T) {
			g := Gateway{Profile: envoy.Hardened}
			o, err := w.Wiring(g, w.Tiergate.GRPC)
			if err != nil {
				t.Fatal(err)
			}
			client, err := w.leaf(row.san)
			if err != nil {
				t.Fatal(err)
			}
			o.Link = &envoy.Link{CertFile: client.CertFile, KeyFile: client.KeyFile, CAFile: w.CA.File, Name: "tiergate.internal"}
			e, err := StartEnvoy(t.Context(), w.programs.Envoy, "linked", t.TempDir(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Stop()
			w.gateways[g] = e
			defer delete(w.gateways, g)
			seen, err := w.Play(t.Context(), g, own())
			if err != nil {
				t.Fatal(err)
			}
			if seen.Status != row.status || seen.Reached != (row.status == http.StatusOK) {
				t.Errorf("got %+v, want %d\n%s", seen, row.status, e.tail())
			}
		})
	}
}
