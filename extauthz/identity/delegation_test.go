package identity

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// asserted is what a token proves, before anything is asked of the request.
func asserted(t *testing.T, v *Verifier, token string) (*rules.Verified, rules.Reason) {
	t.Helper()
	who, _, err := v.verified(t.Context(), token, now)
	return who, reasonOf(t, err, token)
}

// chain is an act of so many actors.
func chain(depth int) object {
	act := object{"sub": "a"}
	for range depth - 1 {
		act = object{"sub": "a", "act": act}
	}
	return act
}

// A25: who acts is the outermost act, or nobody can be said to act.
func TestActors(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{Issuers: []IssuerConfig{config(), config(func(c *IssuerConfig) {
		c.Name, c.Issuer = "acme", "https://acme.example"
	})}})
	for _, row := range []struct {
		name string
		act  any
		want rules.Actor
		why  rules.Reason
	}{
		{"A25 twin", object{"sub": "agent"}, rules.Actor{Issuer: "corp", Subject: "agent"}, ""},
		{"A25 twin: of a client", object{"sub": "agent", "client_id": "planner"}, rules.Actor{Issuer: "corp", Subject: "agent", ClientID: "planner"}, ""},
		{"A25 twin: of this issuer", object{"sub": "agent", "iss": iss}, rules.Actor{Issuer: "corp", Subject: "agent"}, ""},
		{"A25 twin: of another issuer", object{"sub": "agent", "iss": "https://acme.example"}, rules.Actor{Issuer: "acme", Subject: "agent"}, ""},
		{"A25 twin: the inner one is history", object{"sub": "agent", "act": object{"sub": "boss"}}, rules.Actor{Issuer: "corp", Subject: "agent"}, ""},
		{"A25 twin: eight deep", chain(8), rules.Actor{Issuer: "corp", Subject: "a"}, ""},
		{"A25 nine deep", chain(9), rules.Actor{}, rules.TokenClaims},
		{"A25 deeper than claims may be", chain(30), rules.Actor{}, rules.TokenMalformed},
		{"A25 a thousand deep", chain(1000), rules.Actor{}, rules.TokenTooLarge},
		{"A25 array", []any{object{"sub": "agent"}}, rules.Actor{}, rules.TokenClaims},
		{"A25 number", 7, rules.Actor{}, rules.TokenClaims},
		{"A25 text", "agent", rules.Actor{}, rules.TokenClaims},
		{"A25 null", json.RawMessage("null"), rules.Actor{}, rules.TokenClaims},
		{"A25 no sub", object{"client_id": "x"}, rules.Actor{}, rules.TokenClaims},
		{"A25 sub empty", object{"sub": ""}, rules.Actor{}, rules.TokenClaims},
		{"A25 sub number", object{"sub": 1}, rules.Actor{}, rules.TokenClaims},
		{"A25 sub in another case", object{"SUB": "agent"}, rules.Actor{}, rules.TokenClaims},
		{"A25 two subs by case", object{"sub": "agent", "Sub": "boss"}, rules.Actor{}, rules.TokenMalformed},
		{"A25 client number", object{"sub": "agent", "client_id": 1}, rules.Actor{}, rules.TokenClaims},
		{"A25 unknown iss", object{"sub": "agent", "iss": "https://evil.example"}, rules.Actor{}, rules.TokenClaims},
		{"A25 iss by its configured name", object{"sub": "agent", "iss": "corp"}, rules.Actor{}, rules.TokenClaims},
		{"A25 iss empty", object{"sub": "agent", "iss": ""}, rules.Actor{}, rules.TokenClaims},
		{"A25 iss number", object{"sub": "agent", "iss": 1}, rules.Actor{}, rules.TokenClaims},
		{"A25 the inner one is no object", object{"sub": "agent", "act": "boss"}, rules.Actor{}, rules.TokenClaims},
	} {
		t.Run(row.name, func(t *testing.T) {
			token := k.mint(nil, with(goodClaims(), object{"act": row.act}))
			who, why := asserted(t, v, token)
			if why != row.why || row.why == "" && (who.Actor == nil || *who.Actor != row.want) {
				t.Errorf("actor %+v, refused for %q, want %+v, %q", who, why, row.want, row.why)
			}
		})
	}
	who, why := asserted(t, v, k.mint(nil, with(goodClaims(), object{"may_act": object{"sub": "x"}})))
	if why != "" || who.Actor != nil {
		t.Errorf("A25 may_act read as act: %+v, %q", who, why)
	}
}

