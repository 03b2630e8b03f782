package policy

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

const shop = `
tiers: [ { name: public }, { name: internal }, { name: secret, require: { max_token_age: 5m } } ]
unclassified: secret
broad_above: internal
objects:
  - { type: order, tier: internal, catalog: orders, attributes: { owner: string } }
  - { type: note, tier: internal }
routes:
  - host: shop.example.com
    cors: true
    map:
      - GET /orders/{id} -> read order/{id}
      - PUT /orders/{id} -> create|update order/{id}
      - GET /notes/{id} -> read note/{id}
      - GET /mine -> read note/{caller.claims.note}
      - GET /healthz -> open: { because: probe, owner: ops }
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: own, allow: customers, to: [read, update], on: order, up_to: internal, own: owner }
  - { id: notes, allow: customers, to: [read], on: note, up_to: internal, then: { set_headers: { x-note: "{caller.claims.note}" } } }
`

var now = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// stated is a verifier that says who it was told.
type stated struct {
	v   *rules.Verified
	err error
}

func (s stated) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	return rules.Evidence{Verified: s.v, Cached: true}, s.err
}

func ada() *rules.Verified {
	claims := map[string]any{"note": "n1"}
	return &rules.Verified{Issuer: "corp", Subject: "ada", ClientID: "web", IssuedAt: now.Add(-time.Minute), Claims: claims}
}

func options(t *testing.T, v Verifier, rows ...catalog.Row) Options {
	t.Helper()
	cache, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"orders": catalog.NewMemory(rows...)}})
	if err != nil {
		t.Fatal(err)
	}
	return Options{
		Verifier: v, Catalog: cache, Resolve: resolver.Options{MaxBody: 1 << 10},
		Env: rules.Env{
			Issuers:  map[string]rules.IssuerEnv{"corp": {Claims: map[string]rules.Kind{"note": rules.String}}},
			Catalogs: []string{"orders"}, Managed: []string{"x-note"}, Now: now,
		},
	}
}

func load(t *testing.T, text string, o Options) *Policy {
	t.Helper()
	p, _, err := Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, o)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func order(id, owner string) catalog.Row {
	return catalog.Row{Key: catalog.Key{Type: "order", ID: id}, Columns: map[string]any{"owner": owner}}
}

func request(line string) *rules.RawRequest {
	method, path, _ := strings.Cut(line, " ")
	return &rules.RawRequest{
		ID: "t", Now: now, Serves: rules.NewHostSet("shop.example.com"),
		Method: method, Path: path, RawPath: path, Host: "shop.example.com",
	}
}

// Every step can end the request; each row differs in one thing from an allow.
func TestCheckEndsWithTheReasonOfItsStep(t *testing.T) {
	refused := rules.Faultf(rules.TokenExpired, "an hour ago")
	for _, c := range []struct {
		name   string
		line   string
		v      stated
		change func(*rules.RawRequest)
		want   rules.Reason
	}{
		{name: "the owner reads", line: "GET /orders/1", want: rules.Allowed},
		{name: "decode", line: "GET /x/../orders/1", want: rules.AmbiguousPath},
		{name: "host", line: "GET /orders/1", change: func(r *rules.RawRequest) { r.Host = "other.example.com" }, want: rules.HostNotServed},
		{name: "listener", line: "GET /orders/1", change: func(r *rules.RawRequest) { r.Serves = nil }, want: rules.HostNotServed},
		{name: "match", line: "GET /debug", want: rules.NoRoute},
		{name: "method", line: "DELETE /orders/1", want: rules.NoRoute},
		{name: "verify", line: "GET /orders/1", v: stated{err: refused}, want: rules.TokenExpired},
		{name: "verify breaks", line: "GET /orders/1", v: stated{err: context.DeadlineExceeded}, want: rules.Internal},
		{name: "anonymous", line: "GET /orders/1", v: stated{v: &rules.Verified{Anonymous: true}}, want: rules.CredentialMissing},
		{name: "unknown caller", line: "GET /orders/1", v: stated{v: &rules.Verified{Issuer: "corp", Subject: "ada"}}, want: rules.UnknownIdentity},
		{name: "resolve", line: "GET /orders/9", want: rules.UnknownObject},
		{name: "decide", line: "GET /orders/2", want: rules.NoRule},
		{name: "open", line: "GET /healthz", v: stated{err: refused}, want: rules.OpenRoute},
		{name: "upsert of what is there", line: "PUT /orders/1", want: rules.Allowed},
		{name: "upsert of what is not", line: "PUT /orders/9", want: rules.NoRule},
		{name: "from the caller", line: "GET /mine", want: rules.Allowed},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.v.v == nil && c.v.err == nil {
				c.v.v = ada()
			}
			p := load(t, shop, options(t, c.v, order("1", "ada"), order("2", "bob")))
			raw := request(c.line)
			if c.change != nil {
				c.change(raw)
			}
			got := p.Check(t.Context(), raw)
			if got.Reason != c.want {
				t.Fatalf("%s: %s %q, want %s", c.line, got.Reason, got.Detail, c.want)
			}
			if allows := c.want.Status() == 200; (got.Effect == rules.Allow) != allows {
				t.Errorf("%s: effect %v with reason %s", c.line, got.Effect, got.Reason)
			}
			if got.Policy != p.Hash {
				t.Errorf("the outcome names policy %q, want %q", got.Policy, p.Hash)
			}
		})
	}
}

