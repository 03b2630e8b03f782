//go:build e2e

package diff

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e"
	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/rules"
)

// yard is what stands around the servers: issuers, and an API that has the rows of
// the request that is being sent.
type yard struct {
	program string
	dir     string
	issuers map[string]*idp.Provider
	holder  *idp.Key
	rows    map[string]map[string]any
}

func newYard(t *testing.T, program string) *yard {
	y := &yard{program: program, dir: t.TempDir(), issuers: make(map[string]*idp.Provider)}
	rows := httptest.NewServer(http.HandlerFunc(y.row))
	t.Cleanup(rows.Close)
	config := `listen: { grpc: [ { address: "127.0.0.1:0", serves: [bank.example.com] } ], admin: "127.0.0.1:0" }
rules: [./rules]
client_ip: { from: x-envoy-external-address }
cache: { ttl: { default: 0s } }
limits: { deadline: 5s }
drain: { wait: 1ms }
audit: { file: ./decisions.jsonl }
catalogs:
  bank:
    http:
      allow_http: true
      timeout: 5s
      types:
`
	for typ, columns := range map[string]string{
		"account":  `tenant: "tenant?", owner: "owner?", sharers: "sharers?", frozen: "frozen?"`,
		"customer": `tenant: "tenant?"`,
	} {
		config += fmt.Sprintf("        %s: { url: %q, id: id, tier: \"tier?\", parent: \"parent?\", columns: { %s } }\n", typ, rows.URL+"/"+typ+"/{id}", columns)
	}
	config += "issuers:\n"
	for _, name := range []string{"corp", "acme-idp"} {
		p, err := idp.Start(idp.Options{Name: name, Alg: "ES256"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = p.Stop() })
		y.issuers[name] = p
		config += fmt.Sprintf("  - { name: %s, issuer: %q, audience: [bank], jwks: { url: %q, allow_http: true }, algorithms: [ES256], may_assert: { role: string }, purpose: purpose, dpop: {}, required: true }\n",
			name, p.Issuer(), p.JWKSURL())
	}
	var err error
	if y.holder, err = idp.NewKey("holder", "ES256"); err != nil {
		t.Fatal(err)
	}
	for _, side := range []string{"old", "new"} {
		if err := errors.Join(os.MkdirAll(filepath.Join(y.dir, side, "rules"), 0o755), os.WriteFile(filepath.Join(y.dir, side, "tiergate.yaml"), []byte(config), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	return y
}

// row is the API: it knows the objects of one request.
func (y *yard) row(w http.ResponseWriter, r *http.Request) {
	key := strings.TrimPrefix(r.URL.Path, "/")
	facts, ok := y.rows[key]
	if !ok {
		http.NotFound(w, r)
		return
	}
	_, id, _ := strings.Cut(key, "/")
	row := map[string]any{"id": id}
	maps.Copy(row, facts)
	_ = json.NewEncoder(w).Encode(row)
}

// running is a server with one version.
type running struct {
	*yard
	server  *e2e.Tiergate
	checker *e2e.Checker
}

func (y *yard) serve(t *testing.T, side string) *running {
	t.Helper()
	server, err := e2e.StartTiergate(t.Context(), y.program, side, filepath.Join(y.dir, side, "tiergate.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	if err := server.Ready(t.Context()); err != nil {
		t.Fatalf("%v\n%s", err, server.Log())
	}
	checker, err := e2e.NewChecker(server.GRPC)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = checker.Close() })
	return &running{y, server, checker}
}

// ask sends what a witness says, and nothing that it does not say.
func (s *running) ask(t *testing.T, w *Witness) bool {
	t.Helper()
	u, err := url.Parse(w.URL)
	if err != nil {
		t.Fatal(err)
	}
	r := e2e.Request{Method: w.Method, Target: u.RequestURI(), Host: u.Host}
	for name, value := range w.Headers {
		r.Header = append(r.Header, name+": "+value)
	}
	if w.Source != "" {
		r.Header = append(r.Header, "x-envoy-external-address: "+w.Source)
	}
	if !w.Anonymous {
		r.Header = append(r.Header, s.credential(t, w)...)
	}
	if w.Body != nil {
		body, err := json.Marshal(w.Body)
		if err != nil {
			t.Fatal(err)
		}
		r.Body = string(body)
	}
	s.rows = w.Objects
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	answer, err := s.checker.Check(ctx, w.Peer, r)
	if err != nil {
		t.Fatal(err)
	}
	if answer.Status >= 500 { // only a row above max_row_tier is such a denial by what a version says
		if d, err := s.server.Decision(ctx, answer.Decision); err != nil || d.Reason != string(rules.CatalogBadRow) {
			t.Errorf("%d to %s %s: %+v, %v", answer.Status, w.Method, w.URL, d, err)
		}
	}
	return answer.Allowed
}

// credential is the token of a witness, minted now, with its proof if it has one.
func (s *running) credential(t *testing.T, w *Witness) []string {
	t.Helper()
	p := s.issuers[w.Issuer]
	now := time.Now()
	claims := idp.Claims{"aud": "bank", "sub": w.Subject, "auth_time": now.Unix()}
	if w.Client != "" {
		claims["client_id"] = w.Client
	}
	if w.Purpose != "" {
		claims[w.PurposeClaim] = w.Purpose
	}
	if len(w.Scopes) > 0 {
		claims["scope"] = strings.Join(w.Scopes, " ")
	}
	maps.Copy(claims, w.Claims)
	if w.Bound == "" {
		token, err := p.Token(claims)
		if err != nil {
			t.Fatal(err)
		}
		return []string{"authorization: Bearer " + token}
	}
	print, err := s.holder.Thumbprint()
	if err != nil {
		t.Fatal(err)
	}
	claims["cnf"] = map[string]any{"jkt": print}
	token, err := p.Token(claims)
	if err != nil {
		t.Fatal(err)
	}
	target, _, _ := strings.Cut(w.URL, "?")
	proof, err := s.holder.Proof(w.Method, target, token, "", nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"authorization: DPoP " + token, "dpop: " + proof}
}
