package rules

// TierOf returns how sensitive a target is, and what says so: the highest of
// type, action, named properties, row and classification; where neither type nor
// row classifies, unclassified too. Of equals the first in that order is named. A
// collection has its action's tier, else the highest its rows may have, or that
// of a property that is read of them, or of a classification that some may have.
func (s *Schema) TierOf(t *Target) (Tier, string) {
	g := s.gradeOf(t)
	return g.tier, g.from
}

// gradeOf is the grade of a target outside of a decision.
func (s *Schema) gradeOf(t *Target) grade {
	if len(t.Object.Type.classes) == 0 && t.otherwise == nil {
		return s.declared(t)
	}
	return s.grade(&facts{schema: s, target: t})
}

// grade is the grade of the target that the facts are about.
func (s *Schema) grade(f *facts) grade {
	g := s.declared(f.target)
	if t := f.target.Object.Type; len(t.classes) > 0 {
		g.classified(f)
		if s.unclassified(f.target) && s.Unclassified > g.tier {
			g.tier, g.from = s.Unclassified, "unclassified"
		}
	}
	if f.target.otherwise != nil {
		f.target.otherwise.of(&g)
	}
	return g
}

// declared is the grade without classification.
func (s *Schema) declared(t *Target) grade {
	typ := t.Object.Type
	g := grade{tier: NoTier, sure: yes, categories: typ.category | typ.ofProperties(t.Properties) | typ.ofProperties(t.Reads)}
	raise := func(to Tier, by string) {
		if to > g.tier {
			g.tier, g.from = to, by
		}
	}
	action, ok := typ.Actions[t.Action]
	if !ok {
		action = NoTier
	}
	if t.Collection {
		if raise(typ.MaxRowTier, "collection"); action != NoTier {
			g.tier, g.from = action, "action"
		}
		s.properties(&g, typ, t.Reads)
		return g
	}
	raise(typ.Tier, "type")
	raise(action, "action")
	s.properties(&g, typ, t.Properties)
	s.properties(&g, typ, t.Reads)
	raise(t.rowTier(), "row")
	if len(typ.classes) == 0 && s.unclassified(t) {
		raise(s.Unclassified, "unclassified")
	}
	return g
}

func (s *Schema) properties(g *grade, typ *Type, paths []string) {
	if name, to := typ.property(paths); to > g.tier {
		g.tier, g.from = to, "property "+name
	}
}

// unclassified reports whether neither type nor row gives an object a tier.
func (s *Schema) unclassified(t *Target) bool {
	return !t.Collection && t.Object.Type.Tier == NoTier && t.rowTier() == NoTier
}

// rowTier is what the row says. The zero Object has no row, whatever its RowTier says.
func (t *Target) rowTier() Tier {
	if t.Object.State != Stored {
		return NoTier
	}
	return t.Object.RowTier
}
