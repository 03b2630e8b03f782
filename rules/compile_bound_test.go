package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A tier that wants bound callers is warned of where nobody is known to be one.
// The twins differ in the one thing that makes somebody so.
func TestTierThatNobodyCanMeet(t *testing.T) {
	const tiers = "tiers: [{ name: public }, { name: secret, require: { bound_token: true } }]\n"
	const ada = `identities: [{ name: ada, kind: human, match: { issuer: corp, subject: ada }`
	for _, row := range []struct {
		name, rules string
		env         Env
		warned      bool
	}{
		{"nobody", tiers + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {}}}, true},
		{"no identity at all", tiers, Env{Issuers: map[string]IssuerEnv{"corp": {}}}, true},
		{"twin: a workload", tiers + ada + `, workload: "spiffe://example.com/ada" }]`, Env{Issuers: map[string]IssuerEnv{"corp": {}}}, false},
		{"twin: an issuer that binds", tiers + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {Binds: true}}}, false},
		{"twin: an issuer that binds, and no identity", tiers, Env{Issuers: map[string]IssuerEnv{"corp": {Binds: true}}}, false},
		{"twin: no demand", strings.Replace(tiers, "true", "false", 1), Env{Issuers: map[string]IssuerEnv{"corp": {}}}, false},
		{"twin: no configuration to tell", tiers + ada + " }]", Env{Partial: true}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			src, ms := Parse(fstest.MapFS{"a.yaml": {Data: []byte(row.rules)}})
			set, more := Compile(src, row.env)
			if err := append(ms, more...).Err(); err != nil {
				t.Fatal(err)
			}
			warned := false
			for _, w := range set.Warnings() {
				warned = warned || strings.Contains(w.Text, `tier "secret" wants bound_token`)
			}
			if warned != row.warned {
				t.Errorf("warned: %v, want %v", set.Warnings(), row.warned)
			}
		})
	}
}
