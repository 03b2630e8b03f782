package identity

import (
	"context"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Explanation says what a token holds and what would become of it. It never
// holds the signature, so it cannot be used in the token's place.
type Explanation struct {
	Header    map[string]any // nil when unreadable
	Claims    map[string]any // nil when unreadable; unverified unless Signature says otherwise
	Issuer    string         // name in the configuration, "" when none has this iss
	KeyID     string         // of the key that was asked
	Signature Signature
	Refusals  []Refusal       // all that can be found, in the order in which they would refuse
	Caller    *rules.Verified // what the token proves; nil when it is refused
}

// Refusal is one thing that is wrong with a token.
type Refusal struct {
	Reason rules.Reason
	Detail string
}

// Signature is the state of a token's signature.
type Signature string

// The states of a signature.
const (
	NotChecked Signature = "not checked"
	Valid      Signature = "valid"
	Invalid    Signature = "invalid"
)

// Explain examines a token with the keys at hand and fetches nothing: call Fetch
// before it, if an issuer may be asked. Unlike Verify it does not stop at the
// first fault.
func (v *Verifier) Explain(text string) Explanation {
	now := v.now()
	e := Explanation{Signature: NotChecked}
	c, err := parse(text, v.maxToken)
	e.Header, e.Claims = c.header, c.claims
	if e.refuse(err) {
		return e
	}
	for _, check := range headerChecks {
		e.refuse(check(c))
	}
	i, err := v.issuerOf(c)
	if e.refuse(err) {
		return e
	}
	e.Issuer = i.name
	e.examine(i, c, now)
	return e
}

func (e *Explanation) examine(i *issuer, c *compact, now time.Time) {
	if c.alg != "" {
		e.refuse(i.allows(c))
		e.signature(i, c, now)
	}
	for _, check := range claimChecks {
		e.refuse(check(i, c, now))
	}
	caller, err := i.assert(c)
	if len(e.Refusals) > 0 {
		if err != nil {
			e.refuse(err)
		}
		return
	}
	if !e.refuse(err) {
		e.Caller = caller
	}
}

func (e *Explanation) signature(i *issuer, c *compact, now time.Time) {
	set, kid, err := i.keys.look(c, now)
	e.KeyID = kid
	if e.refuse(err) {
		return
	}
	err = set.verify(context.Background(), c, kid)
	switch {
	case !e.refuse(err):
		e.Signature = Valid
	case rules.Denial(err).Reason == rules.TokenSignature:
		e.Signature = Invalid
	}
}

// refuse notes an error and reports whether there was one.
func (e *Explanation) refuse(err error) bool {
	if err == nil {
		return false
	}
	d := rules.Denial(err)
	next := Refusal{d.Reason, d.Detail}
	for _, r := range e.Refusals {
		if r == next {
			return true
		}
	}
	e.Refusals = append(e.Refusals, next)
	return true
}
