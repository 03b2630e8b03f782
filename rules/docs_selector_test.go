package rules

import (
	"os"
	"testing"
	"testing/fstest"
)

// pageSet compiles the files of docs/reference/rules.md.
func pageSet(t *testing.T) *Set {
	t.Helper()
	page, err := os.ReadFile("../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	files := fstest.MapFS{}
	for _, m := range fence.FindAllStringSubmatch(string(page), -1) {
		if name := fileLine.FindStringSubmatch(m[2]); name != nil {
			files[name[1]] = &fstest.MapFile{Data: []byte(m[2])}
		}
	}
	env := testEnv()
	env.Catalogs = []string{"accounts", "customers"}
	env.Issuers["mesh"] = IssuerEnv{}
	src, ms := Parse(files)
	set, more := Compile(src, env)
	if err := append(ms, more...).Err(); err != nil {
		t.Fatal(err)
	}
	return set
}

// TestRulesPageSelects: what the page says about selectors, `only` and `define` is
// so, each with its nearest opposite.
func TestRulesPageSelects(t *testing.T) {
	set := pageSet(t)
	const (
		customer = `{ "action": "read", "object": "customer/1", "attributes": { "tenant": "acme" } }`
		file     = `{ "action": "read", "object": "file/x" }`
		auditor  = `"issuer": "corp", "subject": "eve", "claims":`
		oneRow   = `{ "action": "read", "object": "customer/1", "attributes": { "tenant": "eu" } }`
	)
	account := func(id, attributes string) string {
		return `{ "action": "read", "object": "account/` + id + `", "tier": "internal", "attributes": { ` + attributes + ` } }`
	}
	for _, row := range []struct {
		name, caller, target string
		want                 Reason
		rule                 string
	}{
		{"a member of a group inside", `"identity": "acme"`, customer, Allowed, "trusted-see-customers"},
		{"in no group", `"identity": "customers"`, customer, NoRule, ""},
		{"scope and workload", auditor + `{}, "scopes": ["files:read"], "peer": "spiffe://example.com/ns/batch/sa/x"`, file, Allowed, "scripts-read-files"},
		{"another workload", auditor + `{}, "scopes": ["files:read"], "peer": "spiffe://example.com/ns/batches/sa/x"`, file, UnknownIdentity, ""},
		{"another scope", auditor + `{}, "scopes": ["files"], "peer": "spiffe://example.com/ns/batch/sa/x"`, file, UnknownIdentity, ""},
		{"registered, not a partner", `"identity": "staff"`, file, Allowed, "registered-but-partners"},
		{"a partner", `"identity": "acme"`, file, NoRule, ""},
		{"one of two", auditor + `{ "role": "auditor" }`, oneRow, Allowed, "auditors-and-leads"},
		{"both", auditor + `{ "groups": ["leads", "finance"] }`, oneRow, Allowed, "auditors-and-leads"},
		{"one of both", auditor + `{ "groups": ["leads"] }`, oneRow, UnknownIdentity, ""},
		{"a beginning and labels", `"identity": "staff"`, account("AR000001", `"tenant": "us", "frozen": true`), Allowed, "desk-reads-the-archive"},
		{"another beginning", `"identity": "staff", "subject": "s"`, account("AB000001", `"tenant": "us", "frozen": true, "owner": "x"`), NoRule, ""},
		{"the reserve", `"identity": "staff", "subject": "s"`, account("RS000001", `"tenant": "eu", "frozen": false, "owner": "x"`), DeniedByRule, "not-the-reserve"},
		{"by a name", `"identity": "staff", "subject": "s"`, account("AB000001", `"tenant": "uk", "frozen": false, "owner": "x"`), Allowed, "staff-reads-ours"},
	} {
		d := parseInput(t, `{ "caller": { `+row.caller+` }, "targets": [`+row.target+`] }`).decide(t, set)
		if d.Reason != row.want || row.rule != "" && d.Targets[0].Rule != row.rule {
			t.Errorf("%s: %v by %q, want %v by %q", row.name, d.Reason, d.Targets[0].Rule, row.want, row.rule)
		}
	}
}
