package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Every fault is reported by the name that users write, and all at once.
func TestOptionsThatAreRefused(t *testing.T) {
	issuer := func(change func(*IssuerConfig)) Options { return Options{Issuers: []IssuerConfig{config(change)}} }
	for _, row := range []struct {
		o    Options
		want []string
	}{
		{issuer(func(c *IssuerConfig) { c.Name = "" }), []string{"name is empty"}},
		{issuer(func(c *IssuerConfig) { c.Issuer = "" }), []string{"issuer is empty"}},
		{issuer(func(c *IssuerConfig) { c.Audience = nil }), []string{"audience is []"}},
		{issuer(func(c *IssuerConfig) { c.Audience = []string{"a", ""} }), []string{"audience is"}},
		{issuer(func(c *IssuerConfig) { c.Algorithms = []string{"RS256", "HS256"} }), []string{`algorithm "HS256" is not supported`}},
		{issuer(func(c *IssuerConfig) { c.Algorithms = []string{"none"} }), []string{`algorithm "none"`}},
		{issuer(func(c *IssuerConfig) { c.Algorithms = []string{"es256"} }), []string{`algorithm "es256"`}},
		{issuer(func(c *IssuerConfig) { c.Skew = 301 * time.Second }), []string{"skew is 5m1s, want at most 5m0s"}},
		{issuer(func(c *IssuerConfig) { c.Skew = -1 }), []string{"skew"}},
		{issuer(func(c *IssuerConfig) { c.MaxLifetime = -time.Hour }), []string{"max_lifetime is -1h0m0s"}},
		{issuer(func(c *IssuerConfig) { c.JWKS = JWKSConfig{} }), []string{"0 of url, discovery, file and bundle"}},
		{issuer(func(c *IssuerConfig) { c.JWKS.File = "x" }), []string{"2 of url, discovery, file and bundle"}},
		{issuer(func(c *IssuerConfig) { c.JWKS.URL = "http://idp.example.com/" }), []string{"not https"}},
		{issuer(func(c *IssuerConfig) { c.JWKS = JWKSConfig{Discovery: true}; c.Issuer = "corp" }), []string{"not an absolute URL"}},
		{issuer(func(c *IssuerConfig) { c.JWKS.Refresh = time.Millisecond }), []string{"refresh is 1ms"}},
		{issuer(func(c *IssuerConfig) { c.JWKS.MaxStale = -1 }), []string{"max_stale"}},
		{issuer(func(c *IssuerConfig) { c.Fixed = map[string]any{"role": "x"} }), []string{`claim "role" is both in may_assert and in fixed`}},
		{issuer(func(c *IssuerConfig) { c.Fixed = map[string]any{"region": ""} }), []string{`fixed "region" is empty`}},
		{issuer(func(c *IssuerConfig) { c.Fixed = map[string]any{"x": 1.5} }), []string{`fixed "x" is 1.5`}},
		{issuer(func(c *IssuerConfig) { c.Fixed = map[string]any{"x": []any{"a", int64(1)}} }), []string{`fixed "x"`}},
		{issuer(func(c *IssuerConfig) { c.MayAssert = map[string]rules.Kind{"": rules.String} }), []string{`may_assert ""`}},
		{issuer(func(c *IssuerConfig) { c.MayAssert = map[string]rules.Kind{"x": rules.NoKind} }), []string{"kind none"}},
		{Options{Issuers: []IssuerConfig{config(), config()}}, []string{"two issuers have the name", "have the same iss"}},
		{Options{MaxToken: 16<<10 + 1}, []string{"MaxToken is 16385"}},
		{Options{MaxToken: -1}, []string{"MaxToken is -1"}},
		{Options{Entries: -1}, []string{"Options.Entries is -1"}},
		{Options{Peers: PeerOptions{TrustDomains: []string{"Example.com"}}}, []string{`trust domain "Example.com"`}},
		{Options{Peers: PeerOptions{TrustDomains: []string{"spiffe://x"}}}, []string{"trust domain"}},
		{issuer(func(c *IssuerConfig) { c.Audience, c.Skew, c.JWKS = nil, time.Hour, JWKSConfig{} }), []string{"audience", "skew", "jwks"}},
	} {
		_, err := New(row.o)
		for _, want := range row.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("New = %v, want %q", err, want)
			}
		}
	}
}

func TestOptionsTwin(t *testing.T) {
	o := Options{Issuers: []IssuerConfig{{Name: "corp", Issuer: iss, Audience: []string{"a"}, JWKS: JWKSConfig{Discovery: true}}}}
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	i := v.order[0]
	if i.skew != defaultSkew || i.keys.maxStale != defaultMaxStale || v.maxToken != defaultMaxToken || len(i.algorithms) != len(defaultAlgorithms) {
		t.Errorf("defaults are not filled: %+v", i)
	}
	if o.Issuers[0].Skew != 0 {
		t.Error("New changed the caller's options")
	}
	if v, err := New(Options{}); err != nil || len(v.Stats()) != 0 || v.Ready() != nil {
		t.Errorf("New without issuers = %v", err)
	}
}

// Without an issuer nobody but the anonymous caller passes.
func TestNoIssuers(t *testing.T) {
	v, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, got := verify(t, v, ecKey().mint(nil, goodClaims())); got != rules.TokenIssuer {
		t.Errorf("refused for %q, want %q", got, rules.TokenIssuer)
	}
}
