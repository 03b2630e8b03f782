package suite

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/rules"
)

var page = regexp.MustCompile("(?ms)^```yaml\n# ([a-z]+\\.yaml)\n(.*?)^```$")

// workloads tests what docs/reference/rules.md says of workloads.yaml: each allow has a twin
// that differs in one thing.
const workloads = `
tests:
  - { name: by its peer, as: reporter, send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { allow: reporter-lists } }
  - { name: by another peer, as: anonymous, peer: "spiffe://example.com/ns/reports/sa/other", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { deny: credential_missing } }
  - { name: from the client's workload, as: mesh-services, claims: { client_id: "spiffe://example.com/a" }, peer: "spiffe://example.com/a", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { allow: mesh-from-its-own-workload } }
  - { name: from another workload, as: mesh-services, claims: { client_id: "spiffe://example.com/a" }, peer: "spiffe://example.com/b", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { deny: no_rule } }
  - { name: from no workload, as: mesh-services, claims: { client_id: "spiffe://example.com/a" }, send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { deny: attribute_missing } }
  - { name: for its user, as: users-of-the-assistant, act: { issuer: mesh, subject: "spiffe://example.com/ns/ai/sa/assistant" }, peer: "spiffe://example.com/ns/ai/sa/assistant", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { allow: assistant-reads } }
  - { name: for its user from elsewhere, as: users-of-the-assistant, act: { issuer: mesh, subject: "spiffe://example.com/ns/ai/sa/assistant" }, peer: "spiffe://example.com/ns/ai/sa/other", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { deny: no_rule } }
  - { name: the user alone, as: users-of-the-assistant, peer: "spiffe://example.com/ns/ai/sa/assistant", send: "GET https://api.example.com/customers/C1", objects: { customer/C1: {} }, want: { deny: attribute_missing } }
`

func TestWorkloadsOnTheRulesPage(t *testing.T) {
	md, err := os.ReadFile("../../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"workloads_test.yaml": &fstest.MapFile{Data: []byte(workloads)}}
	for _, m := range page.FindAllStringSubmatch(string(md), -1) {
		fsys[m[1]] = &fstest.MapFile{Data: []byte(m[2])}
	}
	fsys["routes.yaml"] = &fstest.MapFile{Data: []byte("routes: [{ host: api.example.com, map: ['GET /customers/{id} -> read customer/{id}'] }]")}
	o := configured()
	o.Env.Issuers["mesh"] = rules.IssuerEnv{}
	o.Env.Catalogs, o.Env.Managed = []string{"accounts", "customers"}, []string{"x-account-tenant", "x-caller"}
	if got := text(t, fsys, o); !strings.Contains(got, "ok: 8 tests, 0 failed") {
		t.Error(got)
	}
}

// records tests what docs/reference/rules.md says of records.yaml.
const records = `
tests:
  - { name: "a plain record", as: staff, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: FR, parent: C1 }, customer/C1: { tenant: eu } }, want: { allow: staff-reads-personal-records } }
  - { name: "of another country", as: staff, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: DE, parent: C1 }, customer/C1: { tenant: eu } }, want: { deny: no_rule } }
  - { name: "of a clinic", as: staff, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: FR, parent: C1 }, customer/C1: { tenant: clinic } }, want: { deny: no_rule } }
  - { name: "of a customer without a row", as: staff, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: FR, parent: C1 } }, want: { deny: no_rule } }
  - { name: "a key", as: staff, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: FR, kind: key, parent: C1 }, customer/C1: { tenant: eu } }, want: { deny: no_rule } }
  - { name: "a key, for a partner", as: acme, send: "GET https://api.example.com/records/R1", objects: { record/R1: { country: FR, kind: key, parent: C1 }, customer/C1: { tenant: eu } }, want: { deny: denied_by_rule, rule: no-keys-for-partners } }
`

func TestRecordsOnTheRulesPage(t *testing.T) {
	md, err := os.ReadFile("../../docs/reference/rules.md")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{"records_test.yaml": &fstest.MapFile{Data: []byte(records)}}
	for _, m := range page.FindAllStringSubmatch(string(md), -1) {
		fsys[m[1]] = &fstest.MapFile{Data: []byte(m[2])}
	}
	fsys["routes.yaml"] = &fstest.MapFile{Data: []byte("routes: [{ host: api.example.com, map: ['GET /records/{id} -> read record/{id}'] }]")}
	o := configured()
	o.Env.Issuers["mesh"] = rules.IssuerEnv{}
	o.Env.Catalogs, o.Env.Managed = []string{"accounts", "customers"}, []string{"x-account-tenant", "x-caller"}
	if got := text(t, fsys, o); !strings.Contains(got, "ok: 6 tests, 0 failed") {
		t.Error(got)
	}
}
