package policy

import (
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// supplies are what can be lacking behind one map line.
const supplies = `
tiers: [ { name: public }, { name: internal }, { name: secret, require: { max_token_age: 5m } } ]
unclassified: secret
broad_above: internal
weights: { debit: 4, credit: 2 }
objects:
  - { type: order, tier: internal, max_row_tier: secret, catalog: orders, attributes: { owner: string, state: string }, writable: { update: [state] } }
routes:
  - host: shop.example.com
    map:
      - GET /orders/{id} -> read order/{id}
      - PUT /orders/{id} -> update order/{id}
      - POST /move/{a}/{b} -> debit order/{a}, credit order/{b}
identities:
  - { name: customers, kind: human, match: { issuer: corp, client: [web] } }
  - { name: robot, kind: service, match: { issuer: corp, subject: svc-robot }, status: suspended }
  - { name: agent, kind: agent, match: { issuer: corp, subject: agent-1 }, on_behalf_of: [customers] }
rules:
  - { id: own, allow: customers, to: [read, update, debit, credit], on: order, up_to: secret, own: owner, require: { acr: [gold] }, then: { set_headers: { x-note: "{caller.claims.note}" } } }
  - { id: robots, allow: robot, to: [read], on: order, up_to: internal }
  - { id: agents, allow: agent, to: [read], on: order, up_to: internal, when: object.state == "open" }
  - { id: closed, deny: customers, to: [read], on: order, when: has(object.state) && object.state == "closed", status: 423 }
`

// TestExplainSupplies: what is said of the rule that is asked for, and what comes of it.
func TestExplainSupplies(t *testing.T) {
	for _, row := range []struct {
		name, line, what, rule string
		actor                  bool
		supply, then, refused  string
		allows                 bool
		denied                 rules.Reason
		of                     string
	}{
		{name: "the owner, then the login", line: "GET /orders/2", rule: "own", supply: "object.owner=ada", then: "require acr", denied: rules.AuthTooWeak},
		{name: "the login", line: "GET /orders/1", rule: "own", supply: "acr=gold", allows: true},
		{name: "one target of two", line: "POST /move/1/2", what: "acr=gold", rule: "own", supply: "target.2.object.owner=ada", allows: true},
		{name: "the first of two, and the second lacks it too", line: "POST /move/2/2", what: "acr=gold", rule: "own", supply: "target.1.object.owner=ada", denied: rules.NoRule},
		{name: "a suspended identity", line: "GET /orders/1", rule: "robots", refused: `with identity=robot: identity_suspended, "robot" is suspended`},
		{name: "a demand of the tier", line: "GET /orders/1", what: "acr=gold tier=secret token_age=1h", of: "tier secret", supply: "token_age=0s", allows: true},
		{name: "no row", line: "GET /orders/9", of: "the catalog", supply: "exists=true", denied: rules.AttributeMissing},
		{name: "what is owed to the upstream", line: "GET /orders/1", what: "acr=gold claim.note=", of: "rule own", supply: "claim.note=x", allows: true},
		{name: "a member that nobody may write", line: "PUT /orders/1", what: "acr=gold properties=owner,state", of: "type order", supply: "properties=state", allows: true},
		{name: "who acts", line: "GET /orders/1", what: "acr=gold", actor: true, rule: "agents", supply: "object.state=open", allows: true},
		{name: "a deny rule beats it", line: "GET /orders/1", what: "object.state=closed", rule: "own", supply: "acr=gold", denied: rules.DeniedByRule},
	} {
		t.Run(row.name, func(t *testing.T) {
			who := ada()
			if row.actor {
				who.Actor = &rules.Actor{Issuer: "corp", Subject: "agent-1"}
			}
			p := load(t, supplies, options(t, stated{v: who}, order("1", "ada"), order("2", "bob")))
			s, err := rules.ParseSuppose(strings.Fields(row.what))
			if err != nil {
				t.Fatal(err)
			}
			e := p.Explainer()
			e.Rule = row.rule
			raw := request(row.line)
			if strings.HasPrefix(row.line, "PUT") {
				raw.Body, raw.Size = []byte("{}"), 2
				raw.Headers = []rules.Header{{Name: "content-type", Value: "application/json"}, {Name: "content-length", Value: "2"}}
			}
			o, err := e.Explain(t.Context(), raw, s)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range o.Near {
				if m.Rule != row.rule || m.Of != row.of || m.Lack == nil {
					continue
				}
				l := m.Lack
				if got := strings.Join(l.Supply, " "); got != row.supply || l.Then != row.then || l.Refused != row.refused || l.Allows != row.allows || l.Denied != row.denied {
					t.Errorf("supply %q, then %q, refused %q, allows %v, denied %q", got, l.Then, l.Refused, l.Allows, l.Denied)
				}
				return
			}
			t.Errorf("%s %s: nothing near is about it: %+v", o.Reason, o.Detail, o.Near)
		})
	}
}

// Nothing that was tried stays: neither the policy nor a cached row, and no request is
// asked about that was not allowed before.
func TestTryingChangesNothing(t *testing.T) {
	p := load(t, supplies, options(t, stated{v: ada()}, order("1", "ada"), order("2", "bob")))
	before := p.Check(t.Context(), request("GET /orders/2")).Reason
	for range 2 {
		if _, err := p.Explainer().Explain(t.Context(), request("GET /orders/2"), rules.Suppose{}); err != nil {
			t.Fatal(err)
		}
	}
	if after := p.Check(t.Context(), request("GET /orders/2")).Reason; after != before || before != rules.NoRule {
		t.Errorf("afterwards %s, before %s", after, before)
	}
}
