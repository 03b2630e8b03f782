package main

import (
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/extauthz/identity"
)

// issuerLine is the good configuration with more said of its issuer, and more
// sections behind it.
func issuerLine(more, sections string) string {
	return strings.Replace(good, "jwks: { discovery: true } }", "jwks: { discovery: true }"+more+" }", 1) + sections
}

func TestBindingSettings(t *testing.T) {
	for _, row := range []struct{ name, issuer, sections, want string }{
		{"twin: everything", `, require_bound: dpop, dpop: { nonce: required, max_age: 30s, algorithms: [ES256] }`,
			"origins: { shop.example.com: \"https://shop.example.com:8443\" }\nresource_metadata: https://shop.example.com/.well-known/oauth-protected-resource\n", ""},
		{"twin: nothing said of dpop", `, dpop: {}`, "", ""},
		{"an unknown binding", `, require_bound: tls`, "", `unknown value "tls"`},
		{"an empty binding", `, require_bound: ""`, "", `unknown value ""`},
		{"a nonce that is half on", `, dpop: { nonce: "on" }`, "", `nonce is "on"`},
		{"a window of nothing", `, dpop: { max_age: 0s }`, "", "more than 0"},
		{"a window that is too wide", `, dpop: { max_age: 1h }`, "", "max_age is 1h0m0s"},
		{"a symmetric algorithm", `, dpop: { algorithms: [HS256] }`, "", `"HS256" is not supported`},
		{"a misspelt key", `, dpop: { nonces: required }`, "", `unknown key "nonces"`},
		{"an origin with a path", "", "origins: { shop.example.com: \"https://shop.example.com/v1\" }\n", "no origin"},
		{"an origin without scheme", "", "origins: { shop.example.com: shop.example.com }\n", "no origin"},
		{"an origin of a host that is not served", "", "origins: { other.example.com: \"https://other.example.com\" }\n", "no listener serves"},
		{"an origin of a host with a port", "", "origins: { \"shop.example.com:443\": \"https://shop.example.com\" }\n", "no listener serves"},
		{"metadata over http", "", "resource_metadata: http://shop.example.com/m\n", "no https URL"},
		{"metadata that would split a header", "", "resource_metadata: \"https://shop.example.com/m\\\", x=\\\"\"\n", "no https URL"},
		{"metadata that is relative", "", "resource_metadata: /m\n", "no https URL"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := loadText(t, issuerLine(row.issuer, row.sections))
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v\nwant %q", err, row.want)
			}
		})
	}
}

// What is written reaches the verifier, and what it makes of it the challenges.
func TestBindingSettingsReachTheVerifier(t *testing.T) {
	c, err := loadText(t, issuerLine(`, require_bound: any, dpop: { nonce: required, max_age: 30s, algorithms: [ES256, EdDSA] }`,
		"origins: { shop.example.com: \"http://shop.example.com:8080\" }\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := c.identityOptions(slog.New(slog.DiscardHandler))
	i := o.Issuers[0]
	if i.RequireBound != "any" || i.DPoP.Nonce != "required" || i.DPoP.MaxAge != 30*time.Second || o.Origins["shop.example.com"] != "http://shop.example.com:8080" {
		t.Errorf("options %+v, %+v, %v", i, i.DPoP, o.Origins)
	}
	if !c.env().Issuers["corp"].Binds {
		t.Error("rules do not know that the issuer binds its tokens")
	}
	for more, want := range map[string][]string{
		"": nil, ", require_bound: mtls": nil,
		", require_bound: any, dpop: { algorithms: [ES256, EdDSA] }": {"ES256", "EdDSA"},
		", dpop: {}":            {"ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"},
		", require_bound: dpop": {"ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"},
	} {
		c, err := loadText(t, issuerLine(more, ""))
		if err != nil {
			t.Fatal(err)
		}
		v, err := identity.New(c.identityOptions(slog.New(slog.DiscardHandler)))
		if err != nil {
			t.Fatal(err)
		}
		if got := v.ProofAlgorithms(); !slices.Equal(got["corp"], want) {
			t.Errorf("%q: clients are told %v, want %v", more, slices.Collect(maps.Values(got)), want)
		}
	}
}
