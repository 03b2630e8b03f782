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
