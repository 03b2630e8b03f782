package rules

// Classifies reports whether the type's `classify` says more of an object than its
// row's tier does.
func (t *Type) Classifies() bool { return len(t.classes) > 0 }

// Lowered reports whether an object of one type is less protected by what is known
// of it now than by what was: its tier is lower, or it has a category no longer. What
// neither says of its parent's row counts as it does in a decision: a classification
// that reads it is taken to hold, both times.
func (s *Schema) Lowered(was, is *Object) bool {
	before, after := s.gradeOf(&Target{Object: *was}), s.gradeOf(&Target{Object: *is})
	return after.tier < before.tier || !before.categories.within(after.categories)
}
