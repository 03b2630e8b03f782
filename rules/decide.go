package rules

// Decide judges every target of a request, and allows only if all are allowed.
// It is total: no I/O, no error, and what it cannot evaluate it denies. Its
// steps are those of docs/reference/decisions.md, sections 5 and 6; rules in
// shadow take part in a second verdict only.
func (s *Set) Decide(req *Request, c *Caller, targets []Target) Decision {
	if req == nil {
		return Decision{Reason: Internal, Detail: "no request to decide on"}
	}
	if c == nil {
		c = new(Caller)
	}
	j := judge{set: s, caller: c, facts: facts{schema: s.schema, req: req, caller: c, user: c, supposed: s.supposed, settle: s.settle}}
	d := j.all(targets)
	d.Answers = j.answers
	if d.Effect != Allow {
		d.Spend = Spend{Tries: j.tries(targets)}
	}
	if j.metShadow {
		trial := judge{set: s, caller: c, facts: facts{schema: s.schema, req: req, caller: c, user: c, supposed: s.supposed, settle: s.settle}, trial: true}
		d.Shadow = trial.all(targets).differs(&d)
	}
	return d
}

// differs makes the second verdict, or nil when it is the first one again.
func (trial Decision) differs(first *Decision) *ShadowVerdict {
	if trial.Effect == first.Effect && trial.Reason == first.Reason {
		return nil
	}
	v := &ShadowVerdict{Effect: trial.Effect, Reason: trial.Reason, Detail: trial.Detail, By: "rules"}
	if n := len(trial.Targets); n > 0 {
		v.Rule = trial.Targets[n-1].Rule
	}
	return v
}

// judge decides one request.
type judge struct {
	set       *Set
	caller    *Caller
	facts     facts // of the caller, then of who acts for it
	trial     bool  // rules in shadow take part
	metShadow bool  // a rule in shadow could have taken part
	owed      []debt
	answers   []Answer
	options   []Option // of the target at hand, while only limited rules allow it
	refusal   Refusal  // of the deny rule that decided
	query     candidates
	demanded  *Require // what the demand that decided is one of
	inputs    [6]Input // where a verdict's inputs start: enough for most
	used      int      // of inputs
}

// debt is what an applying rule owes the upstream, rendered once every target
// is allowed.
type debt struct {
	clause *clause
	caller *Caller // for whom it applied
	target int
	tier   Tier
}

// all decides for the caller and, once that allows, for who acts for it as a
// caller in its own right: an agent reaches what both may.
func (j *judge) all(targets []Target) Decision {
	if len(targets) == 0 {
		return Decision{Reason: NoTarget}
	}
	d := Decision{Targets: make([]Verdict, 0, len(targets))}
	if !j.each(&d, targets) {
		return d
	}
	if j.caller.Actor != nil {
		j.facts.caller = j.caller.Actor
		if !j.each(&d, targets) {
			return agentNotPermitted(d)
		}
	}
	if fault := j.settle(&d, targets); fault != nil {
		return Decision{Reason: fault.Reason, Detail: fault.Detail, Targets: d.Targets}
	}
	d.Effect, d.Reason, d.Detail = Allow, Allowed, ""
	return d
}

// each decides every target for the caller at hand and reports whether all are
// allowed; the first that is not ends it.
func (j *judge) each(d *Decision, targets []Target) bool {
	acts := j.facts.caller != j.caller
	for i := range targets {
		d.Targets = append(d.Targets, Verdict{Action: targets[i].Action, ID: targets[i].Object.ID, Actor: acts})
		v := &d.Targets[len(d.Targets)-1]
		j.facts.target = &targets[i]
		d.Detail = j.one(v, i)
		if len(j.options) > 0 {
			d.Spend.Claims = append(d.Spend.Claims, Claim{Verdict: len(d.Targets) - 1, Options: j.options})
			j.options = nil
		}
		if v.Effect != Allow {
			d.Reason = v.Reason
			d.Refusal = j.refusal
			d.login(j.demanded)
			return false
		}
	}
	return true
}

// agentNotPermitted is the denial of what the caller may and its actor may not.
func agentNotPermitted(d Decision) Decision {
	detail := "the actor: " + string(d.Reason)
	if d.Detail != "" {
		detail += ": " + d.Detail
	}
	return Decision{Reason: AgentNotPermitted, Detail: detail, Targets: d.Targets, Refusal: d.Refusal}
}

// one decides one target into v, which denies unless it says otherwise. The
// detail is for the log.
func (j *judge) one(v *Verdict, i int) (detail string) {
	t := j.facts.target
	typ := t.Object.Type
	if typ == nil {
		v.Reason = Internal
		return "a target without a type"
	}
	g := j.set.schema.grade(&j.facts)
	tier := g.tier
	if tier < 0 || int(tier) >= len(j.set.schema.Tiers) {
		v.Reason = Internal
		return "a target without a tier: its type belongs to other rules"
	}
	v.Type, v.Tier, v.TierFrom, v.Categories = typ.Name, j.set.schema.TierName(tier), g.from, j.set.schema.names(typ, g.categories)
	j.facts.tier, j.facts.categories, j.facts.sure = tier, g.categories, g.sure
	switch {
	case t.Object.State == Stored && t.Object.RowTier > typ.MaxRowTier:
		v.Reason = CatalogBadRow
		return "the row's tier is above max_row_tier"
	case t.Object.State == Absent && t.Action != "create":
		v.Reason, j.refusal = UnknownObject, j.unseen(v)
		return ""
	}
	if j.denied(v) {
		return ""
	}
	return j.allowed(v, i)
}

// take reports whether a candidate takes part in this verdict.
func (j *judge) take(c *clause) bool {
	if !c.shadow {
		return true
	}
	j.metShadow = true
	return j.trial
}

// denied applies the deny rules. What they cannot evaluate denies. The first that
// holds is named; one that hides what it denies is heard wherever it stands.
func (j *judge) denied(v *Verdict) bool {
	t, found := j.facts.target, false
	j.set.deny.find(&j.query, j.facts.caller, v.Type, t.Action)
	for c := j.query.next(); c != nil; c = j.query.next() {
		if !j.take(c) || found && !c.refusal.hides() || !j.reaches(c) {
			continue
		}
		j.note(v, c)
		holds, stopped := evaluate(c.conditions, &j.facts)
		if holds == no {
			continue
		}
		if !found {
			v.Rule, v.Pos, v.Reason = c.decl.ID.V, c.decl.Pos, DeniedByRule
			if holds == absent || holds == failed {
				v.Reason = holds.reason()
				v.Missing = stopped
			}
		}
		j.refusal, found = c.refusal, true
		if c.refusal.hides() || !j.set.hides {
			return true
		}
	}
	return found
}

// reaches reports whether a fitting deny rule is about the target at all, before
// its conditions are asked.
func (j *judge) reaches(c *clause) bool {
	return j.facts.tier >= c.fromTier && !c.misses(j.facts.categories) && c.forPurpose(j.facts.caller) == "" && c.window.outside(j.facts.req.Now) == ""
}

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
