package rules

// demanded is whether a caller meets what an allow rule, by its id, and a tier, by its
// name, demand.
type demanded struct{ ofRule, ofTier func(name string) bool }

// Demanding returns the same rules for callers who do not meet every demand: an allow
// rule or a tier of which they do not allows them nothing. It is for comparisons of two
// versions, and decides no request.
func (s *Set) Demanding(ofRule, ofTier func(name string) bool) *Set {
	out := *s
	out.demanded = &demanded{ofRule, ofTier}
	return &out
}
