package identity

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// Recogniser finds the registered identity of a verified caller. It is part of
// one policy version and never changes; its cost does not depend on how many
// identities there are.
type Recogniser struct {
	subjects map[member][]*rules.Identity // those that name a subject
	clients  map[member][]*rules.Identity // classes that name clients
	issuers  map[string][]*rules.Identity // classes of all clients
	peers    map[string][]*machine        // workloads that come without a token, by SPIFFE ID
	fixed    map[string]map[string]any    // what is fixed for the callers of an issuer
}

// member is a subject or a client of an issuer: two values, never a joined
// string, or ("a/b", "c") would be ("a", "b/c").
type member struct{ issuer, name string }

// NewRecogniser indexes the identities of one policy version.
func NewRecogniser(ids []*rules.Identity) *Recogniser {
	r := &Recogniser{
		subjects: make(map[member][]*rules.Identity),
		clients:  make(map[member][]*rules.Identity),
		issuers:  make(map[string][]*rules.Identity),
		peers:    make(map[string][]*machine),
	}
	for _, id := range ids {
		switch {
		case id.Peer != "":
			r.peers[id.Peer] = append(r.peers[id.Peer], &machine{id, id.ByPeer()})
		case id.Issuer == "": // nobody verifies without an issuer
		case id.Subject != "":
			key := member{id.Issuer, id.Subject}
			r.subjects[key] = append(r.subjects[key], id)
		case len(id.Clients) == 0:
			r.issuers[id.Issuer] = append(r.issuers[id.Issuer], id)
		default:
			for _, client := range id.Clients {
				key := member{id.Issuer, client}
				if !slices.Contains(r.clients[key], id) {
					r.clients[key] = append(r.clients[key], id)
				}
			}
		}
	}
	return r
}

// Recognise says which caller somebody verified is, with a peer, on a map line
// of that purpose (docs/reference/decisions.md, section 3). The error is a
// *rules.Fault; the caller that comes with it, its actor included, is there for
// the record and for revocations, and MUST NOT be decided on.
func (r *Recogniser) Recognise(e rules.Evidence, req *rules.Request, purpose string) (*rules.Caller, error) {
	v := e.Verified
	if v == nil || v.Anonymous {
		c, err := r.byPeer(&e)
		c.Purpose = purpose
		if c.Identity == nil || err != nil {
			return c, err
		}
		if err := usable(c, req); err != nil {
			return c, err
		}
		return c, settlePurpose(c)
	}
	c, err := r.caller(v, &e)
	var notOne error // why the actor is nobody
	if v.Actor != nil {
		if e.Actor == nil {
			e.Actor = r.ActorOf(v)
		}
		c.Actor, notOne = r.caller(e.Actor, &e)
	}
	if c.Purpose = v.Purpose; c.Purpose == "" {
		c.Purpose = purpose
	}
	if err == nil {
		err = usable(c, req)
	}
	if err == nil && c.Actor != nil {
		err = mayAct(c, notOne, req)
	}
	if err != nil {
		return c, err
	}
	return c, settlePurpose(c)
}

// caller finds the identity of a principal of the request.
func (r *Recogniser) caller(v *rules.Verified, e *rules.Evidence) (*rules.Caller, error) {
	c := &rules.Caller{Verified: v, Kind: rules.Unknown, Peer: e.Peer, Bound: e.Bound}
	id, err := r.match(v)
	if id == nil || err != nil {
		return c, err
	}
	c.Identity, c.Kind = id, id.Kind
	if id.Workload != "" && id.Workload == e.Peer && c.Bound == rules.NotBound { // the token's own proof says more
		c.Bound = rules.ByWorkload
	}
	return c, nil
}

// match returns the identity that fits, nil when none does.
func (r *Recogniser) match(v *rules.Verified) (*rules.Identity, error) {
	var found *rules.Identity
	for _, id := range r.subjects[member{v.Issuer, v.Subject}] {
		if len(id.Clients) > 0 && (v.ClientID == "" || !slices.Contains(id.Clients, v.ClientID)) {
			continue
		}
		if found != nil {
			return nil, ambiguous(found, id)
		}
		found = id
	}
	if found != nil {
		return found, nil
	}
	classes := r.issuers[v.Issuer]
	var ofClient []*rules.Identity
	if v.ClientID != "" {
		ofClient = r.clients[member{v.Issuer, v.ClientID}]
	}
	switch {
	case len(classes) > 1:
		return nil, ambiguous(classes[0], classes[1])
	case len(ofClient) > 1:
		return nil, ambiguous(ofClient[0], ofClient[1])
	case len(classes) == 1 && len(ofClient) == 1:
		return nil, ambiguous(classes[0], ofClient[0])
	case len(classes) == 1:
		return classes[0], nil
	case len(ofClient) == 1:
		return ofClient[0], nil
	}
	return nil, nil
}

func ambiguous(a, b *rules.Identity) error {
	return rules.Faultf(rules.IdentityAmbiguous, "both %q (%v) and %q (%v) match", a.Name, a.Pos, b.Name, b.Pos)
}
