package rules

import "testing"

// Whoever does not meet what a rule or a tier demands is allowed nothing by it.
func TestDemanding(t *testing.T) {
	set := load(t, `rules: [{ id: a, allow: customers, to: [read], on: file, up_to: public }]`)
	who := &Caller{Verified: &Verified{Issuer: "corp", Subject: "ada"}, Kind: Human, Identity: set.Identities()[0]}
	file := []Target{{Action: "read", Object: Object{Type: set.Schema().Types["file"], ID: "1"}}}
	only := func(names ...string) func(string) bool {
		return func(name string) bool { return len(names) > 0 && name == names[0] }
	}
	for _, row := range []struct {
		name       string
		rule, tier func(string) bool
		want       Reason
	}{
		{"both are met", only("a"), only("public"), Allowed},
		{"twin: the rule's are not", only(), only("public"), NoRule},
		{"twin: the tier's are not", only("a"), only(), AuthTooWeak},
	} {
		if d := set.Demanding(row.rule, row.tier).Decide(&Request{Now: testNow}, who, file); d.Reason != row.want {
			t.Errorf("%s: %v %s, want %s", row.name, d.Effect, d.Reason, row.want)
		}
	}
	if d := set.Decide(&Request{Now: testNow}, who, file); d.Reason != Allowed {
		t.Errorf("the rules themselves: %s", d.Reason)
	}
}
