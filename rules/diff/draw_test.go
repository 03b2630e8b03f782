package diff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// draft is a version of rules as it was drawn: what stands under each section, one
// part after the other, "" for a part that it does without.
type draft struct{ sections []section }

type section struct {
	head  string
	parts []string
}

// text is the version as a file.
func (d *draft) text() string {
	var b strings.Builder
	for _, s := range d.sections {
		for i, part := range slices.DeleteFunc(slices.Clone(s.parts), func(p string) bool { return p == "" }) {
			if i == 0 {
				b.WriteString(s.head)
			}
			b.WriteString(part + "\n")
		}
	}
	return b.String()
}

// drawing draws drafts around a moment.
type drawing struct {
	*rand.Rand
	now time.Time
}

func (d drawing) pick(of ...string) string { return of[d.IntN(len(of))] }

func (d drawing) date(days int) string { return d.now.AddDate(0, 0, days).Format(time.DateOnly) }

// pair draws two versions, most of whose parts are the same.
func (d drawing) pair() (before, after *draft) {
	before, after = d.draft(), d.draft()
	for i := range after.sections {
		for k := range after.sections[i].parts {
			if d.IntN(10) < 6 {
				after.sections[i].parts[k] = before.sections[i].parts[k]
			}
		}
	}
	return before, after
}

func (d drawing) draft() *draft {
	return &draft{[]section{
		{"", []string{d.tiers(), "unclassified: " + d.pick("restricted", "internal"), "broad_above: restricted", "categories: [money, health]",
			"weights: { close: 4, debit: 4, credit: 2 }", d.pick("", "", "overdue: deny", "overdue: warn"), `define: { eu: 'object.tenant == "eu"' }`,
			"action_groups: { looks: " + d.pick("[read]", "[read, list]", "[read, close]") + " }",
			d.pick("", "kinds: { service: { require: { workload: } } }")}},
		{"objects:\n", d.objects()},
		{"routes:\n  - host: bank.example.com\n    map:\n", d.lines()},
		{"identities:\n", d.identities()},
		{"groups:\n", []string{
			"  - { name: insiders, members: " + d.pick("[people, billing]", "[people]", "[billing, acme]") + " }",
			"  - { name: all, members: " + d.pick("[insiders, acme]", "[insiders, root]") + " }",
		}},
		{"rules:\n", []string{d.rule(0), d.rule(1), d.rule(2), d.rule(3), "  - { id: sure, allow: all, to: [looks], on: account, up_to: public, when: eu }"}},
	}}
}

func (d drawing) tiers() string {
	last := d.pick("{ name: restricted }", "{ name: restricted }", "{ name: restricted, require: { purpose: true } }", "{ name: restricted, require: { bound_token: true } }",
		"{ name: restricted, require_shadow: { purpose: true } }")
	return "tiers: [ { name: public }, { name: internal }, { name: confidential }, " + d.pick("", "", "{ name: guarded }, ") + last + " ]"
}

func (d drawing) objects() []string {
	account := []string{
		"type: account, catalog: bank, parent: customer, attributes: { tenant: string, owner: string, sharers: [string], frozen: bool }",
		"tier: " + d.pick("public", "internal"), d.pick("", "max_row_tier: restricted", "max_row_tier: confidential"),
		d.pick("", "", `id: "[A-Z][0-9]"`),
		d.pick("", "actions: { close: { tier: restricted } }"),
		d.pick("", "", "properties: { owner: restricted }", "properties: { tenant: confidential, owner: { tier: restricted, category: [money] } }"),
		d.pick("", "", "writable: { update: [owner, tenant] }", "writable: { update: [owner] }"),
		d.pick("", "", `classify: [ { when: eu, tier: restricted } ]`, `classify: [ { when: 'object.frozen', tier: confidential, category: [money] } ]`),
	}
	return []string{
		"  - { " + join(account) + " }",
		"  - { type: customer, tier: internal, catalog: bank, attributes: { tenant: string } }",
		"  - { " + join([]string{"type: note", d.pick("", "tier: public", "tier: internal"), d.pick("", "category: [money]")}) + " }",
	}
}

// lines are map lines; each is there or not.
func (d drawing) lines() (out []string) {
	for _, l := range drawnLines {
		text := l.text
		if l.bound != "" && d.IntN(3) == 0 {
			text = l.bound
		}
		if d.IntN(6) == 0 && l.text != drawnLines[0].text {
			text = ""
		}
		out = append(out, text)
	}
	return out
}

func (d drawing) identities() []string {
	who := func(s string, more ...string) string { return "  - { " + join(append([]string{s}, more...)) + " }" }
	state := func() string {
		return d.pick("", "", "", "", "", "", "", "status: suspended", "not_before: "+d.date(30), "expires: "+d.date(40), "expires: "+d.date(-5), "review_by: "+d.date(20))
	}
	extra := who("name: temp, kind: human, match: { issuer: corp, subject: temp }", state(), d.pick("", "purpose: [invoicing]"))
	if d.IntN(3) == 0 {
		extra = ""
	}
	return []string{
		who("name: people, kind: human", "match: { issuer: corp, client: "+d.pick("[web]", "[web, app]", "[app]")+" }", state()),
		who("name: root, kind: human, match: { issuer: corp, subject: root }", d.pick("environment: prod", "environment: prod", "environment: test"), d.pick("", "network: [10.0.0.0/8]"), state()),
		who("environment: prod, name: billing, kind: service, match: { issuer: corp, subject: svc-billing }", `workload: "spiffe://example.com/billing"`, d.pick("purpose: [invoicing, dunning]", "purpose: [invoicing]"), state()),
		who("name: acme, kind: third-party, match: { issuer: acme-idp }", "tenant: "+d.pick("acme", "eu"), state()),
		extra,
	}
}

