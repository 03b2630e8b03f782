package review

import (
	"fmt"
	"maps"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

const bankRules = `
tiers: [ { name: public }, { name: internal }, { name: confidential, require: { max_token_age: 1h } }, { name: restricted, require: { max_token_age: 1h } } ]
unclassified: restricted
broad_above: internal
weights: { debit: 4, credit: 2, receive: 4 }
objects:
  - { type: account, tier: confidential, catalog: bank, parent: customer, attributes: { tenant: string, owner: string, sharers: [string], frozen: bool }, id: "[A-Za-z0-9]+" }
  - { type: customer, tier: internal, catalog: bank, attributes: { tenant: string } }
  - { type: file, tier: internal }
routes:
  - host: api.example.com
    map:
      - GET    /accounts/{id}           -> read   account/{id}
      - DELETE /accounts/{id}           -> delete account/{id}
      - PUT    /accounts/{id}           -> create|update account/{id}
      - GET    /accounts/all            -> list   account
      - GET    /accounts?tenant={t}     -> list   account[tenant={t}]
      - GET    /eu/accounts             -> list   account[tenant=eu]
      - GET    /my/accounts?owner={o}   -> list   account[owner={o}]
      - GET    /customers/{c}/accounts  -> list   account in customer/{c}
      - POST   /customers/{c}/accounts  -> create account in customer/{c}
      - POST   /transfers               -> debit  account/{body.from}, credit account/{body.to}
      - PATCH  /accounts/{id}           -> update account/{id}, receive customer/{body.owner?}
      - GET    /customers/{id}          -> read   customer/{id}
      - GET    /main                    -> read   account/MAIN
      - GET    /mailing/{id}            -> read   customer/{id}: { purpose: marketing }
      - GET    /files/{path=**}         -> read   file/{path}
      - GET    /healthz                 -> open: { because: probe, owner: platform }
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web, app] } }
  - { name: root, kind: human, match: { issuer: corp, subject: root } }
  - { name: billing, kind: service, match: { issuer: corp, subject: svc-billing }, workload: "spiffe://example.com/billing", purpose: [invoicing] }
  - { name: acme, kind: third-party, match: { issuer: acme-idp }, tenant: acme }
  - { name: idle, kind: service, match: { issuer: corp, subject: svc-idle } }
define: { theirs: object.owner == who, who: caller.subject }
groups: [{ name: everybody, members: [humans, billing, acme] }, { name: humans, members: [people, root] }]
action_groups: { looks: [read, list] }
`

func ruleOf(id, rest string) string {
	return fmt.Sprintf("  - { id: %s, %s, because: test, owner: test, review_by: 2027-12-31 }\n", id, rest)
}

// some are rules that a test picks from.
var some = map[string]string{
	"own":       "allow: people, to: [read, list, update, debit], on: account, up_to: restricted, own: owner",
	"shared":    "allow: people, to: [read, credit], on: account, up_to: confidential, own: sharers",
	"parent":    "allow: people, to: [list, create], on: account, up_to: restricted, when: object.parent.id == caller.subject",
	"branch":    "allow: people, to: [read, list, create], on: account, up_to: restricted, own: parent.tenant",
	"self":      "allow: people, to: [read, receive], on: customer, up_to: internal, when: object.id == caller.subject",
	"credit":    "allow: people, to: [credit], on: account, up_to: restricted",
	"ada":       `allow: people, to: [delete], on: account, up_to: restricted, when: caller.subject == "ada"`,
	"not-own":   "deny: people, to: [credit], on: account, when: object.owner == caller.subject",
	"auditor":   "allow: { kind: human, claim: { role: auditor } }, to: [read], on: [account, file], up_to: confidential",
	"frozen":    "deny: { kind: human }, to: [update, debit], on: account, when: object.frozen",
	"billing":   "allow: billing, to: [read, list], on: account, up_to: restricted, for: [invoicing], unbounded: true",
	"eu":        `allow: billing, to: [list], on: account, up_to: restricted, when: object.tenant == "eu"`,
	"acme":      "allow: acme, to: [read, list], on: account, up_to: restricted, same: tenant",
	"marketing": "allow: people, to: [read], on: customer, up_to: restricted, for: [marketing]",
}

// others are rules that say the same in other words: by names, groups and what callers are not.
var others = map[string]string{
	"theirs":   "allow: people, to: [looks, debit], on: account, up_to: restricted, when: theirs",
	"group":    "allow: { group: everybody, not: root }, to: [read], on: [customer, file], up_to: restricted",
	"main":     "allow: humans, to: looks, on: account, up_to: restricted, only: { id: [MAIN, B7], label: { tenant: eu } }",
	"not-role": "deny: { kind: human, not: { claim: { role: auditor } } }, to: [read], on: file",
}

// world is a compiled policy with its catalog.
type world struct {
	set    *rules.Set
	routes *resolver.Routes
	o      Options
}

func build(t testing.TB, names []string, rows []catalog.Row, change func(string) string) *world {
	t.Helper()
	text := bankRules
	if len(names) > 0 {
		text += "rules:\n"
	}
	for _, name := range names {
		text += ruleOf(name, some[name]+others[name])
	}
	if change != nil {
		text = change(text)
	}
	src, ms := rules.Parse(fstest.MapFS{"rules.yaml": {Data: []byte(text)}})
	env := rules.Env{
		Issuers:  map[string]rules.IssuerEnv{"corp": {Claims: map[string]rules.Kind{"role": rules.String}}, "acme-idp": {}},
		Catalogs: []string{"bank"},
	}
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := rules.Compile(src, env)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	routes, ms := resolver.Compile(src.Routes, set.Schema())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	c, err := catalog.New(catalog.Options{Sources: map[string]catalog.Source{"bank": catalog.NewMemory(rows...)}})
	if err != nil {
		t.Fatal(err)
	}
	return &world{set, routes, Options{
		Policy: "p", Set: set, Source: src, Env: env, Lines: lines(routes), Objects: c.Bind(set.Schema()), Pairs: true,
		Now: time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}}
}

func lines(routes *resolver.Routes) (out []Line) {
	for _, op := range routes.Operations() {
		if op.Open {
			continue
		}
		l := Line{Name: op.String(), Purpose: op.Purpose, Derived: len(op.CallerDerived) > 0, Streams: op.Stream > 0, Shadow: op.Shadow}
		for _, t := range op.Touches {
			touch := Touch{t.Action, t.Type, t.Collection, t.New, t.Upsert, t.Optional, t.FixedID, nil}
			for _, b := range t.Bounds {
				touch.Bounds = append(touch.Bounds, Bound(b))
			}
			l.Touches = append(l.Touches, touch)
		}
		out = append(out, l)
	}
	return out
}

func run(t testing.TB, w *world) *Report {
	t.Helper()
	r, err := Run(t.Context(), w.o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (r *Report) of(t testing.TB, name string) *Row {
	t.Helper()
	for i := range r.Identities {
		if r.Identities[i].Name() == name {
			return &r.Identities[i]
		}
	}
	t.Fatalf("no row for %s", name)
	return nil
}

func acct(id, owner, tenant, parent string, more map[string]any) catalog.Row {
	columns := map[string]any{"owner": owner, "tenant": tenant, "frozen": false}
	maps.Copy(columns, more)
	return catalog.Row{Key: catalog.Key{Type: "account", ID: id}, Parent: parent, Columns: columns}
}

func person(id string) catalog.Row { return catalog.Row{Key: catalog.Key{Type: "customer", ID: id}} }

func smallBank() []catalog.Row {
	return []catalog.Row{
		acct("A1", "ada", "eu", "ada", nil), acct("A2", "ada", "eu", "ada", map[string]any{"frozen": true}),
		acct("B1", "bob", "us", "bob", map[string]any{"sharers": []any{"ada"}}), acct("MAIN", "root", "acme", "root", nil),
		person("ada"), person("bob"), person("eve"),
	}
}
