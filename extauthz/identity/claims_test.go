package identity

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

func TestClaimAttacks(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	claim := func(changes object) string { return k.mint(nil, with(goodClaims(), changes)) }
	// raw puts text before the closing brace, where no encoder would.
	raw := func(tail string, replaced ...any) string {
		claims := goodClaims()
		for n := 0; n+1 < len(replaced); n += 2 {
			claims[replaced[n].(string)] = json.RawMessage(replaced[n+1].(string))
		}
		text := strings.TrimSuffix(string(must(json.Marshal(claims))), "}")
		return k.sign(`{"alg":"ES256","kid":"ec-1"}`, text+tail)
	}
	past, future := now.Add(-time.Hour).Unix(), now.Add(time.Hour).Unix()
	deep := strings.Repeat("[", 9000)
	run(t, v, []attack{
		{"A11 exp twice", raw(fmt.Sprintf(`,"exp":%d}`, future)), rules.TokenMalformed},
		{"A11 sub twice", raw(`,"sub":"ada"}`), rules.TokenMalformed},
		{"A11 aud twice", raw(`,"aud":"accounts-api"}`), rules.TokenMalformed},
		{"A11 iss twice by an escape", raw(`,"\u0069ss":"https://idp.example.com"}`), rules.TokenMalformed},
		{"A11 a nested name twice", raw(`,"x":{"a":1,"a":2}}`), rules.TokenMalformed},
		{"A11 EXP beside exp", claim(object{"exp": past, "EXP": future}), rules.TokenMalformed},
		{"A11 EXP alone", claim(object{"exp": nil, "EXP": future}), rules.TokenClaims},
		{"A11 ROLE beside role", claim(object{"ROLE": "admin"}), rules.TokenMalformed},
		{"A11 ſub beside sub", claim(object{"ſub": "bob"}), rules.TokenMalformed},
		{"A12 no exp", claim(object{"exp": nil}), rules.TokenClaims},
		{"A12 nbf null", raw(`,"nbf":null}`), rules.TokenClaims},
		{"A12 exp string", claim(object{"exp": "4102444800"}), rules.TokenClaims},
		{"A12 exp 0", claim(object{"exp": 0}), rules.TokenExpired},
		{"A12 twin: nbf 0, as some providers send it", claim(object{"nbf": 0}), ""},
		{"A12 exp negative", claim(object{"exp": -future}), rules.TokenClaims},
		{"A12 exp 1e19", claim(object{"exp": json.Number("1e19")}), rules.TokenClaims},
		{"A12 exp 1e300", claim(object{"exp": json.Number("1e300")}), rules.TokenClaims},
		{"A12 exp 9e18", claim(object{"exp": json.Number("9e18")}), rules.TokenClaims},
		{"A12 exp in the year 10000", claim(object{"exp": json.Number("253402300800")}), rules.TokenClaims},
		{"A12 twin: exp in the last second of 9999", claim(object{"exp": json.Number("253402300799")}), ""},
		{"A12 exp null", raw(`,"x":1}`, "exp", "null"), rules.TokenClaims},
		{"A12 exp an array", claim(object{"exp": []int64{future}}), rules.TokenClaims},
		{"A12 twin: exp as a float", claim(object{"exp": json.Number(fmt.Sprintf("%d.0e0", future))}), ""},
		{"A12 iat negative", claim(object{"iat": -1}), rules.TokenClaims},
		{"A12 auth_time beyond dates", claim(object{"auth_time": json.Number("1e12")}), rules.TokenClaims},
		{"T3 exp 1e400", claim(object{"exp": json.Number("1e400")}), rules.TokenMalformed},
		{"A12 exp NaN", raw(`,"x":NaN}`), rules.TokenMalformed},
		{"A12 twin: exp with a fraction", claim(object{"exp": json.Number(fmt.Sprintf("%d.5", future))}), ""},
		{"A12 nbf overflows", claim(object{"nbf": json.Number("1e19")}), rules.TokenClaims},
		{"A12 nbf in the future", claim(object{"nbf": future}), rules.TokenNotYetValid},
		{"A12 iat in the future", claim(object{"iat": future}), rules.TokenNotYetValid},
		{"A12 iat string", claim(object{"iat": "now"}), rules.TokenClaims},
		{"A12 twin: no iat", claim(object{"iat": nil}), ""},
		{"A13 nested 9000 deep", raw(`,"x":` + deep[:2000] + "}"), rules.TokenMalformed},
		{"A13 nested 17 deep", raw(`,"x":` + deep[:16] + strings.Repeat("]", 16) + "}"), rules.TokenMalformed},
		{"A13 twin: nested 16 deep", raw(`,"x":` + deep[:15] + strings.Repeat("]", 15) + "}"), ""},
		{"A14 invalid UTF-8", raw(",\"x\":\"\xff\"}"), rules.TokenMalformed},
		{"A14 UTF-16", k.sign(`{"alg":"ES256","kid":"ec-1"}`, "\xfe\xff\x00{\x00}"), rules.TokenMalformed},
		{"A14 BOM", k.sign(`{"alg":"ES256","kid":"ec-1"}`, "\uFEFF"+string(must(json.Marshal(goodClaims())))), rules.TokenMalformed},
		{"A14 lone high surrogate", raw(`,"x":"\ud800"}`), rules.TokenMalformed},
		{"A14 lone low surrogate", raw(`,"x":"\udc00"}`), rules.TokenMalformed},
		{"A14 high surrogate before another escape", raw(`,"x":"\ud800\n"}`), rules.TokenMalformed},
		{"A14 two high surrogates", raw(`,"x":"\ud800\ud800"}`), rules.TokenMalformed},
		{"A14 twin: a surrogate pair", raw(`,"x":"\ud83d\ude00"}`), ""},
		{"A14 twin: an escaped backslash before u", raw(`,"x":"\\ud800"}`), ""},
		{"A14 NUL in sub", claim(object{"sub": "ada\x00"}), rules.TokenMalformed},
		{"A14 newline in sub", claim(object{"sub": "ada\n"}), rules.TokenClaims},
		{"A14 no sub", claim(object{"sub": nil}), rules.TokenClaims},
		{"A14 empty sub", claim(object{"sub": ""}), rules.TokenClaims},
		{"A14 sub number", claim(object{"sub": 7}), rules.TokenClaims},
		{"A16 no aud", claim(object{"aud": nil}), rules.TokenClaims},
		{"A16 another aud", claim(object{"aud": "other-api"}), rules.TokenAudience},
		{"A16 prefix", claim(object{"aud": "accounts"}), rules.TokenAudience},
		{"A16 longer", claim(object{"aud": "accounts-api-2"}), rules.TokenAudience},
		{"A16 case", claim(object{"aud": "Accounts-API"}), rules.TokenAudience},
		{"A16 trailing slash", claim(object{"aud": "accounts-api/"}), rules.TokenAudience},
		{"A16 with a scheme", claim(object{"aud": "https://accounts-api"}), rules.TokenAudience},
		{"A16 empty string", claim(object{"aud": ""}), rules.TokenAudience},
		{"A16 empty array", claim(object{"aud": []string{}}), rules.TokenClaims},
		{"A16 the audience of another issuer's spelling", claim(object{"aud": "http://accounts-api"}), rules.TokenAudience},
		{"A16 nested array", claim(object{"aud": []any{[]string{audience}}}), rules.TokenClaims},
		{"T3 aud array of objects", claim(object{"aud": []any{object{"a": audience}}}), rules.TokenClaims},
		{"A16 aud number", claim(object{"aud": 1}), rules.TokenClaims},
		{"A16 twin: superset array", claim(object{"aud": []string{"other", audience}}), ""},
		{"A17 iss with a trailing slash", claim(object{"iss": iss + "/"}), rules.TokenIssuer},
		{"A17 iss in another case", claim(object{"iss": "https://IDP.example.com"}), rules.TokenIssuer},
		{"A17 iss over http", claim(object{"iss": "http://idp.example.com"}), rules.TokenIssuer},
		{"A17 iss with a port", claim(object{"iss": iss + ":443"}), rules.TokenIssuer},
		{"A17 iss with a user", claim(object{"iss": "https://x@idp.example.com"}), rules.TokenIssuer},
		{"A17 iss with a path", claim(object{"iss": iss + "/tenant"}), rules.TokenIssuer},
		{"A17 iss with a lookalike host", claim(object{"iss": "https://idp.ex\u0430mple.com"}), rules.TokenIssuer},
		{"A17 iss in punycode", claim(object{"iss": "https://idp.xn--exmple-4nf.com"}), rules.TokenIssuer},
		{"A17 iss of a kilobyte", claim(object{"iss": strings.Repeat("https://", 128)}), rules.TokenIssuer},
		{"A17 iss array", claim(object{"iss": []string{iss}}), rules.TokenClaims},
		{"A17 no iss", claim(object{"iss": nil}), rules.TokenClaims},
		{"A13 claims that look like gzip", k.sign(`{"alg":"ES256","kid":"ec-1"}`, "\x1f\x8b\x08\x00\x00\x00\x00\x00"), rules.TokenMalformed},
		{"A13 a hundred thousand claims", claim(many(100_000)), rules.TokenTooLarge},
		{"A13 twin: as many claims as fit", claim(many(300)), ""},
		{"T2 many claims", claim(many(3000)), rules.TokenTooLarge},
	})
}

