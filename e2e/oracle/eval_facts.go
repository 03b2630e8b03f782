package oracle

import "slices"

// facts is section 4, step 2.
func (e *evaluation) facts() string {
	for _, t := range e.targets {
		if t.typ.Source == nil || t.spec.ID == nil {
			continue
		}
		for _, a := range t.spec.Actions {
			t.looked = t.looked || slices.ContainsFunc(e.w.Rules, func(r *Rule) bool { return !r.Deny && e.fits(r, a, t.typ) })
		}
		if t.looked {
			t.row = t.typ.row(t.id)
		}
		if t.row != nil && t.row.Bad != "" {
			return "catalog_bad_row" // no target was decided: a shadow entry of its type is of no use
		}
	}
	return ""
}

// settle is section 4, step 3: create|update becomes one or both.
func (e *evaluation) settle() string {
	var out []*target
	for _, t := range e.targets {
		for _, a := range t.spec.Actions {
			one := *t
			one.action = a
			if len(t.spec.Actions) == 2 && t.looked && (a == "create") != (t.row == nil) {
				continue
			}
			out = append(out, &one)
		}
	}
	e.targets = out
	return ""
}

// classify is section 4, step 4.
func (e *evaluation) classify() string {
	for _, t := range e.targets {
		top := len(e.w.Tiers) - 1
		if t.typ.MaxRowTier != "" {
			top = e.w.tier(t.typ.MaxRowTier)
		}
		action := -1
		for _, a := range t.typ.Actions {
			if a.Action == t.action {
				action = e.w.tier(a.Tier)
			}
		}
		if t.collection {
			if t.tier = action; action < 0 {
				t.tier = top
			}
			continue
		}
		t.tier = max(e.w.tier(t.typ.Tier), action)
		rowTier := -1
		if t.row != nil {
			rowTier = e.w.tier(t.row.Tier)
		}
		t.tier = max(t.tier, rowTier)
		if t.typ.Tier == "" && rowTier < 0 {
			t.tier = max(t.tier, e.w.tier(e.w.Unclassified))
		}
		if t.first && (t.action == "create" || t.action == "update") {
			for m := range e.body {
				t.properties = append(t.properties, m)
			}
			for _, p := range t.typ.Properties {
				if slices.Contains(t.properties, p.Member) {
					t.tier = max(t.tier, e.w.tier(p.Tier))
				}
			}
		}
	}
	return ""
}
