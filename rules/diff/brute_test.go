package diff

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/suite"
)

const world = `
tiers: [ { name: public }, { name: internal }, { name: confidential }, { name: restricted } ]
unclassified: restricted
broad_above: restricted
categories: [money]
weights: { close: 4 }
objects:
  - { type: account, tier: internal, max_row_tier: restricted, catalog: bank, parent: customer, attributes: { tenant: string, owner: string, sharers: [string], frozen: bool }, actions: { close: { tier: confidential } } }
  - { type: customer, tier: internal, catalog: bank, attributes: { tenant: string } }
  - { type: note, tier: public, category: [money] }
routes:
  - host: bank.example.com
    map:
      - GET    /accounts/{id}           -> read   account/{id}
      - DELETE /accounts/{id}           -> close  account/{id}
      - GET    /accounts                -> list   account
      - GET    /tenant?t={t}            -> list   account[tenant={t}]
      - GET    /eu                      -> list   account[tenant=eu]
      - GET    /customers/{c}/accounts  -> list   account in customer/{c}
      - POST   /customers/{c}/accounts  -> create account in customer/{c}
      - GET    /notes/{id}              -> read   note/{id}
      - GET    /invoices/{id}           -> close  note/{id}: { purpose: invoicing }
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web] } }
  - { name: root, kind: human, match: { issuer: corp, subject: root }, environment: prod }
  - { name: billing, kind: service, match: { issuer: corp, subject: svc-billing }, workload: "spiffe://example.com/billing", purpose: [invoicing, dunning] }
  - { name: acme, kind: third-party, match: { issuer: acme-idp }, tenant: acme }
groups: [ { name: insiders, members: [people, billing] } ]
`

// drawRules draws rules: of each part that is judged exactly, one way or none.
func drawRules(random *rand.Rand) string {
	var b strings.Builder
	pick := func(of ...string) string { return of[random.IntN(len(of))] }
	n := random.IntN(5)
	if n > 0 {
		b.WriteString("rules:\n")
	}
	for i := range n {
		who := pick("people", "root", "billing", "acme", "insiders", "{ kind: human, claim: { role: auditor } }",
			"{ issuer: corp, not: { claim: { role: auditor } }, kind: human }", "{ any_of: [people, acme] }", "{ scope: [accounts], kind: human }",
			"{ environment: prod }", "{ workload: \"spiffe://example.com/*\", kind: service }", "{ kind: anonymous }")
		on := pick("account", "account", "account", "note", "[account, note]")
		effect, tier := "allow", "up_to: "+pick("public", "internal", "confidential", "restricted")
		if random.IntN(4) == 0 {
			effect, tier = "deny", "from_tier: "+pick("public", "confidential", "restricted")
		}
		narrow := ""
		if on == "account" {
			narrow = pick("", "own: owner", "own: sharers", "same: tenant", "only: { id: [A1, B7] }", "only: { id_prefix: [A] }",
				"only: { label: { tenant: [eu, us] } }", "only: { label: { frozen: true } }", "only: { parent: [ada] }", "own: parent.tenant")
		}
		if strings.HasPrefix(narrow, "own") && !slices.Contains([]string{"people", "root", "billing", "acme", "insiders"}, who) {
			narrow = ""
		}
		if narrow == "same: tenant" && who != "acme" {
			narrow = ""
		}
		to := pick("[read]", "[list]", "[read, close]", "[create]", `["*"]`)
		if effect == "deny" && narrow != "" {
			to = "[read, list]" // of new objects nothing is known, and such a rule does not load
		}
		parts := []string{fmt.Sprintf("id: r%d", i), effect + ": " + who, "to: " + to, "on: " + on, tier, narrow}
		parts = append(parts, pick("", "", "for: [invoicing]"), pick("", "", "", "category: [money]"),
			pick("", "", "until: 2027-06-30", "not_before: 2027-06-01"))
		if effect == "allow" {
			if narrow == "" {
				parts = append(parts, pick("", "unbounded: true"))
			}
			parts = append(parts, "because: test, owner: test, review_by: 2029-01-01")
		}
		parts = slices.DeleteFunc(parts, func(p string) bool { return p == "" })
		fmt.Fprintf(&b, "  - { %s }\n", strings.Join(parts, ", "))
	}
	return b.String()
}

