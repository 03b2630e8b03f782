package rules

import "strings"

// Tried is what the `when` of a rule said of one target.
type Tried struct {
	Pos   Pos  // of the rule
	Holds bool // neither Holds nor Fails: an error, or what a collection's bounds leave open
	Fails bool
}

// Tried evaluates the `when` of every rule, in shadow or not, whose selector, `to`,
// `on` and tier fit a target. It is for tests that ask what they have seen, and
// not for the request path.
func (s *Set) Tried(req *Request, who Judged, t *Target) (out []Tried) {
	if req == nil || t == nil || t.Object.Type == nil {
		return nil
	}
	f := s.facts(req, who, t)
	g := s.schema.grade(&f)
	f.tier, f.categories, f.sure = g.tier, g.categories, g.sure
	for _, ix := range []*index{&s.deny, &s.allow} {
		var q candidates
		ix.find(&q, f.caller, t.Object.Type.Name, t.Action)
		for cl := q.next(); cl != nil; cl = q.next() {
			if cl.effect == Deny && f.tier < cl.fromTier || cl.effect == Allow && f.tier > cl.upTo {
				continue
			}
			for i := range cl.conditions {
				if strings.HasPrefix(cl.conditions[i].says, saysWhen) {
					got := cl.conditions[i].test(&f)
					out = append(out, Tried{cl.decl.Pos, got == yes, got == no})
				}
			}
		}
	}
	return out
}
