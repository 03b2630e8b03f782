//go:build e2e

package e2e

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/url"
	"testing"

	"github.com/tiergate/tiergate/envoy"
)

const (
	reporterWorkload = "spiffe://bank.example.com/ns/reports/sa/reporter"
	gatewayWorkload  = "spiffe://bank.example.com/ns/edge/sa/gateway"
	strangerWorkload = "spiffe://bank.example.com/ns/default/sa/shell"
)

// workloadRules register a workload that comes without a token.
const workloadRules = `
identities:
  - { name: reporter, kind: workload, match: { peer: "` + reporterWorkload + `" } }
rules:
  - { id: reporter-reads-public-files, allow: reporter, to: [read], on: file, up_to: public, when: object.id.startsWith("public/") }
`

// believing starts a tiergate that believes peers as the section says, and a
// gateway whose listener takes certificates as the mesh says.
func believing(t *testing.T, w *World, name string, peer map[string]any, change func(*envoy.Mesh)) Gateway {
	t.Helper()
	config, err := w.Configure(name, func(s Settings) error {
		if peer != nil {
			s["peer"] = peer
		}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeRules(config, "workloads.yaml", workloadRules); err != nil {
		t.Fatal(err)
	}
	w.serve(t, name, config)
	g := Gateway{Profile: envoy.Hardened}
	o, err := w.Wiring(g, w.Tiergate.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	change(o.Mesh)
	e, err := StartEnvoy(t.Context(), w.programs.Envoy, name, t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Stop() })
	w.gateways[g] = e
	return g
}

// rogueLeaf is a certificate of that name which nobody vouches for, to be
// connected with under the name that is returned.
func rogueLeaf(t *testing.T, w *World, san string) string {
	t.Helper()
	rogue, err := NewCA(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := rogue.Issue(san)
	if err != nil {
		t.Fatal(err)
	}
	name := "rogue " + san
	w.mu.Lock()
	defer w.mu.Unlock()
	w.leaves[name] = leaf
	return name
}

type workloadRow struct {
	name   string
	peer   string // who connects
	xfcc   string // what it sends
	status int
}

func (r *workloadRow) play(t *testing.T, w *World, g Gateway) {
	t.Run("A26 "+r.name, func(t *testing.T) {
		request := Request{Method: "GET", Target: publicFile, Host: Host}
		if r.xfcc != "" {
			request.Header = []string{"x-forwarded-client-cert: " + r.xfcc}
		}
		w.Bank.Reset()
		resp, err := w.Send(t.Context(), g, r.peer, request)
		if err != nil {
			t.Fatal(err)
		}
		if reached := len(w.Bank.Seen()) > 0; resp.Status != r.status || reached != (r.status == http.StatusOK) {
			t.Errorf("got %d, reached the bank: %t, want %d", resp.Status, reached, r.status)
		}
	})
}

// Envoy can be told to accept certificates that nobody vouches for, and says nothing
// of it in the check: with the bundle they are no peers, without it they are.
func TestUntrustedCertificates(t *testing.T) {
	w := world(t, programs(t, true))
	untrusted := func(m *envoy.Mesh) { m.AcceptUntrusted = true }
	bundle := map[string]any{"bundles": map[string]any{"bank.example.com": map[string]any{"file": w.CA.File}}, "required": true}
	rogue := rogueLeaf(t, w, reporterWorkload)
	g := believing(t, w, "bundled", bundle, untrusted)
	for _, row := range []workloadRow{
		{"twin: vouched for", reporterWorkload, "", http.StatusOK},
		{"of the same name, and nobody vouches for it", rogue, "", http.StatusUnauthorized},
		{"vouched for, and another workload", strangerWorkload, "", http.StatusUnauthorized},
		{"no certificate", "", "", http.StatusUnauthorized},
	} {
		row.play(t, w, g)
	}
	g = believing(t, w, "believing", nil, untrusted)
	row := workloadRow{"why: without the bundle the proxy is believed", rogue, "", http.StatusOK}
	row.play(t, w, g)
	g = believing(t, w, "strict", nil, func(*envoy.Mesh) {})
	t.Run("A26 the sample's listener takes none", func(t *testing.T) {
		if resp, err := w.Send(t.Context(), g, rogue, Request{Method: "GET", Target: publicFile, Host: Host}); err == nil {
			t.Errorf("got %d, want no connection", resp.Status)
		}
	})
}

// Behind a gateway the peer is whom the gateway speaks for, if it is listed.
func TestPeersBehindAGateway(t *testing.T) {
	w := world(t, programs(t, true))
	g := believing(t, w, "via", map[string]any{
		"bundles": map[string]any{"bank.example.com": map[string]any{"file": w.CA.File}}, "required": true,
		"via": []any{gatewayWorkload}, "from": "xfcc",
	}, func(m *envoy.Mesh) { m.Forward = "APPEND_FORWARD" })
	about := func(peer, uri string) string {
		leaf, err := w.leaf(peer)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(leaf.TLS.Certificate[0])
		cert := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.TLS.Certificate[0]})))
		return fmt.Sprintf(`By=%s;Hash=%s;Cert="%s";Subject="CN=a,b;c=\"d\"";URI=%s`, gatewayWorkload, hex.EncodeToString(sum[:]), cert, uri)
	}
	reporter := about(reporterWorkload, reporterWorkload)
	rogue := about(rogueLeaf(t, w, reporterWorkload), reporterWorkload)
	for _, row := range []workloadRow{
		{"twin: the gateway's client", gatewayWorkload, reporter, http.StatusOK},
		{"twin: what clients wrote stands in front", gatewayWorkload, about(strangerWorkload, strangerWorkload) + "," + reporter, http.StatusOK},
		{"twin: without a gateway", reporterWorkload, "", http.StatusOK},
		{"the client wrote it", gatewayWorkload, reporter + "," + about(strangerWorkload, strangerWorkload), http.StatusUnauthorized},
		{"an unlisted workload sends it", strangerWorkload, reporter, http.StatusUnauthorized},
		{"nobody behind the gateway", gatewayWorkload, "", http.StatusUnauthorized},
		{"two URI SANs", gatewayWorkload, reporter + ";URI=" + strangerWorkload, http.StatusUnauthorized},
		{"nobody vouches for it", gatewayWorkload, rogue, http.StatusUnauthorized},
		{"another workload's certificate", gatewayWorkload, about(strangerWorkload, reporterWorkload), http.StatusUnauthorized},
		{"no certificate", gatewayWorkload, "URI=" + reporterWorkload, http.StatusUnauthorized},
		{"a quote that does not end in front", gatewayWorkload, `By="` + "," + reporter, http.StatusUnauthorized},
	} {
		row.play(t, w, g)
	}
	t.Run("A26 the workload that connects brings its own header", func(t *testing.T) {
		row := workloadRow{"", reporterWorkload, about(strangerWorkload, strangerWorkload), http.StatusOK}
		row.play(t, w, g)
	})
}
