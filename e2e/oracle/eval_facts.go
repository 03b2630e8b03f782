package oracle

import (
	"slices"
	"strings"
)

// facts is section 4, step 2.
func (e *evaluation) facts() string {
	for _, t := range e.targets {
		if t.typ.Source == nil || t.spec.ID == nil {
			continue
		}
		for _, a := range t.spec.Actions {
			if who := e.caller; who.actor != nil {
				e.caller = *who.actor
				t.looked = t.looked || slices.ContainsFunc(e.w.Rules, func(r *Rule) bool { return !r.Deny && e.fits(r, a, t.typ) })
				e.caller = who
			}
			t.looked = t.looked || slices.ContainsFunc(e.w.Rules, func(r *Rule) bool { return !r.Deny && e.fits(r, a, t.typ) })
		}
		if t.looked {
			e.reachIf(e.req.Phase >= slipAt && t.typ == e.w.slips(), "catalog: a misspelt file was offered")
			if t.typ.Source.Fails != "" {
				return t.typ.Source.Fails
			}
			t.row = t.typ.row(t.id)
		}
		if e.badRow(t.typ, t.row) {
			return "catalog_bad_row" // no target was decided: a shadow entry of its type is of no use
		}
	}
	return e.above()
}

// badRow says whether a row that is there cannot be used.
func (e *evaluation) badRow(t *Type, r *Row) bool {
	return r != nil && (r.Bad != "" || e.w.wantsTiers(t) && !t.hasTiers())
}

// wantsTiers: a max_row_tier that is given, and above the type's own tier.
func (w *World) wantsTiers(t *Type) bool {
	return t.MaxRowTier != "" && (t.Tier == "" || w.tier(t.Tier) < w.tier(t.MaxRowTier))
}

// hasTiers: the table has the column, or one of the mappings has the member.
func (t *Type) hasTiers() bool {
	if t.Source.Format == "csv" {
		return t.Source.Tiers
	}
	return slices.ContainsFunc(t.Source.Rows, func(r *Row) bool { return t.tierCell(r) != "" || r.Bad == "no tier" })
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
		t.tier, t.categories = -1, slices.Clone(t.typ.Category)
		if t.first && (t.action == "create" || t.action == "update") {
			for i, o := range t.objects {
				t.properties = append(t.properties, t.typ.named(t.action, o, "", t.skip[i])...)
			}
			t.properties = append(t.properties, t.also...)
		}
		action := ""
		for _, a := range t.typ.Actions {
			if a.Action == t.action {
				action = a.Tier
			}
		}
		if t.collection {
			e.raise(t, action, "action")
			if action == "" && t.typ.MaxRowTier != "" {
				e.raise(t, t.typ.MaxRowTier, "collection")
			} else if action == "" {
				e.raise(t, e.w.Tiers[len(e.w.Tiers)-1].Name, "collection")
			}
			e.properties(t, t.reads)
			e.classified(t)
			continue
		}
		e.raise(t, t.typ.Tier, "type")
		e.raise(t, action, "action")
		e.properties(t, t.properties)
		e.properties(t, t.reads)
		row := ""
		if t.row != nil {
			row = t.row.Tier
		}
		e.raise(t, row, "row")
		e.classified(t)
		if t.typ.Tier == "" && row == "" {
			e.raise(t, e.w.Unclassified, "unclassified")
		}
	}
	return ""
}

// properties are those that paths touch.
func (e *evaluation) properties(t *target, paths []string) {
	byName := slices.SortedFunc(slices.Values(t.typ.Properties), func(a, b Property) int { return strings.Compare(a.Member, b.Member) })
	for _, p := range byName {
		if touched(paths, p.Member) {
			e.raise(t, p.Tier, "property "+p.Member)
			t.categories = append(t.categories, p.Category...)
			e.reachIf(strings.Contains(p.Member, "."), "property: nested")
			e.reachIf(touched(t.reads, p.Member), "property: asked for")
		}
	}
}

// raise gives a target a tier if it has a lower one; "" is none.
func (e *evaluation) raise(t *target, tier, from string) {
	if i := e.w.tier(tier); i > t.tier {
		t.tier, t.from = i, from
	}
}