// A14: subjects that look alike are not alike: no folding, no normalising.
func TestConfusableSubjects(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	seen := map[string]bool{}
	for _, sub := range []string{"ada", "Ada", "ad\u0430", "ada ", " ada", "ada\u200b", "\u00e9", "e\u0301", "ada\u202e"} {
		who, reason := verify(t, v, k.mint(nil, with(goodClaims(), object{"sub": sub})))
		if reason != "" || who.Subject != sub || seen[who.Subject] {
			t.Errorf("A14 sub %q: %+v, refused for %q", sub, who, reason)
		}
		seen[sub] = true
	}
}

func many(n int) object {
	m := object{}
	for i := range n {
		m[fmt.Sprint("c", i)] = i
	}
	return m
}

// A20: skew forgives its own length and nothing more, at every edge.
func TestSkew(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.Skew = 10 * time.Second })}})
	at := func(name string, d time.Duration) string {
		return k.mint(nil, with(goodClaims(), object{name: now.Add(d).Unix()}))
	}
	run(t, v, []attack{
		{"A20 exp 9 s ago", at("exp", -9*time.Second), ""},
		{"A20 exp 10 s ago", at("exp", -10*time.Second), rules.TokenExpired},
		{"A20 nbf in 10 s", at("nbf", 10*time.Second), ""},
		{"A20 nbf in 11 s", at("nbf", 11*time.Second), rules.TokenNotYetValid},
		{"A20 iat in 10 s", at("iat", 10*time.Second), ""},
		{"A20 iat in 11 s", at("iat", 11*time.Second), rules.TokenNotYetValid},
	})
}

