package rules

// TierOf returns how sensitive a target is, and what says so: the highest of
// type, action, named properties and row; where neither type nor row
// classifies, unclassified too. Of equals the first in that order is named. A
// collection has its action's tier, else the highest its rows may have, or that
// of a property that is read of them.
func (s *Schema) TierOf(t *Target) (Tier, string) {
	typ := t.Object.Type
	action, ok := typ.Actions[t.Action]
	if !ok {
		action = NoTier
	}
	if t.Collection {
		tier, from := typ.MaxRowTier, "collection"
		if action != NoTier {
			tier, from = action, "action"
		}
		if name, to := typ.property(t.Reads); to > tier {
			tier, from = to, "property "+name
		}
		return tier, from
	}
	row := NoTier // the zero Object has no row, whatever its RowTier says
	if t.Object.State == Stored {
		row = t.Object.RowTier
	}
	tier, from := NoTier, ""
	raise := func(to Tier, by string) {
		if to > tier {
			tier, from = to, by
		}
	}
	raise(typ.Tier, "type")
	raise(action, "action")
	for _, paths := range [...][]string{t.Properties, t.Reads} {
		if name, to := typ.property(paths); to > tier {
			tier, from = to, "property "+name
		}
	}
	raise(row, "row")
	if typ.Tier == NoTier && row == NoTier {
		raise(s.Unclassified, "unclassified")
	}
	return tier, from
}
