package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// stated is a verifier that takes the caller on the user's word.
type stated struct{ rules.Evidence }

// Verify implements policy.Verifier.
func (s stated) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	return s.Evidence, nil
}

// verifier states the caller that --as names, with the claims and the actor that the
// command line adds.
func (a *asked) verifier(p *policy.Policy, now time.Time) (policy.Verifier, error) {
	set := p.Set()
	if a.as == rules.Anonymous.String() {
		return stated{rules.Evidence{Verified: &rules.Verified{Anonymous: true}, Peer: a.peer}}, nil
	}
	id, err := set.Identity(a.as)
	if err != nil {
		return nil, err
	}
	if id.Peer != "" {
		return a.byPeer(id)
	}
	e, err := a.verified(set, id, now)
	return stated{e}, err
}

// verified is what a token of the identity proves, over the connection of --peer alone.
func (a *asked) verified(set *rules.Set, id *rules.Identity, now time.Time) (rules.Evidence, error) {
	e, err := set.As(id.Name, a.subject, now)
	switch {
	case err != nil:
		return e, err
	case a.subject != "" && a.subject != e.Verified.Subject:
		return e, fmt.Errorf("%q is the subject %q alone, not --subject %q", a.as, id.Subject, a.subject)
	case e.Verified.Subject == "":
		return e, fmt.Errorf("%q is a class of callers: say which one with --subject", a.as)
	}
	for _, c := range a.claims {
		if !strings.Contains(c, "=") {
			return e, fmt.Errorf("no claim %q: want name=value", c)
		}
	}
	said, err := rules.ParseSuppose(a.says())
	if err != nil {
		return e, err
	}
	e.Peer = a.peer
	return said.Evidence(e, set, now)
}

// of the token itself, whatever the issuer may assert.
var registeredClaims = []string{"acr", "amr", "scope"}

// says are the claims and the actor as settings.
func (a *asked) says() (settings []string) {
	for _, c := range a.claims {
		if name, _, _ := strings.Cut(c, "="); !slices.Contains(registeredClaims, name) {
			c = "claim." + c
		}
		settings = append(settings, c)
	}
	if a.actor != "" {
		settings = append(settings, "actor="+a.actor)
	}
	return settings
}