func TestMaxLifetime(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.MaxLifetime = 2 * time.Hour })}})
	lives := func(d time.Duration) string {
		iat := now.Add(-time.Minute)
		return k.mint(nil, with(goodClaims(), object{"iat": iat.Unix(), "exp": iat.Add(d).Unix()}))
	}
	run(t, v, []attack{
		{"A12 lives as long as allowed", lives(2 * time.Hour), ""},
		{"A12 lives a second longer", lives(2*time.Hour + time.Second), rules.TokenLifetime},
		{"A12 lives 100 years", lives(100 * 365 * 24 * time.Hour), rules.TokenLifetime},
		{"A12 does not say since when", k.mint(nil, with(goodClaims(), object{"iat": nil})), rules.TokenClaims},
	})
}

// A12: max_age is about when the token was issued, however long it lives. The
// cache keeps to it as well.
func TestMaxAge(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.MaxAge = 10 * time.Minute })}})
	aged := func(d time.Duration) string {
		return k.mint(nil, with(goodClaims(), object{"iat": now.Add(-d).Unix()}))
	}
	run(t, v, []attack{
		{"A12 as old as allowed", aged(10 * time.Minute), ""},
		{"A12 a second older", aged(10*time.Minute + time.Second), rules.TokenExpired},
		{"A12 iat 0", k.mint(nil, with(goodClaims(), object{"iat": 0})), rules.TokenExpired},
		{"A12 does not say since when", k.mint(nil, with(goodClaims(), object{"iat": nil})), rules.TokenClaims},
	})
	req := bearing(aged(9*time.Minute + 30*time.Second))
	for _, row := range []struct {
		after time.Duration
		want  rules.Reason
	}{{0, ""}, {29 * time.Second, ""}, {31 * time.Second, rules.TokenExpired}} {
		req.Now = now.Add(row.after)
		if _, err := v.Verify(t.Context(), req); reasonOf(t, err, "") != row.want {
			t.Errorf("%v later: %v, want %q", row.after, err, row.want)
		}
	}
	if hits(v) == 0 {
		t.Error("the cache was not asked")
	}
}

