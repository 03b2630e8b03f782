package rules

// WithTier returns a Set that decides as if every target had a tier. It is for
// explanations: what would this be allowed for, if it were less sensitive.
func (s *Set) WithTier(tier Tier) *Set {
	other := *s
	other.tier = &tier
	return &other
}

// grade is the grade of the target that the facts are about, or the one that is
// supposed of it.
func (s *Set) grade(f *facts) grade {
	g := s.schema.grade(f)
	if s.tier != nil {
		g.tier, g.from = *s.tier, "supposed"
	}
	return g
}
