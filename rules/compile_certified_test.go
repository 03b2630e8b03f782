package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A tier that wants a client certificate is warned of where nothing says that anyone could
// bring one. The twins differ in the one thing that says so.
func TestTierThatWantsACertificateInVain(t *testing.T) {
	const tiers = "tiers: [{ name: public }, { name: secret, require: { mtls: true } }]\nobjects: [{ type: file, tier: secret }]\n"
	const ada = `identities: [{ name: ada, kind: human, match: { issuer: corp, subject: ada }`
	const reads = "\nrules: [{ id: a, allow: { workload: spiffe://example.com/a }, to: [read], on: file, up_to: public, mode: shadow }]"
	for _, row := range []struct {
		name, rules string
		env         Env
		warned      bool
	}{
		{"nobody", tiers + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {}}}, true},
		{"twin: a workload", tiers + ada + `, workload: "spiffe://example.com/ada" }]`, Env{Issuers: map[string]IssuerEnv{"corp": {}}}, false},
		{"twin: a rule about a workload", tiers + ada + " }]" + reads, Env{Issuers: map[string]IssuerEnv{"corp": {}}}, false},
		{"twin: an issuer that binds", tiers + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {Binds: true}}}, false},
		{"twin: peers in the configuration", tiers + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {}}, Peers: PeersEnv{Given: true}}, false},
		{"twin: no demand", strings.Replace(tiers, "true", "false", 1) + ada + " }]", Env{Issuers: map[string]IssuerEnv{"corp": {}}}, false},
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
				warned = warned || strings.Contains(w.Text, `tier "secret" wants mtls`) && w.Code == CodeVain
			}
			if warned != row.warned {
				t.Errorf("warned: %v, want %v", set.Warnings(), row.warned)
			}
		})
	}
}
