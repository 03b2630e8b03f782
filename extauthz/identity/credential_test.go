package identity

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// A15, T4: exactly one credential, or none at all.
func TestCredentials(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	good := ecKey().mint(nil, goodClaims())
	header := func(values ...string) []rules.Header {
		var hs []rules.Header
		for _, v := range values {
			hs = append(hs, rules.Header{Name: "authorization", Value: v})
		}
		return hs
	}
	for _, row := range []struct {
		name    string
		headers []rules.Header
		want    rules.Reason
	}{
		{"twin: one", header("Bearer " + good), ""},
		{"twin: lower case", header("bearer " + good), ""},
		{"twin: upper case", header("BEARER " + good), ""},
		{"two headers", header("Bearer "+good, "Bearer "+good), rules.CredentialMalformed},
		{"two headers, the second empty", header("Bearer "+good, ""), rules.CredentialMalformed},
		{"comma-joined", header("Bearer " + good + ",Bearer " + good), rules.CredentialMalformed},
		{"comma-joined with Basic", header("Basic eDp5, Bearer " + good), rules.CredentialMalformed},
		{"trailing comma", header("Bearer " + good + ","), rules.CredentialMalformed},
		{"tab after the scheme", header("Bearer\t" + good), rules.CredentialMalformed},
		{"two spaces", header("Bearer  " + good), rules.CredentialMalformed},
		{"no-break space", header("Bearer\u00a0" + good), rules.CredentialMalformed},
		{"leading space", header(" Bearer " + good), rules.CredentialMalformed},
		{"trailing space", header("Bearer " + good + " "), rules.CredentialMalformed},
		{"newline", header("Bearer " + good + "\r\n"), rules.CredentialMalformed},
		{"colon after the scheme", header("Bearer: " + good), rules.CredentialMalformed},
		{"scheme alone", header("Bearer"), rules.CredentialMalformed},
		{"scheme and space alone", header("Bearer "), rules.CredentialMalformed},
		{"empty", header(""), rules.CredentialMalformed},
		{"no scheme", header(good), rules.CredentialMalformed},
		{"Basic", header("Basic eDp5"), rules.CredentialMalformed},
		{"DPoP, for a token that is bound to no key", header("DPoP " + good), rules.BindingMismatch},
		{"DPoP, two spaces", header("DPoP  " + good), rules.CredentialMalformed},
		{"DPoP alone", header("DPoP "), rules.CredentialMalformed},
	} {
		t.Run("A15 "+row.name, func(t *testing.T) {
			e, err := v.Verify(t.Context(), &rules.Request{Now: now, Headers: row.headers})
			if got := reasonOf(t, err, good); got != row.want {
				t.Errorf("refused for %q, want %q", got, row.want)
			}
			if (err == nil) != (e.Verified != nil) {
				t.Errorf("evidence %+v with error %v", e, err)
			}
		})
	}
}

// A15, A27: a token anywhere else is not a credential, and neither is what
// another component claims to have verified.
func TestOtherPlacesAreNotRead(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	good := ecKey().mint(nil, goodClaims())
	e, err := v.Verify(t.Context(), &rules.Request{
		Now:   now,
		Query: []rules.Param{{Name: "access_token", Value: good}},
		Headers: []rules.Header{
			{Name: "cookie", Value: "token=" + good}, {Name: "x-jwt-payload", Value: strings.Split(good, ".")[1]},
			{Name: "x-forwarded-authorization", Value: "Bearer " + good}, {Name: "proxy-authorization", Value: "Bearer " + good},
			{Name: "x-forwarded-client-cert", Value: "URI=spiffe://example.com/ns/a"},
		},
		Body: []byte("access_token=" + good),
	})
	if err != nil || !e.Verified.Anonymous || e.Verified.Subject != "" || e.Peer != "" || e.Cached {
		t.Errorf("Verify = %+v, %v, want the anonymous caller", e, err)
	}
}

func TestTokenIsUnprintable(t *testing.T) {
	secret := "Bearer secret-secret"
	tok := token{value: &secret}
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", slog.Any("token", tok), slog.Any("inside", struct{ T token }{tok}))
	all := log.String() + string(must(json.Marshal(tok))) + string(must(json.Marshal(struct{ T token }{tok})))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		all += fmt.Sprintf(verb, tok) + fmt.Sprintf(verb, struct{ T token }{tok}) + fmt.Sprintf(verb, struct{ t token }{tok})
	}
	if strings.Contains(all, "secret") || strings.Contains(all, fmt.Sprintf("%x", "secret")) {
		t.Errorf("the token was printed: %s", all)
	}
	if tok.text() != "secret-secret" {
		t.Errorf("text() = %q", tok.text())
	}
}