// rule draws a rule, or none.
func (d drawing) rule(n int) string {
	if d.IntN(5) == 0 {
		return ""
	}
	who := d.pick("people", "root", "billing", "acme", "insiders", "all", "{ kind: human, claim: { role: auditor } }",
		"{ issuer: corp, not: { claim: { role: auditor } }, kind: human }", "{ any_of: [people, acme] }", "{ all_of: [ { issuer: corp }, { any_of: [ { kind: human }, { group: insiders } ] } ] }", "{ scope: [accounts], kind: human }",
		"{ environment: prod }", "{ workload: \"spiffe://example.com/*\", kind: service }", "{ kind: anonymous }", "{ kind: human }")
	on := d.pick("account", "account", "account", "note", "[account, note]")
	effect, tier := "allow", "up_to: "+d.pick("public", "internal", "confidential", "restricted")
	if d.IntN(4) == 0 {
		effect, tier = "deny", d.pick("", "from_tier: public", "from_tier: confidential", "from_tier: restricted")
	}
	narrow := ""
	if on == "account" {
		narrow = d.pick("", "own: owner", "own: sharers", "same: tenant", "only: { id: [A1, B7] }", "only: { id_prefix: [A] }",
			"only: { label: { tenant: [eu, us] } }", "only: { label: { frozen: true } }", "only: { parent: [ada] }", "own: parent.tenant",
			"when: eu", `when: 'object.tenant in ["us", "fr"] || !eu'`, `when: 'object.id == "A1" && caller.subject != "root"'`)
	}
	if strings.HasPrefix(narrow, "own") && !slices.Contains([]string{"people", "root", "billing", "acme", "insiders"}, who) || narrow == "same: tenant" && who != "acme" {
		narrow = ""
	}
	to := d.pick("[read]", "[list]", "[read, close]", "[create]", "[update]", "[looks]", "[debit, credit]", `["*"]`)
	if effect == "deny" && narrow != "" {
		to = "[read, list]" // of new objects nothing is known, and such a rule does not load
	}
	parts := []string{fmt.Sprintf("id: r%d", n), effect + ": " + who, "to: " + to, "on: " + on, tier, narrow, d.pick("", "", "for: [invoicing]"),
		d.pick("", "", "", "category: [money]", "category: [health]"), d.pick("", "", "", "until: "+d.date(30), "not_before: "+d.date(15)), d.pick("", "", "", "", "mode: shadow")}
	if effect == "deny" {
		parts = append(parts, d.pick("", "", "status: 404", "status: 423, text: no"))
	} else {
		if narrow == "" {
			parts = append(parts, d.pick("", "unbounded: true"))
		}
		parts = append(parts, d.pick("", "", "", "require: { purpose: true }", "require: { max_token_age: 1h }", `ask: { header: x-case, pattern: "[0-9]+", as: case }`),
			"because: test, owner: test", "review_by: "+d.pick(d.date(-10), d.date(25), d.date(300)))
	}
	return "  - { " + join(parts) + " }"
}

func join(parts []string) string {
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

// drawnLine is a map line of the small universe, with what it touches as a change
// says it. All of a line's touches must be allowed for one of them.
type drawnLine struct {
	text, bound string // the second spelling binds it to one tenant
	purpose     string
	touches     []string // action|type|on
}

var drawnLines = []drawnLine{
	{text: "      - GET    /accounts/{id}           -> read   account/{id}", touches: []string{"read|account|object"}},
	{text: "      - DELETE /accounts/{id}           -> close  account/{id}", touches: []string{"close|account|object"}},
	{text: "      - PATCH  /accounts/{id}           -> update account/{id}", touches: []string{"update|account|object"}},
	{text: "      - GET    /accounts                -> list   account", touches: []string{"list|account|collection, unbounded"}},
	{text: "      - GET    /tenant?t={t}            -> list   account[tenant={t}]", bound: "      - GET    /tenant                  -> list   account[tenant=eu]",
		touches: []string{"list|account|collection[tenant]"}},
	{text: "      - GET    /customers/{c}/accounts  -> list   account in customer/{c}", touches: []string{"list|account|collection[parent]"}},
	{text: "      - POST   /customers/{c}/accounts  -> create account in customer/{c}", touches: []string{"create|account|new object[parent]"}},
	{text: "      - POST   /transfers               -> debit account/{body.from}, credit account/{body.to}", touches: []string{"debit|account|object", "credit|account|object"}},
	{text: "      - GET    /notes/{id}              -> read   note/{id}", touches: []string{"read|note|object"}},
	{text: "      - { \"GET /invoices/{id} -> close note/{id}\": { purpose: invoicing } }", purpose: "invoicing", touches: []string{"close|note|object"}},
}
