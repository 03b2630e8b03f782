//go:build e2e

package e2e

import (
	"strings"

	"github.com/tiergate/tiergate/e2e/idp"
)

// agentRules register who may act for customers. Agents read public files, and
// nothing else.
const agentRules = `
  - { name: assistant, kind: agent, match: { issuer: corp, subject: assistant }, on_behalf_of: [customers], owner: team-agents, purpose: [help], review_by: 2027-12-31 }
  - { name: clerk, kind: agent, match: { issuer: corp, subject: clerk }, on_behalf_of: [staff], owner: team-agents, purpose: [help], review_by: 2027-12-31 }
  - { name: retired, kind: agent, match: { issuer: corp, subject: retired }, on_behalf_of: [customers], status: retired, owner: team-agents, purpose: [help], review_by: 2027-12-31 }
  - { name: courier, kind: agent, match: { issuer: corp, subject: courier }, on_behalf_of: [customers], workload: "` + billingWorkload + `", owner: team-agents, purpose: [help], review_by: 2027-12-31 }
  - { name: foreigner, kind: agent, match: { issuer: acme-idp, subject: assistant }, on_behalf_of: [customers], owner: team-agents, purpose: [help], review_by: 2027-12-31 }
`

// ledger is a workload that comes without a token.
const (
	ledger      = "spiffe://bank.example.com/ns/ledger/sa/ledger"
	ledgerRules = "  - { name: ledger, kind: workload, match: { peer: " + ledger + " }, owner: team-ledger, purpose: [booking], review_by: 2027-12-31 }\n"
)

// chain is an act claim so many actors deep, the outermost called who.
func chain(who string, depth int) map[string]any {
	act := map[string]any{"sub": who}
	if depth > 1 {
		act["act"] = chain("inner", depth-1)
	}
	return act
}

// delegated is ada's token in the hands of who.
func delegated(who string) func(*maker) string {
	return func(m *maker) string { return m.token(nil, idp.Claims{"act": chain(who, 1)}) }
}

// actorRows are A25: who acts for the caller.
func actorRows() []gateRow {
	act := func(name string, act any, want string) gateRow {
		return gateRow{name: "A25 " + name, good: delegated("assistant"), want: want, bad: func(m *maker) string { return m.token(nil, idp.Claims{"act": act}) }}
	}
	return []gateRow{
		act("an actor 1,000 deep", chain("assistant", 1000), "token_too_large"),
		act("an actor 20 deep", chain("assistant", 20), "token_malformed"),
		act("an actor 9 deep", chain("assistant", 9), "token_claims"),
		act("twin: an actor 8 deep", chain("assistant", 8), ""),
		act("a list of actors", []any{chain("assistant", 1)}, "token_claims"),
		act("a text", "assistant", "token_claims"),
		act("without a subject", map[string]any{"client_id": "web"}, "token_claims"),
		act("of an issuer that nobody configured", map[string]any{"sub": "assistant", "iss": "https://evil.example"}, "token_claims"),
		act("a name twice in another case", map[string]any{"sub": "assistant", "Sub": "clerk"}, "token_malformed"),
		act("nobody registered", chain("nobody", 1), "agent_not_permitted"),
		act("a person", chain("ada", 1), "agent_not_permitted"),
		act("a machine that nobody let act", chain("svc-reports", 1), "agent_not_permitted"),
		act("an agent of others", chain("clerk", 1), "agent_not_permitted"),
		act("an agent that was retired", chain("retired", 1), "identity_suspended"),
		act("the agent inside, another outside", map[string]any{"sub": "nobody", "act": chain("assistant", 1)}, "agent_not_permitted"),
		act("twin: the agent outside, anything inside", map[string]any{"sub": "assistant", "act": chain("nobody", 2)}, ""),
		{name: "A25 may_act is no act", target: ownAccount, good: good, bad: func(m *maker) string { return m.token(nil, idp.Claims{"may_act": chain("nobody", 1)}) }},
		{name: "A25 may_act is no leave", good: delegated("assistant"), want: "agent_not_permitted", bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"act": chain("clerk", 1), "may_act": chain("clerk", 1)})
		}},
		{name: "A25 what the caller may and the agent may not", target: ownAccount, good: good, want: "agent_not_permitted", bad: delegated("assistant")},
		{name: "A25 an agent at its own workload's connection", good: delegated("courier"), bad: delegated("courier"), twin: billingWorkload, peer: reportsWorkload, want: "binding_mismatch"},
		{name: "A25 an agent without its workload's connection", good: delegated("courier"), bad: delegated("courier"), twin: billingWorkload, want: "binding_mismatch"},
		{name: "A25 another issuer's word for its actor", good: delegated("assistant"), want: "agent_not_permitted", bad: func(m *maker) string {
			return m.token(nil, idp.Claims{"act": map[string]any{"sub": "clerk", "iss": m.of("acme-idp").p.Issuer()}})
		}},
	}
}

// withAgents adds them to the identities of the rules.
func withAgents(rules string) string {
	return strings.Replace(rules, "identities:\n", "identities:"+agentRules+ledgerRules, 1) +
		"  - { id: workloads-read-public-files, allow: { kind: workload }, to: [read], on: file, up_to: public, when: object.id.startsWith(\"public/\") }\n" +
		"  - { id: agents-read-public-files, allow: { kind: agent }, to: [read], on: file, up_to: public, when: object.id.startsWith(\"public/\") }\n"
}
