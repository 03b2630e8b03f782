package identity

import (
	"strings"
	"testing"
)

// Every fault is reported by the name that users write; the twins differ in one thing.
func TestPeerOptionsThatAreRefused(t *testing.T) {
	bundles := func(domains ...string) map[string]string {
		m := map[string]string{}
		for _, d := range domains {
			m[d] = "/nowhere/" + d
		}
		return m
	}
	for _, row := range []struct {
		name string
		o    PeerOptions
		want string // "" when they are good
	}{
		{"twin: nothing", PeerOptions{}, ""},
		{"twin: everything", PeerOptions{TrustDomains: []string{"a", "b"}, Bundles: bundles("a"), WorkloadAPI: "unix:///run/agent.sock", Required: true, Via: []string{"spiffe://b/gateway"}}, ""},
		{"a trust domain in capitals", PeerOptions{TrustDomains: []string{"A"}}, `trust domain "A" is not one`},
		{"a trust domain without a bundle", PeerOptions{TrustDomains: []string{"a", "b"}, Bundles: bundles("a")}, `trust domain "b" has no bundle`},
		{"twin: from the agent", PeerOptions{TrustDomains: []string{"a", "b"}, Bundles: bundles("a"), WorkloadAPI: "unix:///x"}, ""},
		{"a bundle of no trust domain", PeerOptions{Bundles: bundles("A")}, `a bundle is of trust domain "A"`},
		{"a bundle without a file", PeerOptions{Bundles: map[string]string{"a": ""}}, `the bundle of "a" has no file`},
		{"a bundle that is not used", PeerOptions{TrustDomains: []string{"a"}, Bundles: bundles("a", "b")}, `there is a bundle of "b"`},
		{"an agent elsewhere", PeerOptions{WorkloadAPI: "tcp://10.0.0.1:8081"}, "want unix:///path"},
		{"an agent at a relative path", PeerOptions{WorkloadAPI: "unix:agent.sock"}, "want unix:///path"},
		{"an agent with a query", PeerOptions{WorkloadAPI: "unix:///x?y=z"}, "workload_api is"},
		{"required, and there are none", PeerOptions{Required: true}, "bundles are required, and none is configured"},
		{"a proxy that is no workload", PeerOptions{Via: []string{"spiffe://a/"}}, `via has "spiffe://a/"`},
		{"a proxy of a foreign trust domain", PeerOptions{TrustDomains: []string{"a"}, Via: []string{"spiffe://b/g"}}, `is not of the trust domains ["a"]`},
		{"a proxy of a trust domain without a bundle", PeerOptions{Bundles: bundles("a"), Via: []string{"spiffe://b/g"}}, `trust domain "b" has no bundle`},
	} {
		_, err := New(Options{Peers: row.o})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: New = %v, want %q", row.name, err, row.want)
		}
	}
}

func TestTrustDomainsOfIssuersThatAreRefused(t *testing.T) {
	file := JWKSConfig{File: "/nowhere"}
	peers := PeerOptions{WorkloadAPI: "unix:///x"}
	for _, row := range []struct {
		name   string
		c      IssuerConfig
		change func(*IssuerConfig)
		peers  PeerOptions
		want   string
	}{
		{"twin: a file", svidIssuer("i", "a", file), nil, PeerOptions{}, ""},
		{"twin: the agent", svidIssuer("i", "a", JWKSConfig{Bundle: true}), nil, peers, ""},
		{"twin: with an iss", svidIssuer("i", "a", file), func(c *IssuerConfig) { c.Issuer = "x" }, PeerOptions{}, ""},
		{"no trust domain", svidIssuer("i", "A", file), nil, PeerOptions{}, `trust_domain "A" is not one`},
		{"another profile", svidIssuer("i", "a", file), func(c *IssuerConfig) { c.Profile = "rfc9068" }, PeerOptions{}, "trust_domain is for profile jwt-svid"},
		{"neither iss nor trust domain", svidIssuer("i", "", file), nil, PeerOptions{}, "issuer is empty"},
		{"a bundle of no trust domain", svidIssuer("i", "", JWKSConfig{Bundle: true}), func(c *IssuerConfig) { c.Issuer = "x" }, peers, "there is no trust_domain"},
		{"a bundle that nothing configures", svidIssuer("i", "a", JWKSConfig{Bundle: true}), nil, PeerOptions{}, "nothing configures the bundle"},
		{"discovery without an issuer", svidIssuer("i", "a", JWKSConfig{Discovery: true}), nil, PeerOptions{}, "discovery starts from issuer"},
		{"a bundle and a URL", svidIssuer("i", "a", JWKSConfig{Bundle: true, URL: jwksURL}), nil, peers, "2 of url, discovery, file and bundle"},
		{"an authority for the agent", svidIssuer("i", "a", JWKSConfig{Bundle: true, CA: "x"}), nil, peers, "the agent's on this machine"},
	} {
		c := row.c
		if row.change != nil {
			row.change(&c)
		}
		_, err := New(Options{Issuers: []IssuerConfig{c}, Peers: row.peers})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: New = %v, want %q", row.name, err, row.want)
		}
	}
	_, err := New(Options{Issuers: []IssuerConfig{svidIssuer("i", "a", file), svidIssuer("j", "a", file)}})
	if err == nil || !strings.Contains(err.Error(), "trust domain") {
		t.Errorf("two issuers of one trust domain: %v", err)
	}
}
