// Package many makes large sets of rules, such as many teams write together, to
// measure what rules about others cost. A set is the same whenever it is made.
//
// Every set has the one rule that Caller needs, so that one request can be decided
// under sets of any size.
package many

import (
	"fmt"
	"strings"
)

// Texts is how many distinct conditions a set of rules has that only CEL can run.
const Texts = 1_000

// Caller may read Object by a rule of its own, and nobody else may.
const (
	Caller = "reader"
	Type   = "ledger"
	Object = Type + "/8" // whose owner must be the caller's subject
)

// perFile is how many rules a file has: far below the limit of a file's size.
const perFile = 2_500

// Files makes the files of a rules directory with n rules, Caller's among them. They
// load where issuer corp may assert role (text) and groups (a list of text), issuer
// acme-idp exists, and there is a catalog db.
func Files(n int) map[string]string {
	s := size{rules: n, types: min(max(n/100, 4), 500), identities: min(max(n/20, 80), 5_000), groups: min(max(n/100, 4), 500)}
	files := map[string]string{"a-tiers.yaml": tiers, "b-types.yaml": s.typesAndRoutes(), "c-callers.yaml": s.callers(), "d-reader.yaml": reader}
	for first := 0; first < n-1; first += perFile {
		var b strings.Builder
		b.WriteString("rules:\n")
		for i := first; i < min(n-1, first+perFile); i++ {
			s.rule(&b, i)
		}
		files[fmt.Sprintf("teams/%03d.yaml", first/perFile)] = b.String()
	}
	return files
}

const tiers = `tiers: [{ name: public }, { name: internal }, { name: confidential, require: { max_token_age: 1h } }, { name: restricted, require: { max_token_age: 5m, purpose: true } }]
unclassified: restricted
broad_above: internal
action_groups: { reads: [read, list] }
define: { here: 'object.region == "eu"' }
`

// reader is about Caller alone.
const reader = `objects:
  - { type: ledger, tier: internal, catalog: db, attributes: { owner: string } }
identities:
  - { name: reader, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: own, allow: reader, to: [read], on: ledger, up_to: confidential, own: owner }
routes:
  - { host: ledgers.example.com, map: ["GET /v1/ledgers/{id} -> read ledger/{id}"] }
`

// size is how much there is of everything.
type size struct{ rules, types, identities, groups int }

func (s size) typesAndRoutes() string {
	var types, routes strings.Builder
	for i := range s.types {
		fmt.Fprintf(&types, "  - { type: t%d, tier: internal, max_row_tier: restricted, catalog: db, id: \"[A-Z]{2}[0-9]{4,12}\",\n", i)
		types.WriteString("      attributes: { tenant: string, owner: string, region: string, frozen: bool, balance: int, labels: [string] }, actions: { close: { tier: confidential } } }\n")
		if i%20 == 0 {
			fmt.Fprintf(&routes, "  - host: h%d.example.com\n    map:\n", i/20)
		}
		for _, line := range []string{"GET /t%[1]d/{id} -> read t%[1]d/{id}", "GET /t%[1]d?tenant={t} -> list t%[1]d[tenant={t}]", "PATCH /t%[1]d/{id} -> update t%[1]d/{id}",
			"POST /t%[1]d/{id}/close -> close t%[1]d/{id}", "DELETE /t%[1]d/{id} -> delete t%[1]d/{id}"} {
			fmt.Fprintf(&routes, "      - \""+line+"\"\n", i)
		}
	}
	return "objects:\n" + types.String() + "weights: { close: 8 }\nroutes:\n" + routes.String()
}

func (s size) callers() string {
	var b strings.Builder
	b.WriteString("identities:\n")
	for i := range s.identities {
		switch i % 4 {
		case 0, 1:
			fmt.Fprintf(&b, "  - { name: id%d, kind: service, match: { issuer: corp, subject: id%d }, owner: team-%d, environment: %s, purpose: [p%d, audit] }\n", i, i, i%97, environments[i%2], i%7)
		case 2:
			fmt.Fprintf(&b, "  - { name: id%d, kind: human, match: { issuer: corp, client: [app%d] }, purpose: [audit, p1] }\n", i, i)
		default:
			fmt.Fprintf(&b, "  - { name: id%d, kind: third-party, match: { issuer: acme-idp, subject: id%d }, tenant: p%d, owner: team-%d, purpose: [audit] }\n", i, i, i, i%97)
		}
	}
	b.WriteString("groups:\n")
	for g := range s.groups {
		fmt.Fprintf(&b, "  - { name: g%d, members: [", g)
		if g%5 == 4 {
			fmt.Fprintf(&b, "g%d, ", g-1)
		}
		for m := range 2 + g%12 {
			fmt.Fprintf(&b, "id%d, ", ((g*13+m)*4+g%3)%s.identities) // of corp
		}
		b.WriteString("] }\n")
	}
	return strings.ReplaceAll(b.String(), ", ]", "]")
}

