package oracle

import (
	"slices"
	"time"
)

// caller is who sends a request; the zero caller is anonymous.
type caller struct {
	token    *Token
	issuer   *Issuer
	claims   map[string]any
	identity *Identity // nil when anonymous or unknown
	purpose  string
	bound    bool
	actor    *caller // who acts for this one
}

// verify is section 3, step 1.
func (e *evaluation) verify() string {
	if e.req.Auth != "" {
		return "credential_malformed"
	}
	if e.req.Token < 0 {
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

// recognise is section 3, steps 2 to 8.
func (e *evaluation) recognise() string {
	c := &e.caller
	if c.token == nil {
		return ""
	}
	reason := e.whoIs(c)
	if reason == "" {
		reason = e.usable(c)
	}
	if c.token.Act != nil {
		c.actor = e.acting()
		unknown := e.whoIs(c.actor)
		if reason == "" {
			reason = unknown
		}
		if reason == "" {
			reason = e.usable(c.actor)
		}
		if reason == "" && !c.actor.mayActFor(c.identity) {
			reason = "agent_not_permitted"
		}
	}
	e.firm = reason != ""
	return reason
}

// whoIs is step 2.
func (e *evaluation) whoIs(c *caller) string {
	var exact, classes []*Identity
	for _, i := range e.w.Identities {
		switch {
		case i.Issuer != c.issuer.Name || len(i.Clients) > 0 && !slices.Contains(i.Clients, c.token.Client):
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
	c.bound = i.Workload != "" && i.Workload == e.req.Peer
	switch {
	case i.Workload != "" && !c.bound:
		return "binding_mismatch"
	case i.Status != "":
		return "identity_suspended"
	case i.NotBefore > 0, i.Expires < 0:
		return "identity_expired"
	case len(i.Networks) > 0 && !slices.ContainsFunc(i.Networks, func(n string) bool { return slices.Contains(here, n) }):
		return "network_not_allowed"
	case i.MaxAge > 0 && c.token.Age > i.MaxAge:
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
	a := &caller{issuer: issuer, claims: map[string]any{}, token: &Token{
		Issuer: issuer.Name, Subject: act.Subject, Client: act.Client, Age: e.caller.token.Age, AuthAge: e.caller.token.AuthAge,
	}}
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
	case old(r.MaxTokenAge, c.age(), c.token != nil):
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
