package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// peered is a verifier that takes the peer on the user's word: there is no
// connection and no certificate on a command line.
type peered struct {
	policy.Verifier

	peer string
}

// Verify implements policy.Verifier.
func (p peered) Verify(ctx context.Context, req *rules.Request) (rules.Evidence, error) {
	e, err := p.Verifier.Verify(ctx, req)
	e.Peer = p.peer
	return e, err
}

// checkPeer refuses a --peer that no request could have.
func (a *asked) checkPeer(c *config) error {
	if a.peer == "" {
		return nil
	}
	domain, ok := rules.TrustDomain(a.peer)
	if !ok {
		return fmt.Errorf("--peer %q is no SPIFFE ID that a peer can have: spiffe://domain/path, the domain in lower case", a.peer)
	}
	if trusted := c.Peer.TrustDomains.Values(); len(trusted) > 0 && !slices.Contains(trusted, domain) {
		return fmt.Errorf("--peer %q is of a trust domain that peer.trust_domains does not have (%q), so it would be no peer", a.peer, trusted)
	}
	return nil
}

// byPeer states the caller that --as names, where that is a workload without a
// token: it is recognised by its peer, as the server does it.
func (a *asked) byPeer(id *rules.Identity) (policy.Verifier, error) {
	switch {
	case a.subject != "" || len(a.claims) > 0:
		return nil, fmt.Errorf("%q is the peer %s alone: it has no --subject and no --claim", id.Name, id.Peer)
	case a.peer == "":
		a.peer = id.Peer
	case a.peer != id.Peer:
		return nil, errors.New(a.as + " is the peer " + id.Peer + ", not --peer " + a.peer)
	}
	return stated{rules.Evidence{Verified: &rules.Verified{Anonymous: true}, Peer: id.Peer}}, nil
}
