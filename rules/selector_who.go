package rules

// about names the registered identities that the rule can be about, in their order.
func (r *rule) about(all []*Identity) (names []string) {
	for _, id := range all {
		for i := range r.selectors {
			if r.selectors[i].about(id) {
				names = append(names, id.Name)
				break
			}
		}
	}
	return names
}
