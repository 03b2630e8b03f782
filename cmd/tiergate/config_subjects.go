package main

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// subjectsConfig says which catalog knows an issuer's subjects.
type subjectsConfig struct {
	Pos     rules.Pos
	Catalog rules.At[string] `yaml:"catalog"`
	Absent  rules.At[string] `yaml:"absent"`
}

// What a subject is that has no row.
const (
	absentDeny   = "deny"
	absentClaims = "claims"
)

func (s *subjectsConfig) env() rules.SubjectsEnv {
	if s == nil {
		return rules.SubjectsEnv{}
	}
	return rules.SubjectsEnv{Catalog: s.Catalog.V, Trusts: s.Absent.V == absentClaims}
}

// checkSubjects wants a catalog of subjects to be there, and to be of one issuer:
// with two, a row would be about whoever has that name at either.
func (c *config) checkSubjects(ms *rules.Mistakes) {
	first := make(map[string]*issuerConfig)
	for i := range c.Issuers {
		issuer := &c.Issuers[i]
		s := issuer.Subjects
		if s == nil {
			continue
		}
		has := slices.ContainsFunc(c.Catalogs, func(e rules.Entry[catalogConfig]) bool { return e.Key == s.Catalog.V })
		switch other := first[s.Catalog.V]; {
		case s.Catalog.V == "":
			ms.AddHint(s.Pos, "add catalog: NAME, one of catalogs", "subjects of issuer %q without a catalog", issuer.Name.V)
		case !has:
			var names []string
			for _, e := range c.Catalogs {
				names = append(names, e.Key)
			}
			ms.AddHint(s.Catalog.Pos, rules.DidYouMean(s.Catalog.V, names), "no catalog is named %q", s.Catalog.V)
		case other != nil:
			ms.AddHint(s.Catalog.Pos, "give each issuer a catalog of its own: the same name at two issuers is two subjects",
				"catalog %q already says who the subjects of issuer %q are", s.Catalog.V, other.Name.V)
		default:
			first[s.Catalog.V] = issuer
		}
		if w := s.Absent; w.Pos != (rules.Pos{}) && w.V != absentDeny && w.V != absentClaims {
			ms.AddHint(w.Pos, "one of deny, claims", "unknown value %q", w.V)
		}
	}
}
