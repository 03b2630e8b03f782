package identity

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// WithIssuers tells the recogniser what is fixed for the callers of each issuer, and
// so for actors that an issuer speaks for. It is for whoever makes the recogniser,
// before its first use.
func (r *Recogniser) WithIssuers(issuers map[string]rules.IssuerEnv) *Recogniser {
	r.fixed = make(map[string]map[string]any, len(issuers))
	for name, issuer := range issuers {
		r.fixed[name] = issuer.Fixed
	}
	return r
}

// ActorOf returns who acts for the subject of a token, which must have an actor.
// Of the token the actor has its dates and what it grants. Its claims are about
// the subject: an actor has only what is fixed for its issuer.
func (r *Recogniser) ActorOf(v *rules.Verified) *rules.Verified {
	fixed := r.fixed[v.Actor.Issuer]
	return &rules.Verified{
		Issuer: v.Actor.Issuer, Subject: v.Actor.Subject, ClientID: v.Actor.ClientID,
		IssuedAt: v.IssuedAt, ExpiresAt: v.ExpiresAt, AuthTime: v.AuthTime, ACR: v.ACR, AMR: v.AMR, Confirm: v.Confirm,
		Scopes: v.Scopes, Details: v.Details, Claims: fixed, Fixed: fixed,
	}
}

// mayAct refuses an actor that cannot be used, or that nobody let act for the
// caller. What the token says of it is no leave: who issued it may not own what
// is asked for.
func mayAct(c *rules.Caller, notOne error, req *rules.Request) error {
	a := c.Actor
	if notOne != nil {
		return aboutActor(notOne)
	}
	if err := usable(a, req); err != nil {
		return aboutActor(err)
	}
	switch id := a.Identity; {
	case id == nil:
		return rules.Faultf(rules.AgentNotPermitted, "no identity matches the actor %s of issuer %s", clip(a.Subject), a.Issuer)
	case id.Kind != rules.Agent && id.Kind != rules.Service:
		return rules.Faultf(rules.AgentNotPermitted, "the actor %q is of kind %v", id.Name, id.Kind)
	case c.Identity == nil:
		return rules.Faultf(rules.AgentNotPermitted, "%q acts for a caller whom no identity matches", id.Name)
	case !slices.Contains(id.OnBehalfOf, c.Identity.Name):
		return rules.Faultf(rules.AgentNotPermitted, "%q acts on behalf of %q, not of %q", id.Name, id.OnBehalfOf, c.Identity.Name)
	}
	return nil
}

func aboutActor(err error) error {
	d := rules.Denial(err)
	return rules.Faultf(d.Reason, "the actor: %s", d.Detail)
}
