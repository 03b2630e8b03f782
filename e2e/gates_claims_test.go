//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// claim is a row whose token has other claims.
func claim(name string, changes idp.Claims, want string) gateRow {
	return gateRow{name: name, bad: func(m *maker) string { return m.token(nil, changes) }, want: want}
}

// claimText is a row with tail in the place of the brace that ends the claims,
// where no encoder would put it.
func claimText(name, tail, want string) gateRow {
	return gateRow{name: name, want: want, bad: func(m *maker) string {
		claims, err := json.Marshal(m.claims(nil))
		return m.text(strings.TrimSuffix(m.must(string(claims), err), "}") + tail)
	}}
}

// text signs claims as they are written.
func (m *maker) text(claims string) string {
	m.t.Helper()
	return m.must(m.p.Current().SignText(`{"alg":"`+m.p.Current().Alg+`","kid":"`+m.p.Current().ID+`"}`, claims))
}

// whole is a row whose claims are change of the good ones.
func whole(name, want string, change func(claims string) string) gateRow {
	return gateRow{name: name, want: want, bad: func(m *maker) string {
		claims, err := json.Marshal(m.claims(nil))
		return m.text(change(m.must(string(claims), err)))
	}}
}

// namesRows are A11 and A14: names that come twice, and texts that are none.
func namesRows() []gateRow {
	future := in(time.Hour)
	return []gateRow{
		headerText("A11 alg twice", `{"alg":"RS256","alg":"RS256","kid":"%s"}`, "token_malformed"),
		headerText("A11 kid twice", `{"alg":"RS256","kid":"%s","kid":"%s"}`, "token_malformed"),
		headerText("A11 alg and Alg", `{"alg":"RS256","kid":"%s","Alg":"none"}`, "token_malformed"),
		headerText("A11 Alg alone", `{"Alg":"RS256","kid":"%s"}`, "token_alg_not_allowed"),
		claimText("A11 exp twice", fmt.Sprintf(`,"exp":%d}`, future), "token_malformed"),
		claimText("A11 sub twice", `,"sub":"ada"}`, "token_malformed"),
		claimText("A11 aud twice", `,"aud":"bank-api"}`, "token_malformed"),
		claimText("A11 iss twice, by an escape", `,"\u0069ss":"https://idp.example.com"}`, "token_malformed"),
		claimText("A11 a nested name twice", `,"x":{"a":1,"a":2}}`, "token_malformed"),
		claimText("A11 EXP beside exp", fmt.Sprintf(`,"EXP":%d}`, future), "token_malformed"),
		claimText("A11 ROLE beside role", `,"role":"user","ROLE":"admin"}`, "token_malformed"),
		claimText("A11 ſub beside sub", `,"ſub":"bob"}`, "token_malformed"),
		claim("A11 Sub alone", idp.Claims{"sub": nil, "Sub": "ada"}, "token_claims"),
		claimText("A14 invalid UTF-8", ",\"x\":\"\xff\"}", "token_malformed"),
		whole("A14 UTF-16", "token_malformed", func(string) string { return "\xfe\xff\x00{\x00}" }),
		whole("A14 byte order mark", "token_malformed", func(c string) string { return "\ufeff" + c }),
		whole("A14 something behind the claims", "token_malformed", func(c string) string { return c + "{}" }),
		claimText("A14 lone high surrogate", `,"x":"\ud800"}`, "token_malformed"),
		claimText("A14 lone low surrogate", `,"x":"\udc00"}`, "token_malformed"),
		claimText("A14 twin: a surrogate pair", `,"x":"\ud83d\ude00"}`, ""),
		claim("A14 NUL in sub", idp.Claims{"sub": "ada\x00"}, "token_malformed"),
		claim("A14 newline in sub", idp.Claims{"sub": "ada\n"}, "token_claims"),
		claim("A14 no sub", idp.Claims{"sub": nil}, "token_claims"),
		claim("A14 empty sub", idp.Claims{"sub": ""}, "token_claims"),
		claim("A14 NUL in iss", idp.Claims{"iss": "https://idp.example.com\x00"}, "token_malformed"),
		{name: "A14 a Cyrillic a in ada: a name of its own", target: ownAccount, want: "no_rule", bad: func(m *maker) string { return m.token(nil, idp.Claims{"sub": "аda"}) }},
	}
}