// once is a verifier of a proof of possession.
type once struct{ seen *bool }

func (o once) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	if *o.seen {
		return rules.Evidence{}, rules.Faultf(rules.TokenReplayed, "")
	}
	*o.seen = true
	return rules.Evidence{Verified: ada(), Bound: rules.ByKey, Nonce: "n-1"}, nil
}

// A proof is good once, so explaining a request verifies it once.
func explained(t *testing.T, p *Policy, raw *rules.RawRequest) (*rules.Outcome, []rules.Miss) {
	t.Helper()
	o, err := p.Explainer().Explain(t.Context(), raw, rules.Suppose{})
	if err != nil {
		t.Fatal(err)
	}
	return o.Outcome, o.Near
}

func TestExplainVerifiesOnce(t *testing.T) {
	p := load(t, shop, options(t, once{new(bool)}, order("2", "bob")))
	got, near := explained(t, p, request("GET /orders/2"))
	if got.Reason != rules.NoRule || len(near) == 0 || got.Caller.Bound != rules.ByKey || got.Nonce != "n-1" {
		t.Errorf("reason %s, %d rules near, caller %+v, nonce %q", got.Reason, len(near), got.Caller, got.Nonce)
	}
	if again := p.Check(t.Context(), request("GET /orders/2")); again.Reason != rules.TokenReplayed || again.Nonce != "" {
		t.Errorf("twin: the next request is %s", again.Reason)
	}
}

func TestExplainDecidesAsCheckAndNamesWhatWasNear(t *testing.T) {
	p := load(t, shop, options(t, stated{v: ada()}, order("1", "ada"), order("2", "bob")))
	for line, want := range map[string]string{"GET /orders/1": "", "GET /orders/2": "own", "GET /debug": "", "GET //x": ""} {
		checked := p.Check(t.Context(), request(line))
		got, near := explained(t, p, request(line))
		if got.Reason != checked.Reason || got.Effect != checked.Effect {
			t.Errorf("%s: explained %s, checked %s", line, got.Reason, checked.Reason)
		}
		if want == "" && len(near) > 0 || want != "" && (len(near) == 0 || near[0].Rule != want || near[0].Missing == "") {
			t.Errorf("%s: near %+v, want %q and what it lacked", line, near, want)
		}
	}
}

// A caller whom no rule can allow must not make us read.
func TestNoLookupWithoutARuleThatFits(t *testing.T) {
	stranger := stated{v: &rules.Verified{Issuer: "corp", Subject: "x", ClientID: "other"}}
	for name, c := range map[string]struct {
		v    stated
		want int
	}{
		"a caller that a rule selects": {stated{v: ada()}, 1},
		"a stranger":                   {stranger, 0},
	} {
		p := load(t, shop, options(t, c.v, order("1", "ada")))
		if got := p.Check(t.Context(), request("GET /orders/1")); got.Misses != c.want {
			t.Errorf("%s: %d rows read, want %d", name, got.Misses, c.want)
		}
	}
}

func TestLoadRefusesATargetTheUpstreamCannotSee(t *testing.T) {
	text := strings.Replace(shop, `, then: { set_headers: { x-note: "{caller.claims.note}" } }`, "", 1)
	_, _, err := Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, options(t, stated{}))
	if err == nil || !strings.Contains(err.Error(), "managed header") {
		t.Errorf("a target from the caller that no header hands on: %v, want a mistake", err)
	}
}

// A rule or a line that would make the upstream act on another object than the
// one decided on does not load.
func TestLoadRefusesWhatRewritesTheObject(t *testing.T) {
	line := "- GET /healthz -> open: { because: probe, owner: ops }"
	for _, c := range []struct{ name, with, then, want string }{
		{"sets the captured parameter", "- GET /find?note={n} -> read note/{n}", "set_query: { note: other }", `sets the query parameter "note", by which the line at shop.yaml:`},
		{"sets another spelling of it", "- GET /find?note={n} -> read note/{n}", "set_query: { Note: other }", `sets the query parameter "Note", by which the line at shop.yaml:`},
		{"sets another one", "- GET /find?note={n} -> read note/{n}", "set_query: { page: other }", ""},
		{"captures a managed header", "- GET /find -> read note/{header.x-note}", "", `captures the managed header "x-note"`},
		{"captures another one", "- GET /find -> read note/{header.x-other}", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := strings.Replace(shop, line, c.with, 1)
			text = strings.Replace(text, "then: {", "then: { "+c.then+strings.Repeat(",", min(1, len(c.then))), 1)
			_, _, err := Load(fstest.MapFS{"shop.yaml": {Data: []byte(text)}}, options(t, stated{}))
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v\nwant %q", err, c.want)
			}
		})
	}
}