// A16: with single_audience a token that others may use as well is refused.
func TestSingleAudience(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.SingleAudience = true })}})
	aud := func(aud any) string { return k.mint(nil, with(goodClaims(), object{"aud": aud})) }
	run(t, v, []attack{
		{"A16 twin: a text", aud(audience), ""},
		{"A16 twin: an array of one", aud([]string{audience}), ""},
		{"A16 superset array", aud([]string{audience, "other"}), rules.TokenAudience},
		{"A16 ours twice", aud([]string{audience, audience}), rules.TokenAudience},
		{"A16 another alone", aud([]string{"other"}), rules.TokenAudience},
	})
}

// Claims are found by exact names, through nested objects where a path says so.
func TestClaimPaths(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
		c.MayAssert = map[string]rules.Kind{"role": rules.String, "tenant": rules.String, "groups": rules.StringList}
		c.Claims = map[string][]string{
			"role": {"https://example.com/role"}, "tenant": {"org.tenant"}, "groups": {"realm_access", "roles"},
		}
	})}})
	full := with(goodClaims(), object{
		"https://example.com/role": "auditor", "org.tenant": "acme", "realm_access": object{"roles": []string{"a", "b"}, "x": 1},
		"role": "admin", "tenant": "globex", "org": object{"tenant": "evil"}, "groups": []string{"evil"}, "realm_access.roles": "evil",
	})
	who, reason := verify(t, v, k.mint(nil, full))
	want := map[string]any{"role": "auditor", "tenant": "acme", "groups": []string{"a", "b"}}
	if reason != "" || !reflect.DeepEqual(who.Claims, want) {
		t.Errorf("claims %v, refused for %q, want %v", who, reason, want)
	}
	who, reason = verify(t, v, k.mint(nil, with(full, object{"realm_access": object{}, "org.tenant": nil, "https://example.com/role": nil})))
	if reason != "" || len(who.Claims) != 0 {
		t.Errorf("claims %v, refused for %q: what is absent stays absent", who, reason)
	}
	for _, access := range []any{"roles", 1, []string{"roles"}, json.RawMessage("null"), object{"roles": "a"}} {
		if _, got := verify(t, v, k.mint(nil, with(full, object{"realm_access": access}))); got != rules.TokenClaims {
			t.Errorf("realm_access %v: refused for %q, want %q", access, got, rules.TokenClaims)
		}
	}
}

