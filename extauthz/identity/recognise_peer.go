package identity

import "github.com/tiergate/tiergate/rules"

// machine is an identity that is recognised by its peer, with what is known of
// its caller: the same for every request.
type machine struct {
	identity *rules.Identity
	who      *rules.Verified
}

// byPeer returns the caller of a request without a credential: the workload at the
// other end, if it is registered as one that needs none, else the anonymous caller.
// It is never asked where there is a credential, good or bad: a name that came with
// the connection must not stand in for one that was refused.
func (r *Recogniser) byPeer(e *rules.Evidence) (*rules.Caller, error) {
	c := &rules.Caller{Verified: e.Verified, Peer: e.Peer, Bound: e.Bound} // the zero kind is Anonymous
	if e.Verified == nil || e.Peer == "" {
		return c, nil
	}
	found := r.peers[e.Peer]
	if len(found) == 0 {
		return c, nil
	}
	c.Verified, c.Kind, c.Bound = found[0].who, rules.Unknown, rules.ByWorkload
	if len(found) > 1 {
		return c, ambiguous(found[0].identity, found[1].identity)
	}
	c.Identity, c.Kind = found[0].identity, found[0].identity.Kind
	return c, nil
}
