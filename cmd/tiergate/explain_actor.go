package main

import (
	"fmt"
	"slices"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// identityNamed finds a registered identity.
func identityNamed(p *policy.Policy, name string) (*rules.Identity, error) {
	ids := p.Set().Identities()
	i := slices.IndexFunc(ids, func(id *rules.Identity) bool { return id.Name == name })
	if i >= 0 {
		return ids[i], nil
	}
	var names []string
	for _, id := range ids {
		names = append(names, id.Name)
	}
	return nil, fmt.Errorf("no identity %q in the rules %s", name, rules.DidYouMean(name, names))
}

// acts lets the identity that --actor names act for the caller, as its token would.
func (a *asked) acts(v *rules.Verified, p *policy.Policy) error {
	if a.actor == "" {
		return nil
	}
	id, err := identityNamed(p, a.actor)
	switch {
	case err != nil:
		return err
	case id.Peer != "":
		return fmt.Errorf("%q comes without a token, so no token names it as the actor", a.actor)
	}
	v.Actor = &rules.Actor{Issuer: id.Issuer, Subject: orDefault(id.Subject, a.actor)}
	if len(id.Clients) > 0 {
		v.Actor.ClientID = id.Clients[0]
	}
	return nil
}