func TestScopesAndSession(t *testing.T) {
	k := ecKey()
	for _, row := range []struct {
		name   string
		claims object
		want   []string
	}{
		{"none", nil, nil},
		{"a text", object{"scope": "read write"}, []string{"read", "write"}},
		{"a text with more spaces", object{"scope": "  read  write "}, []string{"read", "write"}},
		{"an empty text", object{"scope": ""}, []string{}},
		{"an array", object{"scope": []string{"read"}}, []string{"read"}},
		{"scp as a text", object{"scp": "read write"}, []string{"read", "write"}},
		{"scp as an array", object{"scp": []string{"read", "write"}}, []string{"read", "write"}},
		{"scope before scp", object{"scope": "a", "scp": "b"}, []string{"a"}},
		{"URIs", object{"scope": "https://example.com/read!"}, []string{"https://example.com/read!"}},
	} {
		v := loaded(t, serving(k), Options{})
		who, reason := verify(t, v, k.mint(nil, with(with(goodClaims(), object{"sid": "s-1"}), row.claims)))
		if reason != "" || !reflect.DeepEqual(who.Scopes, row.want) || who.Session != "s-1" {
			t.Errorf("%s: %+v, refused for %q, want %#v", row.name, who, reason, row.want)
		}
	}
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.ScopeClaim = "permissions" })}})
	who, reason := verify(t, v, k.mint(nil, with(goodClaims(), object{"permissions": []string{"x"}, "scope": "y"})))
	if reason != "" || !reflect.DeepEqual(who.Scopes, []string{"x"}) {
		t.Errorf("the configured claim: %+v, %q", who, reason)
	}
}

func TestClaimMapping(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
		c.MayAssert = map[string]rules.Kind{
			"role": rules.String, "level": rules.Int, "staff": rules.Bool, "groups": rules.StringList, "ids": rules.IntList,
			"https://example.com/claims.dept": rules.String,
		}
		c.Fixed = map[string]any{"tenant": "acme", "regions": []any{"eu", "us"}, "rank": 3}
		c.PurposeClaim, c.ClientClaim = "why", "app.id"
	})}})
	full := with(goodClaims(), object{
		"level": 4, "staff": true, "groups": []string{"a", "b"}, "ids": []int{1, 2}, "https://example.com/claims.dept": "risk",
		"why": "invoicing", "app.id": "batch", "auth_time": now.Add(-2 * time.Hour).Unix(), "acr": "gold", "amr": []string{"pwd", "otp"},
		"tenant": "globex", "secret": "not listed",
	})
	who, reason := verify(t, v, k.mint(nil, full))
	if reason != "" {
		t.Fatalf("refused for %s", reason)
	}
	want := map[string]any{
		"role": "auditor", "level": int64(4), "staff": true, "groups": []string{"a", "b"}, "ids": []int64{1, 2},
		"https://example.com/claims.dept": "risk", "tenant": "acme", "regions": []string{"eu", "us"}, "rank": int64(3),
	}
	if !reflect.DeepEqual(who.Claims, want) {
		t.Errorf("claims = %#v\nwant %#v", who.Claims, want)
	}
	if who.Purpose != "invoicing" || who.ClientID != "batch" || !who.AuthTime.Equal(now.Add(-2*time.Hour)) {
		t.Errorf("purpose %q, client %q, auth_time %v", who.Purpose, who.ClientID, who.AuthTime)
	}
	if who.ACR != "gold" || !slices.Equal(who.AMR, []string{"pwd", "otp"}) {
		t.Errorf("acr %q, amr %q", who.ACR, who.AMR)
	}
	odd, reason := verify(t, v, k.mint(nil, with(full, object{"acr": 1, "amr": "pwd otp"})))
	if reason != "" || odd.ACR != "" || odd.AMR != nil {
		t.Errorf("acr %q, amr %q, %s; want none, and no fault", odd.ACR, odd.AMR, reason)
	}
	if who.Fixed["tenant"] != "acme" || len(who.Fixed) != 3 {
		t.Errorf("fixed = %v, want what is configured: a token's tenant is only its own word", who.Fixed)
	}
	wrong := func(name string, value any) attack {
		return attack{fmt.Sprintf("%s is %v", name, value), k.mint(nil, with(full, object{name: value})), rules.TokenClaims}
	}
	run(t, v, []attack{
		wrong("role", 1), wrong("role", []string{"auditor"}), wrong("role", json.RawMessage("null")),
		wrong("level", "4"), wrong("level", json.Number("4.0")), wrong("level", json.Number("9223372036854775808")),
		wrong("staff", "true"), wrong("staff", 1), wrong("groups", "a"), wrong("groups", []any{"a", 1}),
		wrong("ids", []any{1, "2"}), wrong("ids", 1), wrong("https://example.com/claims.dept", 1),
		wrong("scope", 7), wrong("scope", []any{"read", 1}), wrong("scope", "read \"all\""), wrong("scope", []string{"read all"}),
		wrong("sid", 7), wrong("sid", ""),
		wrong("why", 1), wrong("why", ""), wrong("app.id", 1), wrong("jti", 1), wrong("auth_time", "then"),
	})
	bare := goodClaims()
	delete(bare, "role")
	who, reason = verify(t, v, k.mint(nil, bare))
	if reason != "" || len(who.Claims) != 3 || who.Purpose != "" || who.ClientID != "" {
		t.Errorf("claims that are absent stay absent: %+v, %q", who, reason)
	}
}

