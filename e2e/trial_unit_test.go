package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

// A trial leaves nothing of itself where a real server would find it: neither keys,
// in whose name the laboratory signs, nor records; and takes no address of it.
func TestTrialSharesNothingWithTheRealServer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "tiergate.yaml")
	if err := os.WriteFile(path, []byte(`
listen:
  grpc:
    - { address: 0.0.0.0:9191, serves: [a.example.com], tls: { cert: c.pem, key: k.pem, client_ca: ca.pem, client_sans: [envoy] } }
    - { address: unix:/run/tiergate.sock, serves: b.example.com }
  admin: 127.0.0.1:9192
  probe: 0.0.0.0:9193
rules: [./rules]
state_dir: /var/lib/tiergate
issuers:
  - { name: corp, issuer: https://idp.example.com, audience: [a], jwks: { discovery: true, ca: ./ca.pem }, algorithms: [PS256, ES256] }
  - { name: mesh, trust_domain: example.com, audience: [a], jwks: { url: https://spire.example.com, bundle: true } }
headers: { managed: [x-tenant] }
control: { socket: /run/tiergate-control.sock }
audit: { file: /var/log/decisions.jsonl, mode: required }
limits: { deadline: 50ms, in_flight: 8 }
`), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := readSettings(path)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := idp.Start(idp.Options{Alg: "ES256"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Stop() })
	var algs []string
	if err := s.tryOut("/tmp/try", func(issuer map[string]any) (*idp.Provider, error) {
		alg, err := signedWith(issuer)
		algs = append(algs, alg)
		return provider, err
	}); err != nil {
		t.Fatal(err)
	}
	if len(algs) != 1 || algs[0] != "ES256" {
		t.Errorf("signed with %v, want ES256 for the issuer, and nothing for the trust domain", algs)
	}
	if m := s.managed(); len(m) != 1 || m[0] != "x-tenant" {
		t.Errorf("managed is %v", m)
	}
	tr := &Trial{Config: path}
	if err := tr.write(s); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(tr.beside)
	if err != nil {
		t.Fatal(err)
	}
	for _, gone := range []string{"/var/", "/run/", "9191", "9192", "9193", "client_sans", "discovery", "ca.pem", "50ms"} {
		if strings.Contains(string(text), gone) {
			t.Errorf("%q is still there:\n%s", gone, text)
		}
	}
	for _, kept := range []string{"a.example.com", "b.example.com", "./rules", "https://idp.example.com", "https://spire.example.com", "in_flight: 8", "/tmp/try/state", "/tmp/try/decisions.jsonl", provider.JWKSURL()} {
		if !strings.Contains(string(text), kept) {
			t.Errorf("%q is missing:\n%s", kept, text)
		}
	}
	if filepath.Dir(tr.beside) != dir || !strings.HasPrefix(filepath.Base(tr.beside), ".") {
		t.Errorf("it is %s, want a hidden file in %s: relative paths begin there, and no rules are read from it", tr.beside, dir)
	}
}

func TestTrialSaysWhatItCannotPlay(t *testing.T) {
	if err := (Settings{}).tryOut("/tmp/try", nil); err == nil || !strings.Contains(err.Error(), "which hosts it serves") {
		t.Errorf("no listener: %v", err)
	}
	_, err := signedWith(map[string]any{"name": "corp", "algorithms": []any{"PS512"}})
	if err == nil || !strings.Contains(err.Error(), "issuer corp: the laboratory signs with [RS256 ES256 EdDSA], and it allows [PS512]") {
		t.Errorf("an algorithm that we do not sign with: %v", err)
	}
}
