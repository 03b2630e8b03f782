package identity

import (
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestExplain(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k, rsaKey()), Options{})
	for _, row := range []struct {
		name, token string
		issuer      string
		failed      string // gates and reasons, in order
		unreached   string
	}{
		{"twin: good", k.mint(nil, goodClaims()), "corp", "", ""},
		{"no token", "hello", "", "form token_malformed", "kind … binding"},
		{"too large", strings.Repeat("a", 9000), "", "form token_too_large", "kind … binding"},
		{"another issuer", k.mint(nil, with(goodClaims(), object{"iss": "x"})), "", "issuer token_issuer", "profile … binding"},
		{"another kind", k.mint(object{"typ": "dpop+jwt"}, goodClaims()), "corp", "kind token_kind_mismatch, profile token_kind_mismatch", ""},
		{"another profile", k.mint(nil, with(goodClaims(), object{"nonce": "n"})), "corp", "profile token_kind_mismatch", ""},
		{"unknown key", k.named("x").mint(nil, goodClaims()), "corp", "key token_key_unknown", "signature"},
		{"no key id", k.mint(object{"kid": nil}, goodClaims()), "corp", "key token_header", "signature"},
		{"another algorithm", k.mint(object{"alg": "ES384"}, goodClaims()), "corp", "issuer's algorithms token_alg_not_allowed, signature token_alg_not_allowed", ""},
		{"forged", rogue().mint(nil, goodClaims()), "corp", "signature token_signature_invalid", ""},
		{"forged, for another, long ago", rogue().mint(nil, with(goodClaims(), object{"aud": "x", "exp": 1})), "corp",
			"signature token_signature_invalid, audience token_audience_mismatch, expiry token_expired", ""},
		{"everything in the header", k.mint(object{"crit": []string{}, "typ": 1, "alg": "none", "kid": ""}, goodClaims()), "corp",
			"kind token_header, header token_header, algorithm token_alg_not_allowed, key id token_header, issuer's algorithms token_alg_not_allowed", "key … signature"},
		{"no expiry", k.mint(nil, with(goodClaims(), object{"exp": nil})), "corp", "expiry token_claims", ""},
		{"a claim of the wrong kind", k.mint(nil, with(goodClaims(), object{"role": 1})), "corp", "mapped claims token_claims", ""},
		{"sub missing", k.mint(nil, with(goodClaims(), object{"sub": nil})), "corp", "subject token_claims", ""},
		{"bound", k.mint(nil, with(goodClaims(), object{"cnf": object{"jkt": strings.Repeat("A", 43)}})), "corp", "", "binding"},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := v.Explain(row.token)
			failed, unreached := summary(e)
			if failed != row.failed || unreached != row.unreached || e.Issuer != row.issuer {
				t.Errorf("failed %q, not reached %q, issuer %q\nwant %q, %q, %q", failed, unreached, e.Issuer, row.failed, row.unreached, row.issuer)
			}
			if (e.Caller != nil) != (row.failed == "") {
				t.Errorf("caller = %+v", e.Caller)
			}
			// What Explain accepts, verification accepts; what it refuses first, that refuses for.
			_, reason := asserted(t, v, row.token)
			if first, _ := e.Refused(); reason != first.Reason {
				t.Errorf("Verify refuses for %q, Explain for %v", reason, first)
			}
			text := fmt.Sprintf("%+v", e) + string(must(json.Marshal(e)))
			if parts := strings.Split(row.token, "."); len(parts) == 3 && strings.Contains(text, parts[2]) {
				t.Errorf("the explanation holds the signature")
			}
		})
	}
}

// summary lists the gates that have failed with their reasons, and the first and
// the last that were not reached.
func summary(e Explanation) (failed, unreached string) {
	var fails, skipped []string
	for _, g := range e.Gates {
		switch g.State {
		case GateFailed:
			fails = append(fails, g.Name+" "+string(g.Reason))
		case GateNotReached:
			skipped = append(skipped, g.Name)
		case GatePassed:
		}
	}
	if n := len(skipped); n > 1 {
		skipped = []string{skipped[0], skipped[n-1]}
	}
	return strings.Join(fails, ", "), strings.Join(skipped, " … ")
}

// Every explanation has every gate once, in one order, and docs/identity.md
// names each.
func TestEveryGateIsExplained(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	page := string(must(os.ReadFile("../../docs/identity.md")))
	for _, token := range []string{"", "a.b.c", ecKey().mint(nil, goodClaims()), ecKey().mint(nil, with(goodClaims(), object{"iss": "x"}))} {
		var names []string
		for _, g := range v.Explain(token).Gates {
			names = append(names, g.Name)
		}
		if !slices.Equal(names, Gates()) {
			t.Errorf("gates %q\nwant  %q", names, Gates())
		}
	}
	for _, name := range Gates() {
		if !strings.Contains(page, "| "+name+" |") {
			t.Errorf("docs/identity.md does not name the gate %q", name)
		}
	}
}

func TestExplainShowsWhatTheTokenHolds(t *testing.T) {
	v := verifier(t, serving(ecKey()), Options{})
	e := v.Explain(ecKey().mint(nil, goodClaims()))
	if e.Header["kid"] != "ec-1" || e.Claims["sub"] != "ada" {
		t.Errorf("explanation = %+v", e)
	}
	if failed, unreached := summary(e); failed != "key jwks_unavailable" || unreached != "signature" {
		t.Errorf("failed %q, not reached %q, want the missing keys alone", failed, unreached)
	}
	half := v.Explain(strings.Split(ecKey().mint(nil, goodClaims()), ".")[0] + ".!.x")
	if half.Header != nil {
		t.Errorf("half a token = %+v", half)
	}
	half = v.Explain(strings.Split(ecKey().mint(nil, goodClaims()), ".")[0] + ".e30x.x")
	if half.Header["kid"] != "ec-1" || half.Claims != nil {
		t.Errorf("half a token = %+v, want its header", half)
	}
}

func TestStats(t *testing.T) {
	p := serving(ecKey(), object{"kty": "oct"})
	v := verifier(t, p, Options{})
	if s := v.Stats()[0]; !s.Stale || s.Keys != 0 || s.Generation != 0 || s.Age != 0 || !s.Fetched.IsZero() {
		t.Errorf("before any keys: %+v", s)
	}
	if err := v.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	verify(t, v, ecKey().named("x").mint(nil, goodClaims()))
	p.set(func(p *provider) { p.body = []byte(`{"keys":[]}`) })
	if err := v.Fetch(t.Context()); err == nil || !strings.Contains(err.Error(), `issuer "corp"`) {
		t.Errorf("Fetch = %v, want the issuer's name", err)
	}
	want := IssuerStats{
		Name: "corp", Keys: 1, Generation: 1, Fetched: now, Age: 0 * time.Second,
		FetchOK: 1, FetchFailed: 1, EmptySets: 1, UnknownKeys: 1,
	}
	got := v.Stats()[0]
	if got.Skipped["symmetric"] != 1 || len(got.Skipped) != len(causes) || len(got.Slots) != len(prices) || got.Slots[0].Slots < 1 {
		t.Errorf("skipped %v, slots %+v, want the symmetric key and free slots", got.Skipped, got.Slots)
	}
	if got.Skipped, got.Slots = nil, nil; !reflect.DeepEqual(got, want) {
		t.Errorf("stats = %+v\nwant    %+v", got, want)
	}
}
