package identity

import (
	"context"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Explanation says what a token holds and what would become of it. It never
// holds the signature, so it cannot be used in the token's place.
type Explanation struct {
	Header map[string]any  // nil when unreadable
	Claims map[string]any  // nil when unreadable; unverified unless the gate "signature" has passed
	Issuer string          // name in the configuration, "" when none has this iss
	KeyID  string          // of the key that was asked
	Gates  []Gate          // every one, in the order in which Verify takes them
	Caller *rules.Verified // what the token proves; nil when it is refused
}

// Gate is one demand on a token and what came of it.
type Gate struct {
	Name   string
	State  GateState
	Reason rules.Reason // of the refusal; "" unless it has failed
	Detail string       // for the log and for people, never for a client
}

// GateState is what came of a gate.
type GateState string

// The states of a gate. One is not reached when what it looks at could not be
// read or found.
const (
	GatePassed     GateState = "passed"
	GateFailed     GateState = "failed"
	GateNotReached GateState = "not reached"
)

// The names of the gates that are not in a list of their own.
const (
	gateForm      = "form"
	gateIssuer    = "issuer"
	gateKey       = "key"
	gateSignature = "signature"
	gateBinding   = "binding"
)

// Gates names every gate, in order.
func Gates() []string {
	names := []string{gateForm}
	for i := range headerGates {
		names = append(names, headerGates[i].name)
	}
	names = append(names, gateIssuer)
	for i := range issuerGates {
		names = append(names, issuerGates[i].name)
	}
	names = append(names, gateKey, gateSignature)
	for i := range claimGates {
		names = append(names, claimGates[i].name)
	}
	for i := range assertions {
		names = append(names, assertions[i].name)
	}
	return append(names, gateBinding)
}

// Refused returns the first gate that has failed, which is what Verify answers;
// ok is false when none has.
func (e *Explanation) Refused() (first Gate, ok bool) {
	for _, g := range e.Gates {
		if g.State == GateFailed {
			return g, true
		}
	}
	return Gate{}, false
}

// Explain examines a token with the keys at hand and fetches nothing: call Fetch
// before it, if an issuer may be asked. Unlike Verify it does not stop at the
// first fault: what can be said of later gates is said.
func (v *Verifier) Explain(text string) Explanation {
	now := v.now()
	var e Explanation
	c, err := parse(text, v.maxToken)
	e.Header, e.Claims = c.header, c.claims
	if e.pass(gateForm, err) {
		for i := range headerGates {
			e.pass(headerGates[i].name, headerGates[i].check(c))
		}
		if i, err := v.issuerOf(c); e.pass(gateIssuer, err) {
			e.Issuer = i.name
			e.examine(i, c, now)
		}
	}
	e.rest()
	if _, refused := e.Refused(); refused {
		e.Caller = nil
	}
	return e
}

// examine takes the gates that an issuer sets.
func (e *Explanation) examine(i *issuer, c *compact, now time.Time) {
	for n := range issuerGates {
		e.pass(issuerGates[n].name, issuerGates[n].check(i, c, now))
	}
	e.signature(i, c, now)
	for n := range claimGates {
		e.pass(claimGates[n].name, claimGates[n].check(i, c, now))
	}
	e.Caller = &rules.Verified{Issuer: i.name, Fixed: i.fixed, KeyID: e.KeyID}
	for n := range assertions {
		e.pass(assertions[n].name, assertions[n].take(i, c, e.Caller))
	}
	switch {
	case e.Caller.Confirm != rules.Confirmation{}:
		e.Gates = append(e.Gates, Gate{Name: gateBinding, State: GateNotReached, Detail: "only a request can prove that it holds what cnf names"})
	default:
		e.pass(gateBinding, nil)
	}
}

func (e *Explanation) signature(i *issuer, c *compact, now time.Time) {
	skip := func(name string) { e.Gates = append(e.Gates, Gate{Name: name, State: GateNotReached}) }
	if c.alg == "" { // which has no key
		skip(gateKey)
		skip(gateSignature)
		return
	}
	set, kid, err := i.keys.look(c, now)
	if err == nil && !set.has(kid) {
		err = rules.Faultf(rules.TokenKeyUnknown, "no key has kid %s", clip(kid))
	}
	if !e.pass(gateKey, err) {
		skip(gateSignature)
		return
	}
	e.KeyID = kid
	e.pass(gateSignature, set.verify(context.Background(), c, kid))
}

// pass notes a gate and reports whether it has passed.
func (e *Explanation) pass(name string, err error) bool {
	g := Gate{Name: name, State: GatePassed}
	if err != nil {
		d := rules.Denial(err)
		g = Gate{name, GateFailed, d.Reason, d.Detail}
	}
	e.Gates = append(e.Gates, g)
	return err == nil
}

// rest notes the gates that were not reached.
func (e *Explanation) rest() {
	for _, name := range Gates()[len(e.Gates):] {
		e.Gates = append(e.Gates, Gate{Name: name, State: GateNotReached})
	}
}
