package oracle

import (
	"slices"
	"time"
)

// caller is who sends a request; the zero caller is anonymous.
type caller struct {
	token     *Token
	issuer    *Issuer
	claims    map[string]any
	identity  *Identity // nil when anonymous or unknown
	purpose   string
	bound     bool
	machine   bool    // recognised by its peer alone
	listing   *Type   // the directory of its issuer, nil for none
	row       *Row    // what it says of the subject
	confirmed bool    // the token's cnf was proven
	actor     *caller // who acts for this one
}

// verify is section 3, step 1.
func (e *evaluation) verify() string {
	if e.req.Auth != "" {
		return "credential_malformed"
	}
	if e.req.Token < 0 {
		e.byPeer()
		return ""
	}
	t := e.w.Tokens[e.req.Token]
	for _, f := range tokenFaults {
		if f.Name == t.Fault {
			return f.Reason
		}
	}
	e.caller.token, e.caller.issuer = t, e.w.issuer(t.Issuer)
	if e.caller.issuer.JWKS == "dead" {
		e.caller = caller{}
		return "jwks_unavailable"
	}
	var reason string
	if e.reachIf(!t.bindable(e.caller.issuer), "cnf: none, and the issuer demands one") {
		reason = "binding_missing"
	} else {
		reason = e.proven()
	}
	if reason != "" {
		e.caller = caller{}
		return reason
	}
	e.reachIf(e.peer() != "" && slices.ContainsFunc(e.w.Identities, func(i *Identity) bool { return i.Peer == e.peer() }), "peer: beside a token")
	e.caller.claims = map[string]any{}
	for _, a := range e.caller.issuer.MayAssert {
		if v, ok := t.Claims[a.Name]; ok && v != "" {
			e.caller.claims[a.Name] = v
		}
	}
	for _, f := range e.caller.issuer.Fixed {
		e.caller.claims[f.Claim] = f.Value
	}
	return ""
}

// identify is section 3, steps 2 to 10.
func (e *evaluation) identify() string {
	reason := e.recognise()
	e.firm = reason != ""
	if reason == "" {
		reason = e.purpose()
	}
	if e.out.Revoked = e.revoked(); e.out.Revoked != "" {
		return "revoked"
	}
	return reason
}

// recognise is section 3, steps 2 to 8. Both are recognised whatever came before,
// for a revocation may name either.
func (e *evaluation) recognise() string {
	c := &e.caller
	if c.machine {
		return e.usable(c)
	}
	if c.token == nil {
		return ""
	}
	whoIs := e.whoIs(c)
	if c.token.Act == nil {
		return firstOf(func() string { return e.readRow(c) }, func() string { return e.standing(c) },
			func() string { return whoIs }, func() string { return e.usable(c) })
	}
	a := e.acting()
	c.actor = a
	whoActs := e.whoIs(a)
	return firstOf(
		func() string { return e.readRow(c) }, func() string { return e.readRow(a) },
		func() string { return e.standing(c) }, func() string { return e.actorStanding(a) },
		func() string { return whoIs }, func() string { return e.usable(c) },
		func() string { return whoActs }, func() string { return e.usable(a) },
		func() string {
			if !a.mayActFor(c.identity) {
				return "agent_not_permitted"
			}
			return ""
		})
}

// firstOf takes steps until one ends the request.
func firstOf(steps ...func() string) string {
	for _, step := range steps {
		if reason := step(); reason != "" {
			return reason
		}
	}
	return ""
}

// actorStanding is what the row of who acts says.
func (e *evaluation) actorStanding(a *caller) string {
	if reason := e.standing(a); reason != "unknown_identity" {
		return reason
	}
	return "agent_not_permitted"
}

// whoIs is step 2.
func (e *evaluation) whoIs(c *caller) string {
	var exact, classes []*Identity
	for _, i := range e.w.Identities {
		switch {
		case i.Peer != "" || i.Issuer != c.issuer.Name || len(i.Clients) > 0 && !slices.Contains(i.Clients, c.token.Client):
		case i.Subject == c.token.Subject:
			exact = append(exact, i)
		case i.Subject == "":
			classes = append(classes, i)
		}
	}
	if len(exact) == 0 {
		exact = classes
	}
	switch len(exact) {
	case 0:
		return ""
	case 1:
		c.identity = exact[0]
		return ""
	}
	return "identity_ambiguous"
}

// usable is steps 3 to 7. The client's address is 127.0.0.1, whatever the proxy.
func (e *evaluation) usable(c *caller) string {
	i := c.identity
	if i == nil {
		return ""
	}
	atHome := i.Workload != "" && i.Workload == e.peer()
	c.bound = c.bound || atHome
	switch {
	case i.Workload != "" && !atHome:
		return "binding_mismatch"
	case e.reachIf(i.Status == "suspended", "identity: suspended"), e.reachIf(i.Status == "retired", "identity: retired"):
		e.reachIf(c.machine, "peer: an identity that may not be used")
		return "identity_suspended"
	case e.reachIf(i.NotBefore > 0, "identity: not yet"), e.reachIf(i.Expires < 0, "identity: expired"):
		return "identity_expired"
	case e.reachIf(e.w.Overdue && i.Review < 0, "identity: not reviewed in time"):
		return "review_overdue"
	case e.reachIf(len(i.Networks) > 0 && !slices.ContainsFunc(i.Networks, func(n string) bool { return slices.Contains(here, n) }), "identity: elsewhere"):
		return "network_not_allowed"
	case i.MaxAge > 0 && (e.reachIf(c.token.NoIAT, "identity: no iat") || e.reachIf(c.token.Age > i.MaxAge, "identity: its credential too old")):
		return "token_too_old"
	}
	return ""
}

