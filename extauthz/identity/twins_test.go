package identity

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// T3: names that differ only in case have two readings at whatever depth they
// stand, in whatever claim, whether we read it or an upstream does.
func TestT3CaseTwinsAtEveryDepth(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	for _, row := range []struct {
		name      string
		good, bad any
	}{
		{"in an object", object{"tenant": "acme"}, object{"Tenant": "evil", "tenant": "acme"}},
		{"two objects deep", object{"a": object{"b": object{"c": 1}}}, object{"a": object{"b": object{"c": 1, "C": 2}}}},
		{"in an array", []any{object{"c": 1}, object{"C": 2}}, []any{object{"c": 1, "C": 2}}},
		{"by a letter that folds to another", object{"is": 1, "s": 2}, object{"is": 1, "i\u017f": 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			for _, claim := range []string{"not_read_here", "address"} {
				if _, err := v.Verify(t.Context(), bearing(ecKey().mint(nil, with(goodClaims(), object{claim: row.good})))); err != nil {
					t.Fatalf("twin: %v", err)
				}
				_, err := v.Verify(t.Context(), bearing(ecKey().mint(nil, with(goodClaims(), object{claim: row.bad}))))
				if err == nil || rules.Denial(err).Reason != rules.TokenMalformed {
					t.Errorf("%v, want %s", err, rules.TokenMalformed)
				}
			}
		})
	}
}

// A24: a cnf with two readings is refused before anybody asks for its proof.
func TestA24CaseTwinsInConfirmation(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	key, other := strings.Repeat("A", 43), strings.Repeat("B", 43)
	for reason, cnf := range map[rules.Reason]object{
		rules.BindingMissing: {"jkt": key}, // twin: nothing proves it
		rules.TokenMalformed: {"jkt": key, "JKT": other},
	} {
		_, err := v.Verify(t.Context(), bearing(ecKey().mint(nil, with(goodClaims(), object{"cnf": cnf}))))
		if err == nil || rules.Denial(err).Reason != reason {
			t.Errorf("%v: %v, want %s", cnf, err, reason)
		}
	}
}
