package diff

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// kindred are whom callers of one identity may be to each version: itself, whoever has
// its place where it is gone, or nobody in particular.
type kindred [2][]*rules.Identity

// kindred finds them, and adds a client for each pair of identities, of the one version
// and of the other, that the subjects of an identity can be with some client: where an
// identity of one subject goes, a class has its callers, by their client.
func (p *pass) kindred(id *rules.Identity, v *variety) (out kindred) {
	if id.Issuer == "" {
		e := &rules.Evidence{Verified: &rules.Verified{Anonymous: true}, Peer: id.Peer}
		for i, s := range p.sides {
			one, _ := s.recognised(e)
			out[i] = []*rules.Identity{one}
		}
		return out
	}
	var met set[[2]string]
	meet := func(subject, client string) (fresh bool) {
		e := &rules.Evidence{Verified: &rules.Verified{Issuer: id.Issuer, Subject: subject, ClientID: client}}
		var names [2]string
		for i, s := range p.sides {
			one, err := s.recognised(e)
			if names[i] = one.Name; err != nil && one.Name == "" {
				names[i] = err.Error() // two of them: that is not the same as none
			}
			if !slices.Contains(out[i], one) {
				out[i] = append(out[i], one)
			}
		}
		fresh = !met.has(names)
		met.add(names)
		return fresh
	}
	named := slices.Clone(v.clients.list)
	if len(named) == 0 || id.Subject != "" && p.anyClient(id) {
		named = append([]string{""}, named...)
	}
	v.clients.list = named
	for _, subject := range v.subjects.list {
		for _, client := range named {
			meet(subject, client)
		}
		for _, client := range p.clients(id.Issuer) {
			if id.Subject != "" && meet(subject, client) {
				v.clients.add(client)
			}
		}
	}
	return out
}

// anyClient reports whether an identity of this name or subject is so with any client.
func (p *pass) anyClient(id *rules.Identity) bool {
	return slices.ContainsFunc(p.sides[:], func(s *side) bool {
		return slices.ContainsFunc(s.Set.Identities(), func(o *rules.Identity) bool {
			return len(o.Clients) == 0 && o.Issuer == id.Issuer && (o.Name == id.Name || o.Subject == id.Subject)
		})
	})
}

// clients are those of an issuer that identities of either version name.
func (p *pass) clients(issuer string) []string {
	if p.ofIssuer == nil {
		p.ofIssuer = make(map[string]*set[string])
		for _, s := range p.sides {
			for _, id := range s.Set.Identities() {
				if p.ofIssuer[id.Issuer] == nil {
					p.ofIssuer[id.Issuer] = new(set[string])
				}
				p.ofIssuer[id.Issuer].add(id.Clients...)
			}
		}
	}
	if p.ofIssuer[issuer] == nil {
		return nil
	}
	return p.ofIssuer[issuer].list
}

// anyPeer reports whether somebody among them needs no workload behind it.
func (k *kindred) anyPeer() bool {
	for _, list := range k {
		if slices.ContainsFunc(list, func(id *rules.Identity) bool { return id.Workload == "" }) {
			return true
		}
	}
	return false
}

// recognised is who somebody is to this version, usable or not: where it is nobody
// in particular, an identity without a name stands for it. The error is why it is not
// usable, or nobody.
func (s *side) recognised(e *rules.Evidence) (*rules.Identity, error) {
	c, err := s.recogniser.Recognise(*e, new(rules.Request), "")
	if c.Identity != nil {
		return c.Identity, err
	}
	issuer := e.Verified.Issuer
	if s.nobody[issuer] == nil {
		s.nobody[issuer] = &rules.Identity{Kind: rules.Unknown, Issuer: issuer}
		if e.Verified.Anonymous {
			s.nobody[issuer].Kind = rules.Anonymous
		}
	}
	return s.nobody[issuer], err
}

// named are the version's identities of an identity's name.
func (s *side) named(id *rules.Identity) (out []*rules.Identity) {
	for _, other := range s.Set.Identities() {
		if other.Name == id.Name {
			out = append(out, other)
		}
	}
	return out
}
