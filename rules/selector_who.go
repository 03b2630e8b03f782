package rules

import "strings"

// whom tells selectors apart that can be about other identities than each other.
func (s *selector) whom() string {
	key := *s
	if len(s.claims)+len(s.scopes) > 0 { // which are no matter here, as long as it has a token
		key.claims, key.scopes = []claimTest{{}}, nil
	}
	return key.String()
}

// roster finds the identities that rules can be about, once for all rules that are
// about the same ones.
type roster struct {
	all   []*Identity
	known map[string][]string
}

// names are those that a rule can be about, in their order.
func (a *roster) names(r *rule) []string {
	var whom []string
	for i := range r.selectors {
		whom = append(whom, r.selectors[i].whom())
	}
	key := strings.Join(whom, "\n")
	names, ok := a.known[key]
	if !ok {
		names = r.about(a.all)
		a.known[key] = names
	}
	return names
}

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
