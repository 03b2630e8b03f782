package extauthz

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// inviting has one issuer that takes proofs and one that does not.
func inviting(metadata string) *answers {
	a := newAnswers(nil, true)
	a.challenges = newChallenges(&Challenges{
		DPoP:             map[string][]string{"corp": {"ES256", "EdDSA"}},
		ResourceMetadata: metadata,
	})
	return a
}

func by(issuer string) *rules.Caller {
	return &rules.Caller{Kind: rules.Service, Verified: &rules.Verified{Issuer: issuer}}
}

func using(scheme string) *rules.RawRequest {
	return &rules.RawRequest{ID: "id1", Headers: []rules.Header{{Name: "authorization", Value: scheme + " x.y.z"}}}
}

func TestChallenges(t *testing.T) {
	const (
		invalid = `Bearer error="invalid_token"`
		algs    = `DPoP algs="ES256 EdDSA"`
		both    = invalid + ", " + algs
		nobody  = "Bearer, " + algs
	)
	anonymous := &rules.Caller{Verified: &rules.Verified{Anonymous: true}}
	for name, c := range map[string]struct {
		reason rules.Reason
		caller *rules.Caller
		age    int64
		raw    *rules.RawRequest
		want   string
	}{
		"nothing sent":                         {rules.CredentialMissing, anonymous, 0, sent(), nobody},
		"nothing sent, and too old for a rule": {rules.TokenTooOld, anonymous, 0, sent(), nobody},
		"nothing sent, and no login":           {rules.AuthTooOld, new(rules.Caller), 60, sent(), nobody},
		"a bad token":                          {rules.TokenExpired, nil, 0, using("Bearer"), both},
		"another scheme":                       {rules.CredentialMalformed, nil, 0, using("Basic"), both},
		"a bad token with a proof":             {rules.TokenExpired, nil, 0, using("DPoP"), `DPoP error="invalid_token", algs="ES256 EdDSA"`},
		"a bound token as Bearer":              {rules.BindingMissing, nil, 0, using("Bearer"), both},
		"a wrong proof":                        {rules.BindingMismatch, nil, 0, using("dpop"), `DPoP error="invalid_token", algs="ES256 EdDSA"`},
		"a proof again":                        {rules.TokenReplayed, nil, 0, using("DPOP"), `DPoP error="invalid_token", algs="ES256 EdDSA"`},
		"no nonce":                             {rules.BindingNonce, nil, 0, using("DPoP"), `DPoP error="use_dpop_nonce", algs="ES256 EdDSA"`},
		"revoked":                              {rules.Revoked, by("corp"), 0, using("Bearer"), both},
		"another workload":                     {rules.BindingMismatch, by("acme"), 0, using("Bearer"), invalid},
		"an old token":                         {rules.TokenTooOld, by("corp"), 0, using("Bearer"), invalid},
		"an old token with a proof":            {rules.TokenTooOld, by("corp"), 0, using("DPoP"), `DPoP error="invalid_token", algs="ES256 EdDSA"`},
		"an old login": {
			rules.AuthTooOld, by("corp"), 300, using("Bearer"),
			`Bearer error="insufficient_user_authentication", max_age="300"`,
		},
		"an old login with a proof": {
			rules.AuthTooOld, by("corp"), 300, using("DPoP"),
			`DPoP error="insufficient_user_authentication", max_age="300", algs="ES256 EdDSA"`,
		},
		"not bound, where proofs are taken":     {rules.TokenNotBound, by("corp"), 0, using("Bearer"), algs},
		"not bound, where they are not":         {rules.TokenNotBound, by("acme"), 0, using("Bearer"), ""},
		"not bound, and nobody is known":        {rules.TokenNotBound, anonymous, 0, sent(), algs},
		"twin: the policy says no":              {rules.NoRule, by("corp"), 0, using("Bearer"), ""},
		"twin: we could not decide":             {rules.JWKSUnavailable, nil, 0, using("Bearer"), ""},
		"twin: a limit that the reason has not": {rules.TokenExpired, nil, 300, using("Bearer"), both},
	} {
		t.Run(name, func(t *testing.T) {
			out := &rules.Outcome{Decision: rules.Decision{Reason: c.reason, MaxAuthAge: c.age}, Caller: c.caller}
			if got := inviting("").challenges.of(out, c.raw); got != c.want {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

// A login that would do is told with all that the demand asks of logins (RFC 9470).
func TestLoginThatWouldDoIsTold(t *testing.T) {
	const insufficient = `Bearer error="insufficient_user_authentication"`
	for name, c := range map[string]struct {
		reason rules.Reason
		age    int64
		acr    []string
		want   string
	}{
		"another acr":                     {rules.AuthTooWeak, 0, []string{"phr", "urn:example:gold"}, insufficient + `, acr_values="phr urn:example:gold"`},
		"another acr, and of today":       {rules.AuthTooWeak, 60, []string{"phr"}, insufficient + `, acr_values="phr", max_age="60"`},
		"an old login, and another acr":   {rules.AuthTooOld, 60, []string{"phr"}, insufficient + `, acr_values="phr", max_age="60"`},
		"a method, and the acr that has":  {rules.AuthMethodMissing, 0, []string{"phr"}, insufficient + `, acr_values="phr"`},
		"a method that no acr stands for": {rules.AuthMethodMissing, 0, nil, insufficient},
		"twin: no certificate":            {rules.CertificateMissing, 0, []string{"phr"}, ""},
		"twin: a token that is too old":   {rules.TokenTooOld, 60, []string{"phr"}, `Bearer error="invalid_token"`},
	} {
		out := &rules.Outcome{Decision: rules.Decision{Reason: c.reason, MaxAuthAge: c.age, ACR: c.acr}, Caller: by("acme")}
		if got := inviting("").challenges.of(out, using("Bearer")); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// Where nobody takes proofs, nothing speaks of them.
func TestChallengesWithoutProofs(t *testing.T) {
	var c challenges
	for reason, want := range map[rules.Reason]string{
		rules.CredentialMissing: "Bearer", rules.TokenExpired: `Bearer error="invalid_token"`, rules.TokenNotBound: "",
	} {
		out := &rules.Outcome{Decision: rules.Decision{Reason: reason}}
		if got := c.of(out, using("Bearer")); got != want {
			t.Errorf("%s: %q, want %q", reason, got, want)
		}
	}
	out := &rules.Outcome{Decision: rules.Decision{Reason: rules.BindingMismatch}}
	if got := c.of(out, using("DPoP")); got != `DPoP error="invalid_token"` {
		t.Errorf("a token that came with a proof: %q", got)
	}
}

// RFC 9728 section 5.1: every challenge says where to read about the resource.
func TestChallengesNameTheResource(t *testing.T) {
	const url = "https://api.example.com/.well-known/oauth-protected-resource"
	c := inviting(url).challenges
	for reason, want := range map[rules.Reason]int{rules.CredentialMissing: 2, rules.TokenExpired: 2, rules.BindingNonce: 1, rules.TokenTooOld: 1} {
		out := &rules.Outcome{Decision: rules.Decision{Reason: reason}}
		got := c.of(out, using("Bearer"))
		if strings.Count(got, `resource_metadata="`+url+`"`) != want {
			t.Errorf("%s: %q, want the URL in %d challenges", reason, got, want)
		}
	}
}

func TestH1ChallengesCannotBeSplit(t *testing.T) {
	good := Challenges{DPoP: map[string][]string{"corp": {"ES256"}}, ResourceMetadata: "https://api.example.com/m"}
	if err := good.check(); err != nil {
		t.Errorf("twin: %v", err)
	}
	for name, c := range map[string]Challenges{
		"newline":      {ResourceMetadata: "https://api.example.com/\r\nx: y"},
		"quote":        {ResourceMetadata: `https://api.example.com/", x="`},
		"backslash":    {ResourceMetadata: `https://api.example.com/\`},
		"no ASCII":     {ResourceMetadata: "https://api.example.com/é"},
		"an algorithm": {DPoP: map[string][]string{"corp": {`ES256"`}}},
		"two in one":   {DPoP: map[string][]string{"corp": {"ES256 none"}}},
	} {
		if err := c.check(); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

// The client sees the nonce for its next proofs with whatever answer, and a
// denial never says which gate of a token it was.
func TestNoncesAndGates(t *testing.T) {
	a := inviting("")
	for _, reason := range rules.Reasons() {
		if reason.Status() == 200 {
			continue
		}
		r := parsed(t, a.deny(&rules.Outcome{Decision: rules.Decision{Reason: reason}, Nonce: "n-1"}, using("DPoP")))
		headers := map[string]string{}
		for _, h := range r.GetDeniedResponse().GetHeaders() {
			headers[h.GetHeader().GetKey()] = h.GetHeader().GetValue()
		}
		if headers["dpop-nonce"] != "n-1" {
			t.Errorf("%s: headers %v, want the nonce", reason, headers)
		}
		if text := headers["www-authenticate"]; strings.Contains(text, string(reason)) && reason != "invalid_token" {
			t.Errorf("%s: the challenge names the gate: %s", reason, text)
		}
	}
	w, err := a.allow(&rules.Outcome{Decision: rules.Decision{Effect: rules.Allow, Reason: rules.Allowed}, Nonce: "n-1"}, using("DPoP"))
	if err != nil {
		t.Fatal(err)
	}
	ok := parsed(t, w).GetOkResponse()
	if got := names(ok.GetResponseHeadersToAdd()); got != "x-tiergate-decision dpop-nonce" {
		t.Errorf("the client gets %q", got)
	}
	if got := names(ok.GetHeaders()); strings.Contains(got, "nonce") {
		t.Errorf("the upstream gets %q, and the nonce is no business of its", got)
	}
	w, err = a.allow(allowed(), using("DPoP"))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(parsed(t, w).GetOkResponse().GetResponseHeadersToAdd()); got != "x-tiergate-decision" {
		t.Errorf("twin: without a nonce the client gets %q", got)
	}
}