var start = time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)

func bench(text string) (*suite.Bench, *side, error) {
	b, _, err := suite.NewBench(fstest.MapFS{"rules.yaml": {Data: []byte(text)}}, suite.Options{Env: rules.Env{Partial: true}, Now: start})
	if err != nil {
		return nil, nil, err
	}
	p := b.Policy()
	return b, newSide(Side{p.Set(), p.Source(), p.Routes().Operations()}), nil
}

// everybody are callers of the small universe, by the names of their identities.
// Nothing of them is taken from what is under test.
func everybody(s *rules.Set, now time.Time) map[string][]*rules.Caller {
	out := map[string][]*rules.Caller{"anonymous": {{Verified: &rules.Verified{Anonymous: true}}}}
	for _, id := range s.Identities() {
		for _, subject := range []string{"ada", "x"} {
			for _, role := range []any{nil, "auditor"} {
				for _, scopes := range [][]string{nil, {"accounts"}} {
					for _, purpose := range append([]string{""}, id.Purposes...) {
						v := &rules.Verified{Issuer: id.Issuer, Subject: subject, ClientID: "web", Claims: map[string]any{}, Scopes: scopes, IssuedAt: now}
						if v.Subject = subject; id.Subject != "" {
							v.Subject = id.Subject
						}
						if role != nil {
							v.Claims["role"] = role
						}
						c := &rules.Caller{Verified: v, Kind: id.Kind, Identity: id, Peer: id.Workload, Purpose: purpose}
						if out[id.Name] = append(out[id.Name], c); purpose == "" && len(id.Purposes) == 1 {
							c.Purpose = id.Purposes[0]
						}
					}
				}
			}
		}
	}
	return out
}

// everything are the targets of the small universe, by what a change says of them.
func everything(s *rules.Schema) map[string][]rules.Target {
	out := make(map[string][]rules.Target)
	add := func(on string, t rules.Target) {
		tier, _ := s.TierOf(&t)
		key := strings.Join([]string{t.Action, t.Object.Type.Name, on, s.TierName(tier)}, "|")
		out[key] = append(out[key], t)
	}
	account, note := s.Types["account"], s.Types["note"]
	for _, action := range []string{"read", "close"} {
		for _, id := range []string{"A1", "A9", "Z3"} {
			add("object", rules.Target{Action: action, Object: rules.Object{Type: note, ID: id, RowTier: rules.NoTier}})
			for _, owner := range []any{nil, "ada", "zoe"} {
				for _, tenant := range []any{nil, "eu", "acme", "fr"} {
					for _, sharers := range []any{nil, []string{"ada", "zoe"}} {
						for _, frozen := range []any{nil, true} {
							for _, tier := range []rules.Tier{rules.NoTier, 2, 3} {
								for _, parent := range []string{"", "ada"} {
									o := rules.Object{Type: account, ID: id, Parent: parent, Attributes: []any{tenant, owner, sharers, frozen}, RowTier: tier, State: rules.Stored}
									if parent != "" {
										o.ParentState, o.ParentAttributes = rules.Stored, []any{"acme"}
									}
									add("object", rules.Target{Action: action, Object: o})
								}
							}
						}
					}
				}
			}
		}
	}
	add("collection, unbounded", rules.Target{Action: "list", Collection: true, Unbounded: true, Object: rules.Object{Type: account, RowTier: rules.NoTier}})
	for _, tenant := range []any{"eu", "us", "acme", "fr", "ada"} {
		add("collection[tenant]", rules.Target{Action: "list", Collection: true, Object: rules.Object{Type: account, RowTier: rules.NoTier, Attributes: []any{tenant, nil, nil, nil}}})
	}
	for _, parent := range []string{"ada", "bob"} {
		for _, tenant := range []any{nil, "eu", "ada"} {
			o := rules.Object{Type: account, RowTier: rules.NoTier, Parent: parent, ParentState: rules.Stored, ParentAttributes: []any{tenant}}
			add("collection[parent]", rules.Target{Action: "list", Collection: true, Object: o})
			o.State = rules.New
			add("new object[parent]", rules.Target{Action: "create", Object: o})
		}
	}
	return out
}