// dateRows are A12 and A20: when a token is good.
func dateRows() []gateRow {
	strict := func(name string, issued, lives time.Duration, want string) gateRow {
		return gateRow{name: name, issuer: "strict", want: want, bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"iat": in(-issued), "exp": in(lives - issued)})
		}}
	}
	return []gateRow{
		claim("A12 exp string", idp.Claims{"exp": "4102444800"}, "token_claims"),
		whole("A12 exp null", "token_claims", func(c string) string { return replaceClaim(c, "exp", "null") }),
		claim("A12 exp 0", idp.Claims{"exp": 0}, "token_expired"),
		claim("A12 exp negative", idp.Claims{"exp": -in(time.Hour)}, "token_claims"),
		claim("A12 exp 1e19", idp.Claims{"exp": json.Number("1e19")}, "token_claims"),
		claim("A12 exp 1e300", idp.Claims{"exp": json.Number("1e300")}, "token_claims"),
		claim("A12 exp 1e400", idp.Claims{"exp": json.Number("1e400")}, "token_malformed"),
		whole("A12 exp NaN", "token_malformed", func(c string) string { return replaceClaim(c, "exp", "NaN") }),
		claim("A12 twin: exp with a fraction", idp.Claims{"exp": json.Number(fmt.Sprintf("%d.5", in(time.Hour)))}, ""),
		claim("A12 no exp", idp.Claims{"exp": nil}, "token_claims"),
		claim("A12 nbf overflows", idp.Claims{"nbf": json.Number("1e19")}, "token_claims"),
		claim("A12 nbf in the future", idp.Claims{"nbf": in(time.Hour)}, "token_not_yet_valid"),
		claim("A12 iat in the future", idp.Claims{"iat": in(time.Hour), "exp": in(2 * time.Hour)}, "token_not_yet_valid"),
		strict("A12 lives an hour and a second", time.Minute, time.Hour+time.Second, "token_lifetime_exceeds_max"),
		strict("A12 lives 100 years", time.Minute, 100*365*24*time.Hour, "token_lifetime_exceeds_max"),
		strict("A12 older than max_age", 11*time.Minute, time.Hour, "token_expired"),
		strict("A12 twin: younger than max_age", 9*time.Minute, time.Hour, ""),
		{name: "A12 does not say since when", issuer: "strict", want: "token_claims", bad: func(m *maker) string { return m.token(nil, idp.Claims{"iat": nil}) }},
		{name: "A20 twin: exp 20 s ago", bad: func(m *maker) string { return m.token(nil, idp.Claims{"exp": in(-20 * time.Second)}) }},
		{name: "A20 exp 31 s ago", want: "token_expired", bad: func(m *maker) string { return m.token(nil, idp.Claims{"exp": in(-31 * time.Second)}) }},
		{name: "A20 twin: nbf in 20 s", bad: func(m *maker) string { return m.token(nil, idp.Claims{"nbf": in(20 * time.Second)}) }},
		{name: "A20 nbf in 40 s", want: "token_not_yet_valid", bad: func(m *maker) string { return m.token(nil, idp.Claims{"nbf": in(40 * time.Second)}) }},
		{name: "A20 twin: iat in 20 s", bad: func(m *maker) string { return m.token(nil, idp.Claims{"iat": in(20 * time.Second)}) }},
		{name: "A20 iat in 40 s", want: "token_not_yet_valid", bad: func(m *maker) string { return m.token(nil, idp.Claims{"iat": in(40 * time.Second)}) }},
	}
}

// replaceClaim writes text as the value of a number claim.
func replaceClaim(claims, name, text string) string {
	before, after, _ := strings.Cut(claims, `"`+name+`":`)
	return before + `"` + name + `":` + text + after[strings.IndexAny(after, ",}"):]
}

