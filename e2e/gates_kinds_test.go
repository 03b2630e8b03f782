//go:build e2e

package e2e

import (
	"github.com/tiergate/tiergate/e2e/idp"
)

// credentialRows are A15: one credential, in one place, in one spelling.
func credentialRows() []gateRow {
	sent := func(name, want string, lines func(token string) []string) gateRow {
		return gateRow{name: name, want: want, lines: func(m *maker) []string { return lines(m.token(nil, nil)) }}
	}
	value := func(name, want string, value func(token string) string) gateRow {
		return sent(name, want, func(token string) []string { return []string{"Authorization: " + value(token)} })
	}
	query := sent("A15 in the query alone", "credential_missing", func(string) []string { return nil })
	query.name, query.target = "A15 in a cookie alone", ""
	query.lines = func(m *maker) []string { return []string{"Cookie: access_token=" + m.token(nil, nil)} }
	return []gateRow{
		sent("A15 two headers", "ambiguous_header", func(t string) []string {
			return []string{"Authorization: Bearer " + t, "Authorization: Bearer " + t}
		}),
		sent("A15 a good and a bad one", "ambiguous_header", func(t string) []string {
			return []string{"Authorization: Bearer " + t, "Authorization: Bearer nonsense"}
		}),
		value("A15 joined by a comma", "ambiguous_header", func(t string) string { return "Bearer " + t + ",Bearer " + t }),
		value("A15 Basic and Bearer in one", "ambiguous_header", func(t string) string { return "Basic eDp5, Bearer " + t }),
		value("A15 tab after the scheme", "credential_malformed", func(t string) string { return "Bearer\t" + t }),
		value("A15 two spaces", "credential_malformed", func(t string) string { return "Bearer  " + t }),
		value("A15 no-break space", "credential_malformed", func(t string) string { return "Bearer\u00a0" + t }),
		value("A15 colon after the scheme", "credential_malformed", func(t string) string { return "Bearer: " + t }),
		value("A15 scheme alone", "credential_malformed", func(string) string { return "Bearer" }),
		value("A15 empty", "credential_malformed", func(string) string { return "" }),
		value("A15 no scheme", "credential_malformed", func(t string) string { return t }),
		value("A15 Basic", "credential_malformed", func(string) string { return "Basic eDp5" }),
		value("A15 twin: bearer", "", func(t string) string { return "bearer " + t }),
		value("A15 twin: BEARER", "", func(t string) string { return "BEARER " + t }),
		query,
		{name: "A15 twin: another token in a cookie is not read", lines: func(m *maker) []string {
			return []string{"Authorization: Bearer " + m.token(nil, nil), "Cookie: access_token=nonsense"}
		}},
		sent("A15 none at all", "credential_missing", func(string) []string { return nil }),
		// A27: what says that somebody else has verified a token.
		{name: "A27 headers of a verifier in front", want: "credential_missing", lines: func(m *maker) []string {
			return []string{
				"x-jwt-payload: eyJzdWIiOiJhZGEifQ", "x-jwt-claim-sub: ada", "x-forwarded-user: ada", "x-auth-request-user: ada",
				"x-forwarded-authorization: Bearer " + m.token(nil, nil), "proxy-authorization: Bearer " + m.token(nil, nil), "x-envoy-peer-metadata-id: ada",
			}
		}},
		{name: "A27 the same beside a bad token", want: "token_signature_invalid", lines: func(m *maker) []string {
			return []string{"Authorization: Bearer " + m.must(m.p.Forged("", m.claims(nil))), "x-jwt-payload: eyJzdWIiOiJhZGEifQ"}
		}},
		{name: "A27 somebody else's in a header does not change who calls", target: ownAccount, want: "no_rule", lines: func(m *maker) []string {
			return []string{"Authorization: Bearer " + m.token(nil, idp.Claims{"sub": "bob"}), "x-jwt-payload: eyJzdWIiOiJhZGEifQ", "x-jwt-claim-sub: ada"}
		}},
	}
}