// A24: cnf is read exactly, or nothing can be proven.
func TestConfirmations(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	x, y := strings.Repeat("A", 43), strings.Repeat("-", 42)+"8"
	for _, row := range []struct {
		name string
		cnf  any
		want rules.Confirmation
	}{
		{"A24 certificate", object{"x5t#S256": x}, rules.Confirmation{Certificate: x}},
		{"A24 key", object{"jkt": y}, rules.Confirmation{Key: y}},
		{"A24 both, and both must be proven", object{"x5t#S256": x, "jkt": y}, rules.Confirmation{Certificate: x, Key: y}},
		{"A24 beside another method", object{"jkt": y, "kid": "k"}, rules.Confirmation{Key: y}},
		{"A24 empty", object{}, rules.Confirmation{}},
		{"A24 null", json.RawMessage("null"), rules.Confirmation{}},
		{"A24 array", []any{}, rules.Confirmation{}},
		{"A24 jwk alone", object{"jwk": k.jwk()}, rules.Confirmation{}},
		{"A24 SHA-1", object{"x5t": "x"}, rules.Confirmation{}},
		{"A24 in another case", object{"JKT": y}, rules.Confirmation{}},
		{"A24 short", object{"jkt": y[1:]}, rules.Confirmation{}},
		{"A24 long", object{"jkt": y + "A"}, rules.Confirmation{}},
		{"A24 hex", object{"jkt": strings.Repeat("a", 64)}, rules.Confirmation{}},
		{"A24 padded", object{"jkt": y + "="}, rules.Confirmation{}},
		{"A24 a dot", object{"jkt": strings.Repeat("A", 42) + "."}, rules.Confirmation{}},
		{"A24 a letter of two bytes", object{"jkt": strings.Repeat("A", 41) + "\u00e9"}, rules.Confirmation{}},
		{"A24 standard alphabet", object{"x5t#S256": strings.Repeat("+", 43)}, rules.Confirmation{}},
		{"A24 number", object{"x5t#S256": 1}, rules.Confirmation{}},
		{"A24 one of two is wrong", object{"x5t#S256": x, "jkt": 1}, rules.Confirmation{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			token := k.mint(nil, with(goodClaims(), object{"cnf": row.cnf}))
			who, why := asserted(t, v, token)
			if good := row.want != (rules.Confirmation{}); good && (why != "" || who.Confirm != row.want) || !good && why != rules.BindingMissing {
				t.Errorf("%+v, refused for %q, want %+v", who, why, row.want)
			}
		})
	}
}

// What a token asks for beyond its own words is refused on every request, cached
// or not.
func TestWhatCannotBeProvenIsRefusedBehindTheCache(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	for range 2 {
		run(t, v, []attack{
			{"A24 twin: no cnf", k.mint(nil, goodClaims()), ""},
			{"A24 bound token as bearer", k.mint(nil, with(goodClaims(), object{"cnf": object{"jkt": strings.Repeat("A", 43)}})), rules.BindingMissing},
			{"A25 delegated: who acts is for the rules to judge", k.mint(nil, with(goodClaims(), object{"act": object{"sub": "agent"}})), ""},
		})
	}
}

// RFC 9396: elements are typed, for us, and of kinds that conditions know.
func TestAuthorizationDetails(t *testing.T) {
	k := ecKey()
	v := loaded(t, serving(k), Options{})
	many := func(n int) (list []any) {
		for range n {
			list = append(list, object{"type": "x"})
		}
		return list
	}
	nested := func(depth int) any {
		var v any = 1
		for range depth {
			v = []any{v}
		}
		return []any{object{"type": "x", "v": v}}
	}
	for _, row := range []struct {
		name    string
		details any
		want    []map[string]any
		why     rules.Reason
	}{
		{"typed", []any{object{"type": "account", "actions": []string{"read"}, "limit": 10, "rate": 0.5, "open": true, "note": json.RawMessage("null"), "who": object{"n": -1}}},
			[]map[string]any{{"type": "account", "actions": []any{"read"}, "limit": int64(10), "rate": 0.5, "open": true, "note": nil, "who": map[string]any{"n": int64(-1)}}}, ""},
		{"a number beyond int64", []any{object{"type": "x", "n": json.Number("1e30")}}, []map[string]any{{"type": "x", "n": 1e30}}, ""},
		{"none", []any{}, []map[string]any{}, ""},
		{"for us", []any{object{"type": "x", "locations": []string{"else", audience}}}, []map[string]any{{"type": "x", "locations": []any{"else", audience}}}, ""},
		{"for somebody else", []any{object{"type": "x", "locations": []string{"else"}}, object{"type": "y"}}, []map[string]any{{"type": "y"}}, ""},
		{"for nobody", []any{object{"type": "x", "locations": []string{}}}, []map[string]any{}, ""},
		{"as many as allowed", many(32), nil, ""},
		{"one more", many(33), nil, rules.TokenClaims},
		{"as deep as allowed", nested(5), nil, ""},
		{"one deeper", nested(6), nil, rules.TokenClaims},
		{"an object", object{"type": "x"}, nil, rules.TokenClaims},
		{"null", json.RawMessage("null"), nil, rules.TokenClaims},
		{"an element that is no object", []any{"x"}, nil, rules.TokenClaims},
		{"no type", []any{object{"actions": []string{}}}, nil, rules.TokenClaims},
		{"type empty", []any{object{"type": ""}}, nil, rules.TokenClaims},
		{"type number", []any{object{"type": 1}}, nil, rules.TokenClaims},
		{"type in another case", []any{object{"Type": "x"}}, nil, rules.TokenClaims},
		{"two types by case", []any{object{"type": "x", "Type": "y"}}, nil, rules.TokenMalformed},
		{"twins deep inside", []any{object{"type": "x", "a": []any{object{"b": 1, "B": 2}}}}, nil, rules.TokenMalformed},
		{"locations is a text", []any{object{"type": "x", "locations": audience}}, nil, rules.TokenClaims},
		{"locations holds a number", []any{object{"type": "x", "locations": []any{audience, 1}}}, nil, rules.TokenClaims},
	} {
		t.Run(row.name, func(t *testing.T) {
			who, why := asserted(t, v, k.mint(nil, with(goodClaims(), object{"authorization_details": row.details})))
			if why != row.why || row.want != nil && !reflect.DeepEqual(who.Details, row.want) {
				t.Errorf("%+v, refused for %q, want %v, %q", who, why, row.want, row.why)
			}
		})
	}
	if who, _ := asserted(t, v, k.mint(nil, goodClaims())); who.Details != nil {
		t.Errorf("without the claim: %v, want nil", who.Details)
	}
}