// flips are what the small universe shows to differ.
func flips(before, after *rules.Set) map[string]bool {
	out := make(map[string]bool)
	oldThings, things := everything(before.Schema()), everything(after.Schema())
	for _, now := range []time.Time{start, start.AddDate(0, 5, 15), start.AddDate(1, 0, 0)} {
		old, req := everybody(before, now), &rules.Request{Now: now}
		for name, callers := range everybody(after, now) {
			for i := range callers {
				for key, targets := range things {
					c, oc := *callers[i], *old[name][i]
					if strings.HasPrefix(key, "close|note") && c.Purpose == "" { // the line's purpose
						if c.Purpose, oc.Purpose = "invoicing", "invoicing"; name != "billing" && name != "anonymous" {
							continue // they may not have it
						}
					}
					id := name + "|" + c.Purpose + "|" + key
					could := func(s *rules.Set, c *rules.Caller) bool {
						return s.CouldAllow(c, s.Schema().Types[targets[0].Object.Type.Name], targets[0].Action)
					}
					if !could(before, &oc) && !could(after, &c) || out["true|"+id] && out["false|"+id] {
						continue
					}
					for k := range targets {
						was := before.Decide(req, &oc, oldThings[key][k:k+1]).Effect == rules.Allow
						is := after.Decide(req, &c, targets[k:k+1]).Effect == rules.Allow
						if was != is {
							out[fmt.Sprintf("%t|%s", is, id)] = true
						}
					}
				}
			}
		}
	}
	return out
}

// What random pairs of rules change is what deciding on everything says, and each
// request that is shown is allowed by one and denied by the other.
func TestDiffEqualsBruteForce(t *testing.T) {
	changes := 0
	for seed := range uint64(12) {
		random := rand.New(rand.NewPCG(seed, 6))
		t.Run(fmt.Sprint(seed), func(t *testing.T) { changes += compareBoth(t, world+drawRules(random), world+drawRules(random)) })
	}
	if t.Logf("%d changes", changes); changes < 50 {
		t.Errorf("only %d changes: the generator draws too little", changes)
	}
}

func compareBoth(t *testing.T, before, after string) int {
	var benches [2]*suite.Bench
	var sides [2]*side
	for i, text := range []string{before, after} {
		var err error
		if benches[i], sides[i], err = bench(text); err != nil {
			t.Fatal(err)
		}
	}
	r, err := Compare(t.Context(), sides[0].Side, sides[1].Side, Options{Now: start})
	if err != nil {
		t.Fatal(err)
	}
	said := make(map[string]bool)
	for _, c := range r.Changes {
		said[fmt.Sprintf("%t|%s|%s|%s|%s|%s|%s", c.Effect == Gained, c.Identity, c.Purpose, c.Action, c.Type, c.On, c.Tier)] = true
		if c.Witness == nil {
			t.Errorf("%s %s: no witness", c.Effect, c.says())
			continue
		}
		for i, b := range benches {
			o, err := b.Decide(t.Context(), c.Witness.Case)
			if want := (c.Effect == Gained) == (i == 1); err != nil || (o.Effect == rules.Allow) != want {
				t.Errorf("%s %s: version %d says %v (%v) to\n%s", c.Effect, c.says(), i, o, err, c.Witness.Case)
			}
		}
	}
	for want := range flips(sides[0].Set, sides[1].Set) {
		if !said[want] {
			t.Errorf("brute force finds %s, the comparison does not", want)
		}
	}
	if len(r.Notes) > 0 {
		t.Errorf("not exact: %v", r.Notes)
	}
	if t.Failed() {
		t.Logf("old %s\nnew %s", strings.TrimPrefix(before, world), strings.TrimPrefix(after, world))
	}
	return len(r.Changes)
}
