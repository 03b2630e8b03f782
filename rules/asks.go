package rules

import (
	"maps"
	"slices"
)

// Ask is what a selector asks of the token and the connection of callers, beside
// who they are.
type Ask struct {
	Claims map[string]string // equal to, or for a list claim, contains
	Scopes []string
	Peer   string // a SPIFFE ID; ending in /*, any below it
}

// Asks returns what selectors ask of callers of an identity, each once and in the
// order of the rules; and what they ask not to be so, since who has it may be told
// apart by it. An identity of kind unknown stands for callers whom none matches.
func (s *Set) Asks(id *Identity) (out []Ask) {
	add := func(a Ask) {
		same := func(b Ask) bool {
			return maps.Equal(a.Claims, b.Claims) && slices.Equal(a.Scopes, b.Scopes) && a.Peer == b.Peer
		}
		if (len(a.Claims) > 0 || len(a.Scopes) > 0 || a.Peer != "") && !slices.ContainsFunc(out, same) {
			out = append(out, a)
		}
	}
	for _, r := range s.rules {
		for i := range r.selectors {
			sel := &r.selectors[i]
			if !sel.about(id) {
				continue
			}
			a := Ask{Claims: map[string]string{}}
			a.ask(sel, id)
			add(a)
			for k := range sel.but {
				but := Ask{Claims: maps.Clone(a.Claims), Scopes: slices.Clone(a.Scopes), Peer: a.Peer}
				but.ask(&sel.but[k], id)
				add(but)
			}
		}
	}
	return out
}

// ask adds what a selector asks of callers of an identity.
func (a *Ask) ask(s *selector, id *Identity) {
	for _, c := range s.claims {
		a.Claims[c.name] = c.value
	}
	for _, scope := range s.scopes {
		if !slices.Contains(a.Scopes, scope) {
			a.Scopes = append(a.Scopes, scope)
		}
	}
	if len(s.workloads) > 0 && id.Workload == "" && id.Peer == "" {
		a.Peer = s.workloads[0].String()
	}
}

// Conditions returns the conditions of rules that can be about callers of an
// identity, or of all rules for nil, with every define written out.
func (s *Set) Conditions(id *Identity) (out []string) {
	for _, r := range s.rules {
		about := func(sel selector) bool { return sel.about(id) }
		if r.written != "" && (id == nil || slices.ContainsFunc(r.selectors, about)) {
			out = append(out, r.written)
		}
	}
	return out
}