// kindRows are A19: a good token of a trusted issuer, made for something else.
func kindRows() []gateRow {
	rows := []gateRow{
		header("A19 ID token by its type", idp.Header{"typ": "id+jwt"}, "token_kind_mismatch"),
		claim("A19 ID token by its nonce", idp.Claims{"nonce": "n-1"}, "token_kind_mismatch"),
		claim("A19 ID token by token_use", idp.Claims{"token_use": "id"}, "token_kind_mismatch"),
		header("A19 refresh token", idp.Header{"typ": "refresh+jwt"}, "token_kind_mismatch"),
		claim("A19 refresh token of Keycloak", idp.Claims{"typ": "Refresh"}, "token_kind_mismatch"),
		header("A19 logout token", idp.Header{"typ": "logout+jwt"}, "token_kind_mismatch"),
		claim("A19 logout token by its event", idp.Claims{"events": map[string]any{"http://schemas.openid.net/event/backchannel-logout": map[string]any{}}}, "token_kind_mismatch"),
		header("A19 security event", idp.Header{"typ": "secevent+jwt"}, "token_kind_mismatch"),
		claim("A19 security event by its claims", idp.Claims{"events": map[string]any{"x": map[string]any{}}, "exp": nil, "sub": nil}, "token_kind_mismatch"),
		{name: "A19 DPoP proof", want: "token_kind_mismatch", bad: func(m *maker) string {
			return m.must(m.p.Current().Proof("GET", "http://"+Host+publicFile, m.token(nil, nil), "", nil, m.claims(nil)))
		}},
		claim("A19 DPoP proof by its claims", idp.Claims{"htm": "GET", "htu": "http://" + Host}, "token_kind_mismatch"),
		header("A19 workload proof", idp.Header{"typ": "wpt+jwt"}, "token_kind_mismatch"),
		header("A19 workload identity token", idp.Header{"typ": "wit+jwt"}, "token_kind_mismatch"),
		header("A19 transaction token", idp.Header{"typ": "txntoken+jwt"}, "token_kind_mismatch"),
		header("A19 status list", idp.Header{"typ": "statuslist+jwt"}, "token_kind_mismatch"),
		claim("A19 status list by its claims", idp.Claims{"status_list": map[string]any{"bits": 1, "lst": "x"}}, "token_kind_mismatch"),
		header("A19 introspection response", idp.Header{"typ": "token-introspection+jwt"}, "token_kind_mismatch"),
		header("A19 client assertion", idp.Header{"typ": "client-authentication+jwt"}, "token_kind_mismatch"),
		header("A19 typ JOSE, which is for workloads", idp.Header{"typ": "JOSE"}, "token_kind_mismatch"),
		header("A19 typ is a number", idp.Header{"typ": 1}, "token_header"),
		header("A19 twin: no typ", idp.Header{"typ": nil}, ""),
		header("A19 twin: the long form in capitals", idp.Header{"typ": "application/AT+JWT"}, ""),
		{name: "A19 no client where the profile wants one", issuer: "typed", want: "token_claims", bad: func(m *maker) string { return m.token(nil, idp.Claims{"client_id": nil}) }},
		{name: "A19 a subject that is no workload", issuer: "spire", want: "token_claims", bad: func(m *maker) string { return m.token(nil, idp.Claims{"sub": "ada"}) }},
		{name: "A19 a service account of another namespace", issuer: "cluster", want: "token_claims", bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"sub": "system:serviceaccount:shop:billing"})
		}},
		{name: "A19 a job without its repository", issuer: "actions", want: "token_claims", bad: func(m *maker) string { return m.token(nil, idp.Claims{"repository": nil}) }},
	}
	// Each profile refuses the good tokens of every other, in its own issuer's
	// name and under its own issuer's key.
	profiles := []string{"corp", "typed", "login", "spire", "cluster", "actions"}
	for _, ours := range profiles {
		for _, theirs := range profiles {
			want := "token_kind_mismatch"
			switch {
			case ours == theirs, ours == "corp" && theirs == "typed":
				continue
			case ours == "typed" && theirs == "corp": // at+jwt, as corp writes it too
				continue
			}
			rows = append(rows, gateRow{name: "A19 what " + theirs + " issues, from " + ours, issuer: ours, want: want, bad: func(m *maker) string {
				other := m.of(theirs)
				claims := other.claims(idp.Claims{"iss": m.p.Issuer()})
				key := m.p.Current()
				return m.must(key.Sign(other.issuer.header, claims))
			}})
		}
	}
	return rows
}