var environments = [...]string{"prod", "stage"}

// rule writes the rule with a number: who, what and on which condition all vary
// by themselves.
func (s size) rule(b *strings.Builder, i int) {
	typ := i % s.types
	effect, limit := "allow", "up_to: "+[...]string{"internal", "confidential", "internal"}[i/3%3]
	if i%8 == 7 {
		effect, limit = "deny", "from_tier: restricted"
	}
	who, partner := s.who(i)
	rest := s.condition(i, typ, partner)
	if i%11 == 3 && effect == "allow" {
		rest += ", for: [audit]"
	}
	if i%13 == 4 && effect == "allow" {
		rest += ", require: { max_token_age: 30m }"
	}
	if i%17 == 5 {
		rest += ", until: 2028-06-30"
	}
	fmt.Fprintf(b, "  - { id: r%d, %s: %s, to: [%s], on: t%d, %s%s, because: Ticket %d asked for it., owner: team-%d, review_by: 2028-03-31 }\n",
		i, effect, who, [...]string{"read", "reads", "update", "close, delete"}[i/5%4], typ, limit, rest, i, i%97)
}

// who is whom a rule is about; partner says that it is a third party, which has its
// tenant pinned.
func (s size) who(i int) (selector string, partner bool) {
	one := (i*7 + i/s.identities) % s.identities
	switch i % 10 {
	case 4, 5:
		return fmt.Sprintf("g%d", i/10%s.groups), false
	case 6:
		return fmt.Sprintf("{ issuer: corp, claim: { role: role%d } }", i/10%2_000), false
	case 7:
		return fmt.Sprintf("{ any_of: [g%d, { issuer: corp, claim: { groups: ops%d } }] }", i/10%s.groups, i/10%500), false
	case 8:
		return fmt.Sprintf("{ issuer: corp, kind: service, environment: prod, not: g%d, scope: \"s%d:read\" }", i/10%s.groups, i/10%1_000), false
	}
	return fmt.Sprintf("id%d", one), one%4 == 3
}

// condition is what holds of the objects: simple comparisons, which run as closures,
// or one of Texts conditions for CEL. A text is always about the same type.
func (s size) condition(i, typ int, partner bool) string {
	switch i / 2 % 8 {
	case 0:
		if partner {
			return ", same: tenant"
		}
		return ", when: object.owner == caller.subject"
	case 1:
		return fmt.Sprintf(`, when: object.tenant == "tenant%d" && !object.frozen`, i%5_000)
	case 2:
		return `, when: here && object.owner != ""`
	case 3:
		return fmt.Sprintf(", only: { label: { region: [eu, r%d] } }", i%50)
	case 4:
		return fmt.Sprintf(`, only: { id_prefix: "AC%d" }`, i%1_000)
	case 5, 6:
		return fmt.Sprintf(`, when: 'object.balance < %d && object.tenant.startsWith("t%d")'`, typ+s.types*(i/s.types%max(Texts/s.types, 1)), typ)
	}
	return fmt.Sprintf(`, when: object.frozen == false && (object.tenant == "a%d" || object.tenant == "b")`, i%500)
}

// Config is a tiergate.yaml for which the rules load, and Rows what its catalog db reads:
// it has nothing in it.
const (
	Config = `listen: { grpc: [{ address: 127.0.0.1:9191, serves: ["*.example.com"] }], admin: 127.0.0.1:9192 }
rules: [./rules]
state_dir: ./state
issuers:
  - { name: corp, issuer: https://corp.example.com, audience: [api], jwks: { file: ./keys.json }, algorithms: [ES256], may_assert: { role: string, groups: [string] } }
  - { name: acme-idp, issuer: https://acme.example.com, audience: [api], jwks: { file: ./keys.json }, algorithms: [ES256] }
catalogs: { db: { file: ./rows.yaml } }
audit: { file: ./decisions.jsonl }
`
	Rows = "[]\n"
)