// acting is who acts, as a caller: with the token's dates, and no claims but what
// is fixed for its issuer.
func (e *evaluation) acting() *caller {
	act := e.caller.token.Act
	issuer := e.caller.issuer
	if act.Issuer != "" {
		issuer = e.w.issuer(act.Issuer)
	}
	a := &caller{issuer: issuer, claims: map[string]any{}, bound: e.caller.confirmed, token: &Token{
		Issuer: issuer.Name, Subject: act.Subject, Client: act.Client, Age: e.caller.token.Age, NoIAT: e.caller.token.NoIAT, AuthAge: e.caller.token.AuthAge,
		ACR: e.caller.token.ACR, AMR: e.caller.token.AMR, Certificate: e.caller.token.Certificate,
	}, confirmed: e.caller.confirmed}
	if scope, ok := e.caller.token.Claims["scope"]; ok { // what was granted was granted to both
		a.token.Claims = map[string]any{"scope": scope}
	}
	for _, f := range issuer.Fixed {
		a.claims[f.Claim] = f.Value
	}
	return a
}

// mayActFor is step 8 about the two of them.
func (c *caller) mayActFor(i *Identity) bool {
	a := c.identity
	return a != nil && i != nil && (a.Kind == "agent" || a.Kind == "service") && slices.Contains(a.OnBehalfOf, i.Name)
}

// purpose is section 3, step 9. A caller without an identity has no list of
// purposes that one could be outside of.
func (e *evaluation) purpose() string {
	c := &e.caller
	if c.token != nil && c.issuer.Purpose != "" {
		c.purpose, _ = c.token.Claims[c.issuer.Purpose].(string)
	}
	if c.purpose == "" {
		c.purpose = e.line.Purpose
	}
	judged := c.identity
	if c.actor != nil {
		judged = c.actor.identity
	}
	if judged == nil {
		return ""
	}
	if c.purpose == "" && len(judged.Purposes) == 1 {
		c.purpose = judged.Purposes[0]
	}
	if c.actor != nil {
		c.actor.purpose = c.purpose
	}
	if c.purpose != "" && !slices.Contains(judged.Purposes, c.purpose) {
		return "purpose_not_allowed"
	}
	return ""
}

// strips says whether the upstream does not get the credential.
func (c *caller) strips() bool {
	return c.identity != nil && c.identity.Strip || c.actor != nil && c.actor.identity != nil && c.actor.identity.Strip
}

// selects says whether a selector means the caller: every member that it has must match.
func (c *caller) selects(s Selector) bool {
	kind := "anonymous"
	if c.identity != nil {
		kind = c.identity.Kind
	} else if c.token != nil {
		kind = "unknown"
	}
	if s.Identity != "" && (c.identity == nil || c.identity.Name != s.Identity) {
		return false
	}
	if s.Kind != "" && s.Kind != kind {
		return false
	}
	if s.Issuer != "" && (c.issuer == nil || c.issuer.Name != s.Issuer) {
		return false
	}
	for _, want := range s.Claim {
		switch v := c.claims[want.Claim].(type) {
		case string:
			if v != want.Value {
				return false
			}
		case []string:
			if !slices.Contains(v, want.Value) {
				return false
			}
		default:
			return false
		}
	}
	return true
}

// pinned is what the configuration, never the token, says of the caller.
func (c *caller) pinned(name string) (string, bool) {
	if name == "tenant" && c.identity != nil && c.identity.Tenant != "" {
		return c.identity.Tenant, true
	}
	if tenant := c.tenantOfRow(); name == "tenant" && tenant != "" {
		return tenant, true
	}
	if c.issuer != nil {
		for _, f := range c.issuer.Fixed {
			if f.Claim == name {
				return f.Value, true
			}
		}
	}
	return "", false
}

// unmet is the reason of the first demand that the caller does not meet, or "".
func (c *caller) unmet(r Require) string {
	old := func(limit, age time.Duration, known bool) bool { return limit > 0 && (!known || age > limit) }
	switch {
	case old(r.MaxTokenAge, c.age(), c.token != nil && !c.token.NoIAT):
		return "token_too_old"
	case old(r.MaxAuthAge, c.authAge(), c.authAge() > 0):
		return "auth_too_old"
	case r.BoundToken && !c.bound:
		return "token_not_bound"
	case r.Purpose && c.purpose == "":
		return "purpose_missing"
	}
	return ""
}

func (c *caller) age() time.Duration {
	if c.token == nil {
		return 0
	}
	return c.token.Age
}

func (c *caller) authAge() time.Duration {
	if c.token == nil {
		return 0
	}
	return c.token.AuthAge
}