// audienceRows are A16.
func audienceRows() []gateRow {
	aud := func(name string, aud any, want string) gateRow { return claim(name, idp.Claims{"aud": aud}, want) }
	single := func(name string, aud any, want string) gateRow {
		return gateRow{name: name, issuer: "strict", want: want, bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"aud": aud, "exp": in(30 * time.Minute)})
		}}
	}
	return []gateRow{
		aud("A16 twin: superset array", []string{"other", Audience}, ""),
		single("A16 superset array where it is for one alone", []string{"other", Audience}, "token_audience_mismatch"),
		single("A16 twin: an array of one", []string{Audience}, ""),
		aud("A16 another", "payroll-api", "token_audience_mismatch"),
		aud("A16 prefix", "bank", "token_audience_mismatch"),
		aud("A16 longer", "bank-api-2", "token_audience_mismatch"),
		aud("A16 case", "Bank-API", "token_audience_mismatch"),
		aud("A16 trailing slash", "bank-api/", "token_audience_mismatch"),
		aud("A16 https", "https://bank-api", "token_audience_mismatch"),
		aud("A16 http", "http://bank-api", "token_audience_mismatch"),
		aud("A16 empty string", "", "token_audience_mismatch"),
		aud("A16 empty array", []string{}, "token_claims"),
		aud("A16 nested array", []any{[]string{Audience}}, "token_claims"),
		aud("A16 number", 1, "token_claims"),
		aud("A16 none", nil, "token_claims"),
	}
}

// issuerRows are A17 and A18: who issued a token, and whose name it is.
func issuerRows() []gateRow {
	iss := func(name string, change func(iss string) any, want string) gateRow {
		return gateRow{name: name, want: want, bad: func(m *maker) string { return m.token(nil, idp.Claims{"iss": change(m.p.Issuer())}) }}
	}
	return []gateRow{
		iss("A17 trailing slash", func(i string) any { return i + "/" }, "token_issuer"),
		iss("A17 case of the scheme", func(i string) any { return strings.Replace(i, "http", "HTTP", 1) }, "token_issuer"),
		iss("A17 https", func(i string) any { return strings.Replace(i, "http", "https", 1) }, "token_issuer"),
		iss("A17 another port", func(i string) any { return i + "0" }, "token_issuer"),
		iss("A17 a user", func(i string) any { return strings.Replace(i, "://", "://x@", 1) }, "token_issuer"),
		iss("A17 a longer path", func(i string) any { return i + "/tenant" }, "token_issuer"),
		iss("A17 a look-alike name", func(string) any { return "https://ıdp.example.com" }, "token_issuer"),
		iss("A17 an array", func(i string) any { return []string{i} }, "token_claims"),
		iss("A17 none", func(string) any { return nil }, "token_claims"),
		{name: "A17 signed by another issuer's key with the same kid", want: "token_signature_invalid", bad: func(m *maker) string {
			return m.must(m.of("same-kids").p.Current().Sign(nil, m.claims(nil)))
		}},
		{name: "A17 and the other way round", issuer: "same-kids", want: "token_signature_invalid", bad: func(m *maker) string {
			return m.must(m.of("corp").p.Current().Sign(nil, m.claims(nil)))
		}},
		{name: "A17 twin: both issuers have the kid", issuer: "same-kids", bad: good},
		{name: "A18 ada of another issuer", target: ownAccount, want: "no_rule", bad: func(m *maker) string {
			return m.of("acme-idp").token(nil, idp.Claims{"sub": "ada", "client_id": "web"})
		}},
		{name: "A18 a subject split elsewhere", issuer: "split", want: "unknown_identity", bad: func(m *maker) string { return m.of("split-longer").token(nil, idp.Claims{"sub": "c"}) }},
		{name: "A18 a subject that is a client of another tenant", want: "unknown_identity", bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"sub": "acme-sync", "client_id": "acme-sync"})
		}},
		{name: "A18 a person called like a machine", target: ownAccount, want: "no_rule", bad: func(m *maker) string {
			return m.of("acme-idp").token(nil, idp.Claims{"sub": "svc-billing", "client_id": "svc-billing"})
		}},
	}
}
