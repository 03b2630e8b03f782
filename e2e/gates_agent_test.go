//go:build e2e

package e2e

import (
	"github.com/tiergate/tiergate/e2e/idp"
)

// chain is an act claim so many actors deep, the outermost called who.
func chain(who string, depth int) map[string]any {
	act := map[string]any{"sub": who}
	if depth > 1 {
		act["act"] = chain("inner", depth-1)
	}
	return act
}

// actorRows are A25: who acts for the caller.
func actorRows() []gateRow {
	act := func(name string, act any, want string) gateRow {
		return claim("A25 "+name, idp.Claims{"act": act}, want)
	}
	return []gateRow{
		act("an actor 1,000 deep", chain("svc-reports", 1000), "token_too_large"),
		act("an actor 20 deep", chain("svc-reports", 20), "token_malformed"),
		act("an actor 9 deep", chain("svc-reports", 9), "token_claims"),
		act("a list of actors", []any{chain("svc-reports", 1)}, "token_claims"),
		act("a text", "svc-reports", "token_claims"),
		act("without a subject", map[string]any{"client_id": "web"}, "token_claims"),
		act("of an issuer that nobody configured", map[string]any{"sub": "svc-reports", "iss": "https://evil.example"}, "token_claims"),
		act("a name twice in another case", map[string]any{"sub": "svc-reports", "Sub": "svc-billing"}, "token_claims"),
		act("nobody registered", chain("nobody", 1), "agent_not_permitted"),
		act("a person", chain("ada", 1), "agent_not_permitted"),
		act("a machine that may not", chain("svc-reports", 1), "agent_not_permitted"),
		claim("A25 twin: may_act is no act", idp.Claims{"may_act": chain("nobody", 1)}, ""),
	}
}
