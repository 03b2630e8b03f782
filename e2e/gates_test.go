//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/envoy"
)

// The attacks on identity, A01 to A27, through the real Envoy. A row is a
// request that fails one gate. It is sent on the connection on which its good
// twin passed a moment before, and refused for the reason that
// docs/reference/reasons.md gives the gate.

// gateRow is one attack. Only its credential differs from the twin's, unless
// it says otherwise.
type gateRow struct {
	name   string                // the id of the attack comes first
	issuer string                // whose tokens: corp unless set
	bad    func(*maker) string   // a token, behind "Bearer "
	lines  func(*maker) []string // header lines, in place of bad
	good   func(*maker) string   // the twin's token; the issuer's good one unless set

	goodLines func(*maker) []string // the twin's header lines, in place of good
	target    string                // what is asked for: publicFile unless set
	peer      string                // the workload that sends the attack, and the twin unless that has one
	twin      string                // the workload that sends the twin

	// want is the reason; "" for what must pass like its twin; "envoy N" for what
	// Envoy answers by itself.
	want string
}

// publicFile is readable by every registered person and machine.
const publicFile = "/v1/files/public/terms.pdf"

// tokenIssuer is one issuer of the tests with what its good token looks like.
type tokenIssuer struct {
	name, alg string
	kids      string         // prefix of its key ids; its name unless set
	path      string         // behind the provider's address in iss
	settings  map[string]any // in tiergate.yaml
	header    idp.Header
	claims    idp.Claims
	identity  string // more of who its good token names, in the rules
}

var tokenIssuers = []tokenIssuer{
	{name: "corp", claims: idp.Claims{"sub": "ada", "client_id": "web"}}, // the bank's own
	{name: "acme-idp", claims: idp.Claims{"sub": "acme-sync", "client_id": "acme-sync"}},
	{name: "strict", alg: "ES256", settings: map[string]any{"single_audience": true, "max_lifetime": "1h", "max_age": "10m"}, claims: idp.Claims{"sub": "ada"}},
	{name: "lone", alg: "ES256", claims: idp.Claims{"sub": "ada"}},
	{name: "flawed", alg: "ES256", claims: idp.Claims{"sub": "ada"}},
	{name: "same-kids", alg: "RS256", kids: "corp", claims: idp.Claims{"sub": "ada"}},
	{name: "split", alg: "ES256", path: "/a", claims: idp.Claims{"sub": "b/c"}},
	{name: "split-longer", alg: "ES256", path: "/a/b", claims: idp.Claims{"sub": "registered"}},
	{name: "holder", alg: "ES256", settings: map[string]any{"dpop": map[string]any{"max_age": "60s"}}, claims: idp.Claims{"sub": "ada"}},
	{name: "nonces", alg: "ES256", settings: map[string]any{"require_bound": "dpop", "dpop": map[string]any{"nonce": "required"}}, claims: idp.Claims{"sub": "ada"}},
	{name: "hasty", alg: "ES256", settings: map[string]any{"dpop": map[string]any{"nonce": "required", "max_age": "3s"}}, claims: idp.Claims{"sub": "ada"}},
	{name: "stripped", alg: "ES256", settings: map[string]any{"dpop": map[string]any{}}, claims: idp.Claims{"sub": "ada"}, identity: ", strip_credentials: true"},
	{name: "certified", alg: "ES256", settings: map[string]any{"require_bound": "mtls"}, claims: idp.Claims{"sub": "ada"}},
	{name: "typed", alg: "ES256", settings: map[string]any{"profile": "rfc9068"}, header: idp.Header{"typ": "at+jwt"}, claims: idp.Claims{"sub": "ada", "client_id": "web"}},
	{name: "login", alg: "ES256", settings: map[string]any{"profile": "id-token"}, header: idp.Header{"typ": "JWT"}, claims: idp.Claims{"sub": "ada", "azp": "web", "nonce": "n-1"}},
	{name: "spire", alg: "ES256", settings: map[string]any{"profile": "jwt-svid"}, header: idp.Header{"typ": "JOSE"}, claims: idp.Claims{"sub": billingWorkload, "jti": nil}},
	{name: "cluster", alg: "ES256", settings: map[string]any{"profile": "k8s-sa"}, header: idp.Header{"typ": nil}, claims: idp.Claims{
		"sub":           "system:serviceaccount:billing:billing",
		"kubernetes.io": map[string]any{"namespace": "billing", "serviceaccount": map[string]any{"name": "billing", "uid": "7f"}},
	}},
	{name: "actions", alg: "ES256", settings: map[string]any{"profile": "github-oidc"}, header: idp.Header{"typ": "JWT"}, claims: idp.Claims{
		"sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_owner": "acme", "workflow": "deploy", "run_id": "77",
		"job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
	}},
}

