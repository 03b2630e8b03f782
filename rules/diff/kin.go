package diff

import (
	"fmt"
	"hash/fnv"
	"reflect"

	"github.com/tiergate/tiergate/rules"
)

// kin are callers who are one identity to a version, or none of an issuer: the same
// rules can be about them.
type kin struct {
	name     string
	identity *rules.Identity // nil for none
	rules    []int           // that can be about them, by their places among the version's
	print    uint64          // of the identity and of these rules, as they are written
}

// kinOf is who somebody is to a version, whether or not it may be used now.
func (s *side) kinOf(w *who) *kin {
	c, _ := s.recogniser.Recognise(w.evidence, &w.request, "")
	var name string
	id := c.Identity
	switch v := w.evidence.Verified; {
	case id != nil:
		name = "identity " + id.Name
	case v.Anonymous:
		name, id = "anonymous", &rules.Identity{Kind: rules.Anonymous}
	default:
		name, id = "issuer "+v.Issuer, &rules.Identity{Kind: rules.Unknown, Issuer: v.Issuer}
	}
	if k := s.kin[name]; k != nil {
		return k
	}
	k := &kin{name: name, identity: c.Identity, rules: s.Set.About(id)}
	h := fnv.New64a()
	if c.Identity != nil {
		for i := range s.Source.Identities {
			if d := &s.Source.Identities[i]; d.Name.V == id.Name {
				fmt.Fprintf(h, "%q", spelt(reflect.ValueOf(*d)))
			}
		}
	}
	for _, i := range k.rules {
		fmt.Fprintf(h, "%q", s.spelt(i))
	}
	k.print = h.Sum64()
	s.kin[name] = k
	return k
}

// spelt is a rule in words, with what its names stand for.
func (s *side) spelt(i int) string {
	r := &s.rules[i]
	if s.spellings[i] == "" {
		s.spellings[i] = fmt.Sprintf("%s\x00%q\x00%s", spelt(reflect.ValueOf(*s.decls[r.ID])), r.To, r.Written)
	}
	return s.spellings[i]
}

// around is what a version says beside identities and rules, in words.
func (s *side) around() string {
	src := *s.Source
	src.Files, src.Identities, src.Rules = nil, nil, nil
	return spelt(reflect.ValueOf(src))
}

// unchanged reports whether somebody is the same to both versions, and nothing that
// is about it differs: then both decide alike.
func (p *pass) unchanged(w *who) bool {
	if !p.alike {
		return false
	}
	var prints [2]uint64
	var names, faults [2]string
	for i, s := range p.sides {
		k := s.kinOf(w)
		prints[i], names[i] = k.print, k.name
		if _, err := s.recogniser.Recognise(w.evidence, &w.request, ""); err != nil {
			faults[i] = err.Error()
		}
	}
	return prints[0] == prints[1] && names[0] == names[1] && faults[0] == faults[1]
}
