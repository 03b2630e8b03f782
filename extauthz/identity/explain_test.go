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

func TestExplain(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k, rsaKey()), Options{})
	for _, row := range []struct {
		name, token string
		signature   Signature
		issuer      string
		want        []rules.Reason // all of them, in order
	}{
		{"twin: good", k.mint(nil, goodClaims()), Valid, "corp", nil},
		{"no token", "hello", NotChecked, "", []rules.Reason{rules.TokenMalformed}},
		{"too large", strings.Repeat("a", 9000), NotChecked, "", []rules.Reason{rules.TokenTooLarge}},
		{"another issuer", k.mint(nil, with(goodClaims(), object{"iss": "x"})), NotChecked, "", []rules.Reason{rules.TokenIssuer}},
		{"unknown key", k.named("x").mint(nil, goodClaims()), NotChecked, "corp", []rules.Reason{rules.TokenKeyUnknown}},
		{"forged", rogue().mint(nil, goodClaims()), Invalid, "corp", []rules.Reason{rules.TokenSignature}},
		{"forged, for another, long ago, delegated", rogue().mint(nil, with(goodClaims(), object{"aud": "x", "exp": 1, "act": object{}})), Invalid, "corp",
			[]rules.Reason{rules.TokenSignature, rules.TokenAudience, rules.TokenExpired, rules.AgentNotPermitted}},
		{"everything in the header", k.mint(object{"crit": []string{}, "typ": "dpop+jwt", "alg": "none", "kid": ""}, goodClaims()), NotChecked, "corp",
			[]rules.Reason{rules.TokenHeader, rules.TokenHeader, rules.TokenAlgorithm, rules.TokenHeader}},
		{"a claim of the wrong kind", k.mint(nil, with(goodClaims(), object{"role": 1})), Valid, "corp", []rules.Reason{rules.TokenClaims}},
		{"sub missing is said once", k.mint(nil, with(goodClaims(), object{"sub": nil})), Valid, "corp", []rules.Reason{rules.TokenClaims}},
	} {
		t.Run(row.name, func(t *testing.T) {
			e := v.Explain(row.token)
			var got []rules.Reason
			for _, r := range e.Refusals {
				got = append(got, r.Reason)
			}
			if !slices.Equal(got, row.want) || e.Signature != row.signature || e.Issuer != row.issuer {
				t.Errorf("refusals %v, signature %s, issuer %q\nwant %v, %s, %q", e.Refusals, e.Signature, e.Issuer, row.want, row.signature, row.issuer)
			}
			if (e.Caller != nil) != (row.want == nil) {
				t.Errorf("caller = %+v", e.Caller)
			}
			// What Explain accepts, Verify accepts; what it refuses first, Verify refuses for.
			_, reason := verify(t, v, row.token)
			if row.want == nil && reason != "" || row.want != nil && reason != row.want[0] {
				t.Errorf("Verify refuses for %q, Explain for %v", reason, row.want)
			}
			text := fmt.Sprintf("%+v", e) + string(must(json.Marshal(e)))
			if parts := strings.Split(row.token, "."); len(parts) == 3 && strings.Contains(text, parts[2]) {
				t.Errorf("the explanation holds the signature")
			}
		})
	}
}

func TestExplainShowsWhatTheTokenHolds(t *testing.T) {
	v := verifier(t, serving(ecKey()), Options{})
	e := v.Explain(ecKey().mint(nil, goodClaims()))
	if e.Header["kid"] != "ec-1" || e.Claims["sub"] != "ada" || e.Signature != NotChecked {
		t.Errorf("explanation = %+v", e)
	}
	if len(e.Refusals) != 1 || e.Refusals[0].Reason != rules.JWKSUnavailable {
		t.Errorf("refusals = %v, want the missing keys alone", e.Refusals)
	}
	half := v.Explain(strings.Split(ecKey().mint(nil, goodClaims()), ".")[0] + ".!.x")
	if half.Header != nil || len(half.Refusals) != 1 {
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