// gateRules register who the issuers' tokens name, and let them read what is public.
func gateRules() string {
	var b strings.Builder
	b.WriteString("identities:\n")
	for _, i := range tokenIssuers[2:] {
		fmt.Fprintf(&b, "  - { name: %s, kind: human, match: { issuer: %s, subject: %q }%s }\n", "people-of-"+i.name, i.name, i.claims["sub"], i.identity)
	}
	b.WriteString("rules:\n  - { id: everybody-reads-public-files, allow: { kind: human }, to: [read], on: file, up_to: public, when: object.id.startsWith(\"public/\") }\n")
	return b.String()
}

// gates is a world with all issuers behind one tiergate and one Envoy.
type gates struct {
	*World
	providers map[string]*idp.Provider
	statuses  map[string]int // by reason
	gateway   Gateway
	holder    *idp.Key // what bound tokens are bound to
}

// openGates starts everything. edit changes the settings last.
func openGates(t *testing.T, edit func(*gates, Settings)) *gates {
	t.Helper()
	g := &gates{
		World: world(t, programs(t, true)), providers: map[string]*idp.Provider{},
		statuses: documentedStatuses(t), gateway: Gateway{Profile: envoy.Hardened}, holder: newHolder(t),
	}
	g.providers["corp"], g.providers["acme-idp"] = g.Corp, g.Acme
	for _, alg := range []string{"ES256", "EdDSA"} {
		g.announce(t, "corp", alg)
	}
	for _, i := range tokenIssuers[2:] {
		g.start(t, i)
	}
	config, err := g.Configure("tiergate", func(s Settings) error {
		issuers, _ := s["issuers"].([]any)
		for _, i := range tokenIssuers[2:] {
			p := g.providers[i.name]
			issuer := map[string]any{
				"name": i.name, "issuer": p.Issuer() + i.path, "audience": []any{Audience},
				"jwks": map[string]any{"url": p.JWKSURL(), "allow_http": true},
			}
			maps.Copy(issuer, i.settings)
			issuers = append(issuers, issuer)
		}
		s["issuers"] = issuers
		corp, _ := issuers[0].(map[string]any)
		s["origins"] = map[string]any{Host: "http://" + Host}
		corp["algorithms"] = []any{"RS256", "ES256", "EdDSA"}
		if edit != nil {
			edit(g, s)
		}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := writeRules(config, "gates.yaml", withAgents(gateRules())); err != nil {
		t.Fatal(err)
	}
	g.serve(t, "tiergate", config)
	if err := g.Open(t.Context(), g.gateway); err != nil {
		t.Fatal(err)
	}
	return g
}

func (g *gates) start(t *testing.T, i tokenIssuer) {
	t.Helper()
	name := i.name
	if i.kids != "" {
		name = i.kids
	}
	p, err := idp.Start(idp.Options{Name: name, Alg: i.alg})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	g.providers[i.name] = p
}

// announce publishes one more key, which signs only where a row says so.
func (g *gates) announce(t *testing.T, issuer, alg string) {
	t.Helper()
	key, err := idp.NewKey(issuer+"-"+alg, alg)
	if err != nil {
		t.Fatal(err)
	}
	g.providers[issuer].Announce(key)
}

// maker makes the tokens of one row.
type maker struct {
	*gates
	t      *testing.T
	issuer tokenIssuer
	p      *idp.Provider
}

func (g *gates) maker(t *testing.T, issuer string) *maker {
	t.Helper()
	for _, i := range tokenIssuers {
		if i.name == issuer {
			return &maker{gates: g, t: t, issuer: i, p: g.providers[issuer]}
		}
	}
	t.Fatalf("no issuer %q", issuer)
	return nil
}

// must unwraps what can only fail when the test is wrong.
func (m *maker) must(token string, err error) string {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
	return token
}

// claims are the good token's, with changes.
func (m *maker) claims(changes idp.Claims) idp.Claims {
	all := idp.Claims{"aud": Audience, "iss": m.p.Issuer() + m.issuer.path}
	maps.Copy(all, m.issuer.claims)
	maps.Copy(all, changes)
	return m.p.Complete(all)
}

// token is the good token with changes.
func (m *maker) token(header idp.Header, claims idp.Claims) string {
	m.t.Helper()
	all := idp.Header{}
	maps.Copy(all, m.issuer.header)
	maps.Copy(all, header)
	return m.must(m.p.Current().Sign(all, m.claims(claims)))
}

// of makes the maker of another issuer.
func (m *maker) of(issuer string) *maker { return m.maker(m.t, issuer) }

// key is the provider's key for alg.
func (m *maker) key(alg string) *idp.Key {
	m.t.Helper()
	for _, k := range m.p.Keys() {
		if k.Alg == alg {
			return k
		}
	}
	m.t.Fatalf("%s has no key for %s", m.issuer.name, alg)
	return nil
}

// play sends the twin and then the row, on one connection each where their
// workloads differ, and says what is wrong.
func (g *gates) play(t *testing.T, row gateRow) {
	t.Helper()
	if row.issuer == "" {
		row.issuer = "corp"
	}
	if row.target == "" {
		row.target = publicFile
	}
	if row.twin == "" {
		row.twin = row.peer
	}
	if row.good == nil {
		row.good = good
	}
	m := g.maker(t, row.issuer)
	conn := g.connect(t, row.twin)
	twin := Request{Method: "GET", Target: row.target, Host: Host}
	if row.goodLines != nil {
		twin.Header = row.goodLines(m)
	} else {
		twin.Header = []string{"Authorization: Bearer " + row.good(m)}
	}
	g.Bank.Reset()
	if seen := g.exchange(t, conn, twin); seen.Status >= 300 || !seen.Reached {
		t.Fatalf("the good twin got %d %s, want it to reach the bank", seen.Status, seen.Why)
	}
	if row.peer != row.twin {
		conn = g.connect(t, row.peer)
	}
	attack := twin
	if row.lines != nil {
		attack.Header = row.lines(m)
	} else {
		attack.Header = []string{"Authorization: Bearer " + row.bad(m)}
	}
	g.Bank.Reset()
	g.judge(t, row.want, g.exchange(t, conn, attack))
}

// good is the issuer's good token.
func good(m *maker) string { return m.token(nil, nil) }

func (g *gates) judge(t *testing.T, want string, seen Seen) {
	t.Helper()
	if want == "" {
		if seen.Status >= 300 || !seen.Reached {
			t.Errorf("got %d %s, want it to pass", seen.Status, seen.Why)
		}
		return
	}
	status := g.statuses[want]
	if code, ok := strings.CutPrefix(want, "envoy "); ok {
		status, _ = strconv.Atoi(code)
		want = ""
	}
	if status == 0 {
		t.Fatalf("docs/reference/reasons.md has no reason %q", want)
	}
	if seen.Reached || seen.Status != status || seen.Why != want {
		t.Errorf("got %d %q (reached the bank: %t), want %d %q", seen.Status, seen.Why, seen.Reached, status, want)
	}
}

func (g *gates) connect(t *testing.T, peer string) *Connection {
	t.Helper()
	conn, err := g.Connect(t.Context(), g.gateway, peer)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// exchange sends one request and finds out what became of it. What a client is
// told never says which gate it failed.
func (g *gates) exchange(t *testing.T, conn *Connection, r Request) Seen {
	t.Helper()
	resp, err := conn.Send(r)
	if err != nil {
		t.Fatal(err)
	}
	seen := Seen{Status: resp.Status, Reached: len(g.Bank.Seen()) > 0}
	id := decisionID(resp.Header)
	if id == "" {
		return seen
	}
	d, err := g.Tiergate.Decision(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	seen.Why = d.Reason
	if told := fmt.Sprint(resp.Header) + string(resp.Body); d.Effect == "deny" && strings.Contains(told, d.Reason) {
		t.Errorf("the client is told the reason:\n%s", told)
	}
	return seen
}

// documentedStatuses reads the status of each reason from its page.
func documentedStatuses(t *testing.T) map[string]int {
	t.Helper()
	text, err := os.ReadFile("../docs/reference/reasons.md")
	if err != nil {
		t.Fatal(err)
	}
	section, row := regexp.MustCompile(`^## .*: (\d{3})$`), regexp.MustCompile("^\\| `([a-z_]+)` \\|")
	statuses, status := map[string]int{}, 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimRight(line, "\n")
		if m := section.FindStringSubmatch(line); m != nil {
			status, _ = strconv.Atoi(m[1])
		} else if m := row.FindStringSubmatch(line); m != nil {
			statuses[m[1]] = status
		}
	}
	return statuses
}

// in returns the NumericDate that lies d ahead.
func in(d time.Duration) int64 { return time.Now().Add(d).Unix() }
