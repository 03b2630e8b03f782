package identity

import (
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// profiled is a verifier of one issuer with a profile.
func profiled(t *testing.T, name string, change ...func(*IssuerConfig)) *Verifier {
	t.Helper()
	return loaded(t, serving(ecKey(), edKey()), Options{Issuers: []IssuerConfig{config(append(change, func(c *IssuerConfig) {
		c.Profile, c.Algorithms = name, nil
	})...)}})
}

// sample is a token of each profile as its issuer makes it.
var samples = map[string]struct{ header, claims object }{
	"legacy-access": {nil, with(goodClaims(), object{"scope": "read"})},
	"rfc9068":       {object{"typ": "at+jwt"}, with(goodClaims(), object{"scope": "read"})},
	"id-token":      {nil, with(goodClaims(), object{"client_id": nil, "azp": "web", "nonce": "n-1", "at_hash": "x"})},
	"jwt-svid":      {object{"typ": "JOSE"}, object{"iss": iss, "aud": audience, "sub": billing, "iat": now.Unix(), "exp": now.Add(time.Minute).Unix()}},
	"k8s-sa": {object{"typ": nil}, with(goodClaims(), object{
		"client_id": nil, "sub": "system:serviceaccount:pay:billing", "nbf": now.Add(-time.Minute).Unix(),
		"kubernetes.io": object{"namespace": "pay", "serviceaccount": object{"name": "billing", "uid": "u"}, "pod": object{"name": "p", "uid": "v"}},
	})},
	"github-oidc": {nil, with(goodClaims(), object{
		"client_id": nil, "sub": "repo:acme/shop:ref:refs/heads/main", "repository": "acme/shop", "repository_owner": "acme",
		"workflow": "deploy", "run_id": "77", "job_workflow_ref": "acme/shop/.github/workflows/deploy.yml@refs/heads/main",
	})},
}

func sample(name string, header, claims object) string {
	s := samples[name]
	return ecKey().mint(with(with(object{}, s.header), header), with(s.claims, claims))
}

// A19: profiles exclude each other. Every profile takes its own tokens and
// refuses those of every other, but that legacy-access takes what rfc9068 does.
func TestProfilesExcludeEachOther(t *testing.T) {
	for _, p := range Profiles() {
		v := profiled(t, p)
		for _, other := range Profiles() {
			want := rules.TokenKind
			if p == other || p == "legacy-access" && other == "rfc9068" {
				want = ""
			}
			t.Run("A19 "+other+" for "+p, func(t *testing.T) {
				token := sample(other, nil, nil)
				_, got := verify(t, v, token)
				if got != want {
					t.Errorf("refused for %q, want %q: %v", got, want, v.Explain(token).Gates)
				}
			})
		}
	}
}

// A19: what is no token of access at all is refused by its name, whatever the profile.
func TestOtherKindsAreNamed(t *testing.T) {
	for _, row := range []struct {
		name   string
		header object
		claims object
		kind   string
	}{
		{"refresh by Keycloak's claim", nil, object{"typ": "Refresh"}, "a refresh token"},
		{"offline by Keycloak's claim", nil, object{"typ": "Offline"}, "a refresh token"},
		{"refresh by token_use", nil, object{"token_use": "refresh"}, "a refresh token"},
		{"refresh by token_type", nil, object{"token_type": "refresh"}, "a refresh token"},
		{"logout by its event", nil, object{"events": object{"http://schemas.openid.net/event/backchannel-logout": object{}}}, "a logout token"},
		{"logout by Keycloak's claim", nil, object{"typ": "Logout"}, "a logout token"},
		{"security event by its claims", nil, object{"events": object{"x": object{}}, "sub": nil, "exp": nil}, "a security event"},
		{"events of any kind", nil, object{"events": []string{}}, "a security event"},
		{"DPoP proof by its claims", object{"jwk": ecKey().jwk()}, object{"htm": "GET", "htu": "https://x", "iss": nil, "sub": nil, "exp": nil}, "a DPoP proof"},
		{"status list by its claims", nil, object{"status_list": object{"bits": 1, "lst": "x"}}, "a status list"},
		{"workload proof by its claims", nil, object{"wth": "x"}, "a workload proof"},
		{"transaction token by its claims", nil, object{"txn": "1", "req_wl": "x"}, "a transaction token"},
		{"introspection response", nil, object{"token_introspection": object{"active": true}}, "an introspection response"},
	} {
		for _, p := range Profiles() {
			v := profiled(t, p)
			t.Run("A19 "+row.name+" for "+p, func(t *testing.T) {
				if _, got := verify(t, v, sample(p, nil, nil)); got != "" {
					t.Fatalf("the twin is refused for %q", got)
				}
				token := sample(p, row.header, row.claims)
				if _, got := verify(t, v, token); got != rules.TokenKind {
					t.Errorf("refused for %q, want %q", got, rules.TokenKind)
				}
				if g := gateNamed(v.Explain(token), "kind"); !strings.Contains(g.Detail, row.kind) {
					t.Errorf("the detail %q does not name %s", g.Detail, row.kind)
				}
			})
		}
	}
}

func gateNamed(e Explanation, name string) Gate {
	for _, g := range e.Gates {
		if g.Name == name {
			return g
		}
	}
	return Gate{}
}

func TestLegacyAccess(t *testing.T) {
	v := profiled(t, "legacy-access")
	token := func(header, claims object) string { return sample("legacy-access", header, claims) }
	run(t, v, []attack{
		{"A19 twin: no typ", token(object{"typ": nil}, nil), ""},
		{"A19 twin: JWT", token(object{"typ": "jwt"}, nil), ""},
		{"A19 twin: at+jwt", token(object{"typ": "AT+JWT"}, nil), ""},
		{"A19 twin: Keycloak's access token", token(nil, object{"typ": "Bearer"}), ""},
		{"A19 twin: Cognito's access token", token(nil, object{"token_use": "access"}), ""},
		{"A19 ID token of Cognito", token(nil, object{"token_use": "id"}), rules.TokenKind},
		{"A19 ID token of Keycloak", token(nil, object{"typ": "ID"}), rules.TokenKind},
		{"A19 ID token by nonce", token(nil, object{"nonce": "n"}), rules.TokenKind},
		{"A19 ID token by at_hash", token(nil, object{"at_hash": "n"}), rules.TokenKind},
		{"A19 ID token by c_hash", token(nil, object{"c_hash": "n"}), rules.TokenKind},
		{"A19 ID token by s_hash", token(nil, object{"s_hash": "n"}), rules.TokenKind},
		{"A19 JWT-SVID by its subject", token(nil, object{"sub": billing, "client_id": nil, "scope": nil}), rules.TokenKind},
		{"A19 twin: a workload that an authorization server names", token(nil, object{"sub": billing}), ""},
		{"A19 twin: the same by its type", token(object{"typ": "at+jwt"}, object{"sub": billing, "client_id": nil, "scope": nil}), ""},
	})
}

func TestRFC9068(t *testing.T) {
	v := profiled(t, "rfc9068")
	token := func(header, claims object) string { return sample("rfc9068", header, claims) }
	run(t, v, []attack{
		{"A19 twin", token(nil, nil), ""},
		{"A19 twin: the long form in another case", token(object{"typ": "Application/AT+jwt"}, nil), ""},
		{"A19 no typ", token(object{"typ": nil}, nil), rules.TokenKind},
		{"A19 JWT", token(object{"typ": "JWT"}, nil), rules.TokenKind},
		{"A19 no client_id", token(nil, object{"client_id": nil}), rules.TokenClaims},
		{"A19 azp is no client_id", token(nil, object{"client_id": nil, "azp": "web"}), rules.TokenClaims},
		{"A19 no iat", token(nil, object{"iat": nil}), rules.TokenClaims},
		{"A19 no jti", token(nil, object{"jti": nil}), rules.TokenClaims},
		{"A19 jti is a number", token(nil, object{"jti": 1}), rules.TokenClaims},
		{"A19 no sub", token(nil, object{"sub": nil}), rules.TokenClaims},
		{"A19 no exp", token(nil, object{"exp": nil}), rules.TokenClaims},
		{"A19 no aud", token(nil, object{"aud": nil}), rules.TokenClaims},
	})
}

func TestIDToken(t *testing.T) {
	v := profiled(t, "id-token")
	run(t, v, []attack{
		{"A19 twin", sample("id-token", nil, nil), ""},
		{"A19 twin: neither nonce nor hash", sample("id-token", nil, object{"nonce": nil, "at_hash": nil}), ""},
		{"A19 access token by its type", sample("id-token", object{"typ": "at+jwt"}, nil), rules.TokenKind},
		{"A19 access token by its scope", sample("id-token", nil, object{"scope": "openid"}), rules.TokenKind},
		{"A19 access token of Keycloak", sample("id-token", nil, object{"typ": "Bearer"}), rules.TokenKind},
		{"A19 no iat", sample("id-token", nil, object{"iat": nil}), rules.TokenClaims},
	})
}

func TestJWTSVID(t *testing.T) {
	v := profiled(t, "jwt-svid")
	claims := samples["jwt-svid"].claims
	run(t, v, []attack{
		{"A19 twin", sample("jwt-svid", nil, nil), ""},
		{"A19 twin: no typ", sample("jwt-svid", object{"typ": nil}, nil), ""},
		{"A19 twin: JWT", sample("jwt-svid", object{"typ": "JWT"}, nil), ""},
		{"A19 at+jwt", sample("jwt-svid", object{"typ": "at+jwt"}, nil), rules.TokenKind},
		{"A19 EdDSA", edKey().mint(nil, claims), rules.TokenAlgorithm},
		{"A19 sub is no SPIFFE ID", sample("jwt-svid", nil, object{"sub": "ada"}), rules.TokenClaims},
		{"A19 sub has no path", sample("jwt-svid", nil, object{"sub": "spiffe://example.com"}), rules.TokenClaims},
		{"A19 sub in another case", sample("jwt-svid", nil, object{"sub": "spiffe://Example.com/x"}), rules.TokenClaims},
		{"A19 no exp", sample("jwt-svid", nil, object{"exp": nil}), rules.TokenClaims},
	})
}

func TestServiceAccounts(t *testing.T) {
	v := profiled(t, "k8s-sa")
	account := func(namespace, name any) object {
		return object{"kubernetes.io": object{"namespace": namespace, "serviceaccount": object{"name": name}}}
	}
	run(t, v, []attack{
		{"A19 twin", sample("k8s-sa", nil, nil), ""},
		{"A19 sub of another namespace", sample("k8s-sa", nil, object{"sub": "system:serviceaccount:shop:billing"}), rules.TokenClaims},
		{"A19 bound to another account", sample("k8s-sa", nil, account("pay", "other")), rules.TokenClaims},
		{"A19 no name", sample("k8s-sa", nil, account("pay", "")), rules.TokenClaims},
		{"A19 namespace is a number", sample("k8s-sa", nil, account(1, "billing")), rules.TokenClaims},
		{"A19 not bound: a token of an old secret", sample("k8s-sa", nil, object{"kubernetes.io": nil, "kubernetes.io/serviceaccount/namespace": "pay"}), rules.TokenClaims},
		{"A19 split elsewhere", sample("k8s-sa", nil, with(account("pay:x", "billing"), object{"sub": "system:serviceaccount:pay:x:billing"})), rules.TokenClaims},
	})
}

func TestGitHub(t *testing.T) {
	v := profiled(t, "github-oidc")
	attacks := []attack{{"A19 twin", sample("github-oidc", nil, nil), ""}}
	for _, name := range []string{"iat", "jti", "repository", "repository_owner", "workflow", "run_id", "sub"} {
		attacks = append(attacks, attack{"A19 no " + name, sample("github-oidc", nil, object{name: nil}), rules.TokenClaims})
	}
	run(t, v, attacks)
}

// The algorithms of a profile bound what an issuer can be configured with.
func TestProfilesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		change func(*IssuerConfig)
		want   string
	}{
		{func(c *IssuerConfig) { c.Profile = "access" }, `profile "access" is not known, want one of [legacy-access rfc9068 id-token jwt-svid k8s-sa github-oidc]`},
		{func(c *IssuerConfig) { c.Profile, c.Algorithms = "jwt-svid", []string{"ES256", "EdDSA"} }, `algorithm "EdDSA" is not for profile jwt-svid`},
		{func(c *IssuerConfig) { c.MaxAge = -time.Second }, "max_age is -1s"},
		{func(c *IssuerConfig) { c.Claims = map[string][]string{"dept": {"d"}} }, `claims says where "dept" is, which may_assert does not name`},
		{func(c *IssuerConfig) { c.Claims = map[string][]string{"role": {"a", ""}} }, `claims: "role" is at ["a" ""]`},
		{func(c *IssuerConfig) { c.Claims = map[string][]string{"role": {}} }, `claims: "role" is at []`},
	} {
		if _, err := New(Options{Issuers: []IssuerConfig{config(row.change)}}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("New = %v, want %q", err, row.want)
		}
	}
	if v := profiled(t, ""); v.order[0].profile.name != "legacy-access" {
		t.Errorf("the default profile is %s", v.order[0].profile.name)
	}
}
