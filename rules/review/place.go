package review

import "github.com/tiergate/tiergate/rules"

// New objects have no row yet. Where they may go is tried out on what the
// catalog knows: each object of the parent's type as the parent, where the
// parent is all that a line fixes; else, what the existing objects of the same
// type have for the attributes that it fixes; and one try where it fixes nothing.

// places tries what could be created beside or below an object.
func (s *survey) places(o *rules.Object) {
	like := *o
	like.State, like.RowTier = rules.New, rules.NoTier
	s.explore(&like, true)
	for _, typ := range s.below(o.Type) {
		s.explore(&rules.Object{
			Type: typ, Parent: o.ID, State: rules.New, RowTier: rules.NoTier, ParentState: o.State, ParentAttributes: o.Attributes,
		}, true)
	}
}

// below are the types whose new objects a line puts into an object of a type.
func (s *survey) below(parent *rules.Type) (out []*rules.Type) {
	seen := make(map[string]bool)
	for i := range s.plan.units {
		u := &s.plan.units[i]
		if u.New && len(u.Bounds) == 1 && u.Bounds[0].Attribute == "parent" && u.typ.Parent == parent.Name && !seen[u.Type] {
			seen[u.Type] = true
			out = append(out, u.typ)
		}
	}
	return out
}

// anywhere tries what a line creates without fixing anything.
func (s *survey) anywhere() {
	seen := make(map[string]bool)
	for i := range s.plan.units {
		u := &s.plan.units[i]
		if u.New && !seen[u.Type] {
			seen[u.Type] = true
			s.explore(&rules.Object{Type: u.typ, State: rules.New, RowTier: rules.NoTier}, true)
		}
	}
}