// A header in which a rule asks ends here, so no line can find its object in it; and
// every outcome names it, whoever decides.
func TestAskedHeaders(t *testing.T) {
	asking := strings.Replace(shop, "own: owner }", `own: owner, ask: { header: x-case, pattern: "C[0-9]+", as: case } }`, 1)
	p := load(t, asking, options(t, stated{v: ada()}, order("1", "ada")))
	for line, c := range map[string]struct {
		want    rules.Reason
		answers []rules.Answer
	}{
		"GET /orders/1 C7": {rules.Allowed, []rules.Answer{{Name: "case", Value: "C7"}}},
		"GET /orders/1":    {rules.JustificationMissing, nil},
		"GET /healthz C7":  {rules.OpenRoute, nil},
		"GET /nowhere C7":  {rules.NoRoute, nil},
	} {
		line, said, _ := strings.Cut(line, " C")
		raw := request(line)
		if said != "" {
			raw.Headers = append(raw.Headers, rules.Header{Name: "x-case", Value: "C" + said})
		}
		o := p.Check(t.Context(), raw)
		if o.Reason != c.want || !slices.Equal(o.Answers, c.answers) || !slices.Equal(o.Asked, []string{"x-case"}) {
			t.Errorf("%s %s: %s, answers %v, asked %v", line, said, o.Reason, o.Answers, o.Asked)
		}
	}
	const healthz = "- GET /healthz -> open: { because: probe, owner: ops }"
	captures := strings.Replace(asking, healthz, healthz+"\n      - GET /find -> read note/{header.x-case}", 1)
	if _, _, err := Load(fstest.MapFS{"shop.yaml": {Data: []byte(captures)}}, options(t, stated{})); err == nil || !strings.Contains(err.Error(), "in which a rule asks") {
		t.Errorf("a line that captures an asked header: %v", err)
	}
}

// A rule sets who; only a request that sends it in exactly those bytes, which
// the proxy replaces, is allowed.
func TestCheckDeniesAnotherSpellingOfWhatARuleSets(t *testing.T) {
	text := strings.Replace(shop, "up_to: internal, own: owner", `up_to: internal, own: owner, then: { set_query: { who: "{caller.subject}" } }`, 1)
	p := load(t, text, options(t, stated{v: ada()}, order("1", "ada")))
	for query, want := range map[string]rules.Reason{
		"":                    rules.Allowed,
		"?who=bob&who=eve":    rules.Allowed,
		"?whose=bob":          rules.Allowed,
		"?%77%68%6f=bob":      rules.AmbiguousParameter,
		"?who=bob&wh%6f=bob":  rules.AmbiguousParameter,
		"?WHO=bob":            rules.AmbiguousParameter,
		"?+who=bob":           rules.AmbiguousParameter,
		"?who%20=bob":         rules.AmbiguousParameter,
		"?who[]=bob":          rules.AmbiguousParameter,
		"?who.x=bob":          rules.AmbiguousParameter,
		"?page=1&who%5b0]=bo": rules.AmbiguousParameter,
	} {
		got := p.Check(t.Context(), request("GET /orders/1"+query))
		if got.Reason != want || (got.Effect == rules.Allow) != (want == rules.Allowed) {
			t.Errorf("%s: %v %s %q, want %s", query, got.Effect, got.Reason, got.Detail, want)
		}
		if want != rules.Allowed && (got.Status() != 400 || got.Targets[0].Rule != "own" || len(got.Obligations.SetQuery) > 0) {
			t.Errorf("%s: %d by %+v", query, got.Status(), got.Targets)
		}
	}
	if got := p.Check(t.Context(), request("GET /notes/n1?WHO=bob")); got.Effect != rules.Allow {
		t.Errorf("a rule that does not set it: %s", got.Reason)
	}
	if got := p.Check(t.Context(), request("GET /orders/2?WHO=bob")); got.Reason != rules.UnknownObject {
		t.Errorf("no rule applies: %s", got.Reason)
	}
}

func TestHashChangesWithWhatDecides(t *testing.T) {
	o := options(t, stated{v: ada()})
	base := load(t, shop, o).Hash
	if again := load(t, shop, o).Hash; again != base {
		t.Errorf("the same rules hash to %s and %s", base, again)
	}
	if other := load(t, shop+"\n# a comment\n", o).Hash; other == base {
		t.Error("other files have the same hash")
	}
	o.Resolve.MaxBody++
	if other := load(t, shop, o).Hash; other == base {
		t.Error("another way to read requests has the same hash")
	}
	o.Resolve.MaxBody--
	o.Env.Issuers["corp"].Claims["role"] = rules.String
	if other := load(t, shop, o).Hash; other == base {
		t.Error("another set of claims has the same hash")
	}
}
