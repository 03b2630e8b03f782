package rules

// mayBe reports whether a caller of a registered identity could be one that s is
// about: nothing that is known before a request comes speaks against it.
func (s *selector) mayBe(id *Identity) bool {
	if s.identity != nil {
		return s.identity.Name == id.Name
	}
	return (s.anyKind || s.kind == id.Kind) && (s.issuer == "" || s.issuer == id.Issuer)
}

// about names the registered identities that the rule can be about, in their order.
func (r *rule) about(all []*Identity) (names []string) {
	for _, id := range all {
		for i := range r.selectors {
			if r.selectors[i].mayBe(id) {
				names = append(names, id.Name)
				break
			}
		}
	}
	return names
}
