package oracle

import (
	"slices"
	"strings"
)

// fits says whether a rule's selector, to and on fit. Rules in shadow do only in the second verdict.
func (e *evaluation) fits(r *Rule, action string, typ *Type) bool {
	return (!r.Shadow || e.trial) && (slices.Contains(r.On, typ.Name) || slices.Contains(r.On, "*")) &&
		e.acts(r.To, action) && slices.ContainsFunc(r.Who, e.selects)
}

// judge is section 5 for one target: the verdict, and for an allow the rules that applied.
func (e *evaluation) judge(t *target) (Verdict, []*Rule) {
	v := Verdict{Action: t.action, Type: t.typ.Name, ID: t.id, Tier: e.w.Tiers[t.tier].Name, From: t.from, Effect: "allow", Categories: e.w.categoriesOf(t.categories)}
	applying, reason := e.one(t, &v)
	if v.Reason = reason; reason != "allowed" {
		v.Effect = "deny"
	}
	return v, applying
}

func (e *evaluation) one(t *target, verdict *Verdict) ([]*Rule, string) {
	if t.looked && t.row == nil && t.action != "create" {
		return nil, e.absent(t)
	}
	if reason := e.denied(t, verdict); reason != "" {
		return nil, reason
	}
	var applying []*Rule
	for _, r := range e.w.Rules {
		if e.applies(r, t) && e.unmet(r) == "" {
			applying = append(applying, r)
		}
	}
	if len(applying) == 0 {
		return nil, e.nearest(t)
	}
	e.heard(applying, t)
	for _, w := range t.typ.Writable {
		for _, m := range t.properties {
			if w.Action == t.action && !slices.ContainsFunc(w.Members, func(member string) bool { return within(m, member) }) {
				return nil, "property_not_allowed"
			}
		}
	}
	if reason := e.demands(e.w.Tiers[t.tier].Require); reason != "" {
		return nil, reason
	}
	if reason := e.demands(e.w.Tiers[t.tier].Trial); e.reachIf(reason != "", "tier: a demand is tried") && e.trial {
		return nil, reason
	}
	verdict.Rule = applying[0].ID
	if free := slices.IndexFunc(applying, func(r *Rule) bool { return r.free(t) }); free > 0 {
		verdict.Rule = applying[free].ID
	}
	return applying, "allowed"
}

// applies says whether an allow rule applies but for `for` and `require`.
func (e *evaluation) applies(r *Rule, t *target) bool {
	if r.Deny || !e.fits(r, t.action, t.typ) || !e.inTime(r) || t.tier > e.w.tier(r.UpTo) || !e.within(r, t) {
		return false
	}
	unbounded := t.collection && len(t.bounds) == 0 && t.parent == ""
	return e.holds(r, t) == isTrue && (!unbounded || r.Unbounded)
}

// unmet is the first demand of a review, `for`, `require` and `ask` that the caller does not meet.
func (e *evaluation) unmet(r *Rule) string {
	if e.w.Overdue && r.Review < 0 {
		return "review_overdue"
	}
	if len(r.For) > 0 && e.caller.purpose == "" {
		return "purpose_missing"
	}
	if len(r.For) > 0 && !slices.Contains(r.For, e.caller.purpose) {
		return "purpose_not_allowed"
	}
	demands := r.Require
	if r.Shadow {
		demands.Fresh = 0
	}
	if reason := e.demands(demands); reason != "" {
		return reason
	}
	if !e.answered(r) {
		return "justification_missing"
	}
	return ""
}

// nearest is section 5, step 5: why no rule applied.
func (e *evaluation) nearest(t *target) string {
	for _, r := range e.w.Rules {
		if e.applies(r, t) {
			return e.unmet(r)
		}
	}
	for _, r := range e.w.Rules {
		if r.Deny || !e.fits(r, t.action, t.typ) || !e.inTime(r) || t.tier > e.w.tier(r.UpTo) || !e.within(r, t) {
			continue
		}
		switch e.holds(r, t) {
		case isMissing:
			return "attribute_missing"
		case isFault:
			return "rule_error"
		default: // it errs at nothing
		}
	}
	if e.caller.token == nil && !e.caller.machine {
		return "credential_missing"
	}
	selected := slices.ContainsFunc(e.w.Rules, func(r *Rule) bool {
		return !r.Deny && (!r.Shadow || e.trial) && slices.ContainsFunc(r.Who, e.selects)
	})
	if e.caller.identity == nil && !selected {
		return "unknown_identity"
	}
	return "no_rule"
}

// holds is the conjunction of own, same, only and when.
func (e *evaluation) holds(r *Rule, t *target) truth {
	all := []truth{isTrue}
	if r.Own != "" {
		a, subject := e.ref(t, "object."+r.Own), e.ref(t, "caller.subject")
		all = append(all, equals(a, subject))
	}
	if r.Same != "" {
		pinned := value{known: isMissing}
		if v, ok := e.caller.pinned(strings.TrimPrefix(r.Same, "parent.")); ok {
			pinned = value{v, isTrue}
		}
		all = append(all, equals(e.ref(t, "object."+r.Same), pinned))
	}
	all = append(all, e.only(r.Only, t)...)
	if r.When != nil {
		e.reachIf(r.When.named(), "define: in a condition")
		refs := func(name string) value { return e.ref(t, name) }
		e.reachCall(r.When, refs)
		all = append(all, r.When.eval(refs))
	}
	all = append(all, e.countable(r, t)...)
	return and(all...)
}

// equals compares an attribute, which may be a list, with one value.
func equals(a, b value) truth {
	if both := both(a, b); both != isTrue {
		return both
	}
	if list, ok := a.v.([]string); ok {
		return truthOf(slices.Contains(list, b.v.(string)))
	}
	return truthOf(a.v == b.v)
}