func TestClientFallsBackToAZP(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	for _, row := range []struct {
		changes object
		want    string
	}{
		{object{"azp": "other"}, "web"},
		{object{"client_id": nil, "azp": "other"}, "other"},
		{object{"client_id": nil}, ""},
	} {
		who, reason := verify(t, v, k.mint(nil, with(goodClaims(), row.changes)))
		if reason != "" || who.ClientID != row.want {
			t.Errorf("%v: client %q (%s), want %q", row.changes, who.ClientID, reason, row.want)
		}
	}
}

// A17, A18: issuers share neither keys nor subjects, whatever their key ids.
func TestIssuersAreApart(t *testing.T) {
	other := must(newSigner("ec-1", "ES256")) // the same kid
	p := serving(ecKey())
	p.urls = map[string][]byte{"https://acme.example/jwks": jwks(other)}
	v := loaded(t, p, Options{Issuers: []IssuerConfig{config(), config(func(c *IssuerConfig) {
		c.Name, c.Issuer, c.JWKS.URL = "acme", "https://acme.example", "https://acme.example/jwks"
	})}})
	ours, theirs := goodClaims(), with(goodClaims(), object{"iss": "https://acme.example"})
	run(t, v, []attack{
		{"A17 twin: ours by our key", ecKey().mint(nil, ours), ""},
		{"A17 twin: theirs by their key", other.mint(nil, theirs), ""},
		{"A17 ours by their key", other.mint(nil, ours), rules.TokenSignature},
		{"A17 theirs by our key", ecKey().mint(nil, theirs), rules.TokenSignature},
	})
	a, _ := verify(t, v, ecKey().mint(nil, ours))
	b, _ := verify(t, v, other.mint(nil, theirs))
	if a.Issuer != "corp" || b.Issuer != "acme" || a.Subject != b.Subject {
		t.Errorf("A18 same subject: %q of %q and %q of %q", a.Subject, a.Issuer, b.Subject, b.Issuer)
	}
}

func TestARequestWithoutATimeIsNotDecided(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	req := bearing(ecKey().mint(nil, with(goodClaims(), object{"exp": 1, "iat": nil})))
	req.Now = time.Time{}
	_, err := v.Verify(t.Context(), req)
	if got := reasonOf(t, err, ""); got != rules.Internal {
		t.Errorf("refused for %q, want %q", got, rules.Internal)
	}
}
