package rules

// allowed applies the allow rules, and names the reason where none applies. A rule
// without a limit comes before all that have one: then nothing is spent.
func (j *judge) allowed(v *Verdict, i int) (detail string) {
	var near nearest
	free := false
	t := j.facts.target
	j.set.allow.find(&j.query, j.facts.caller, v.Type, t.Action)
	for c := j.query.next(); c != nil && (!free || j.query.changes); c = j.query.next() {
		if !j.take(c) || free && len(c.then) == 0 {
			continue // a rule that changes nothing need not allow once more
		}
		if !j.applies(v, c, &near) {
			continue
		}
		charges, counts, missed := j.charges(c)
		switch counts { //nolint:exhaustive // else it is yes
		case no:
			near.offer(c, 2, missed)
			continue
		case failed:
			near.fail(c, RuleError, missed)
			continue
		}
		if v.Effect != Allow || !free && len(charges) == 0 {
			v.Effect, v.Reason, v.Rule, v.Pos = Allow, Allowed, c.decl.ID.V, c.decl.Pos
		}
		if free = free || len(charges) == 0; free {
			j.options = nil
		} else {
			j.options = append(j.options, Option{c.decl.ID.V, c.decl.Pos, charges})
		}
		j.heard(c)
		if len(c.then) > 0 {
			j.owed = append(j.owed, debt{c, j.facts.caller, i, j.facts.tier})
		}
	}
	if v.Effect != Allow {
		near.explain(v)
		v.Reason, j.demanded = j.reason(&near), near.demanded
		return ""
	}
	return j.demands(v)
}

// applies reports whether a fitting allow rule applies, and keeps what the
// first that do not would have needed.
func (j *judge) applies(v *Verdict, c *clause, n *nearest) bool {
	t, caller := j.facts.target, j.facts.caller
	if bound := c.window.outside(j.facts.req.Now); bound != "" {
		n.offer(c, 0, bound)
		return false
	}
	if j.facts.tier > c.upTo {
		n.offer(c, 0, "up_to")
		return false
	}
	if c.misses(j.facts.categories) {
		n.offer(c, 0, "category")
		return false
	}
	j.note(v, c)
	holds, stopped := evaluate(c.conditions, &j.facts)
	switch {
	case holds == absent || holds == failed:
		n.fail(c, holds.reason(), stopped)
		return false
	case t.Unbounded && !c.unbounded:
		n.offer(c, 1, "unbounded")
		return false
	case holds != yes:
		n.offer(c, 2, stopped)
		return false
	}
	if over(c.overdue, j.facts.req.Now) {
		n.demand(c, ReviewOverdue, "", "review_by")
		return false
	}
	if why := c.forPurpose(caller); why != "" {
		n.demand(c, why, "", "for")
		return false
	}
	if why, what := c.require.unmet(&j.facts); why != "" {
		n.demand(c, why, "require ", what)
		return false
	}
	if c.ask != nil && !j.set.supposed {
		if _, ok := c.ask.answer(j.facts.req); !ok {
			n.demand(c, JustificationMissing, "ask ", c.ask.header)
			return false
		}
	}
	return j.set.demanded == nil || j.set.demanded.ofRule(c.decl.ID.V)
}

// demands checks what an allowed target still needs: that every named member
// may be written, and what its tier requires.
func (j *judge) demands(v *Verdict) (detail string) {
	t := j.facts.target
	if writable, limited := t.Object.Type.Writable[t.Action]; limited {
		for _, p := range t.Properties {
			if !mayWrite(writable, p) {
				v.Effect, v.Reason, v.Missing = Deny, PropertyNotAllowed, "writable"
				return p
			}
		}
	}
	tier := &j.set.schema.Tiers[j.facts.tier]
	if d := j.set.demanded; d != nil && !d.ofTier(tier.Name) {
		v.Effect, v.Reason, v.Missing = Deny, AuthTooWeak, "tier "+tier.Name+" require"
		j.demanded = &tier.Require
		return ""
	}
	if why, what := tier.Require.unmet(&j.facts); why != "" {
		v.Effect, v.Reason, v.Missing = Deny, why, "tier "+tier.Name+" require "+what
		j.demanded = &tier.Require
		return ""
	}
	if why, what := tier.Trial.unmet(&j.facts); why != "" {
		j.metShadow = true
		if j.trial {
			v.Effect, v.Reason, v.Missing = Deny, why, "tier "+tier.Name+" require_shadow "+what
			j.demanded = &tier.Trial
			return v.Missing
		}
	}
	return ""
}

// reason says why no rule applied.
func (j *judge) reason(n *nearest) Reason {
	switch {
	case n.demandReason != "":
		return n.demandReason
	case n.failReason != "":
		return n.failReason
	case j.facts.caller.Kind == Anonymous:
		return CredentialMissing
	case j.facts.caller.Kind == Unknown && !j.selected():
		return UnknownIdentity
	}
	return NoRule
}

// selected reports whether some allow rule is about the caller, whatever it is about
// besides.
func (j *judge) selected() bool {
	if j.set.selectsAtAll(j.facts.caller, false) {
		return true
	}
	if j.set.selectsAtAll(j.facts.caller, true) {
		j.metShadow = true
		return j.trial
	}
	return false
}
