package oracle

import (
	"regexp"
	"slices"
	"time"
)

// Ask is `ask` of a rule; all have one pattern.
type Ask struct{ Header, As string }

// answerPattern is what answers look like.
const answerPattern = "CASE-[0-9]{6}"

var answers = regexp.MustCompile("^(" + answerPattern + ")$")

// hidden is the status that says that there is nothing.
const hidden = 404

// demands is the first demand of a tier or a rule that is not met, or "".
func (e *evaluation) demands(r Require) string {
	if reason := e.caller.unmet(r); reason != "" {
		return reason
	}
	t := e.caller.token
	if t == nil {
		t = &Token{}
	}
	certified := e.peer() != "" || e.caller.confirmed && t.Certificate != ""
	lacks := func(method string) bool { return !slices.Contains(t.AMR, method) }
	switch {
	case r.MTLS && !certified:
		return "certificate_missing"
	case len(r.Networks) > 0 && !slices.ContainsFunc(r.Networks, func(n string) bool { return slices.Contains(here, n) }):
		return "network_not_allowed"
	case len(r.ACR) > 0 && !slices.Contains(r.ACR, t.ACR):
		return "auth_too_weak"
	case slices.ContainsFunc(r.AMR, lacks):
		return "auth_method_missing"
	case r.Fresh > 0 && e.reachIf(e.decided.age() > r.Fresh, "require: facts that are too old"):
		return "catalog_stale"
	}
	return ""
}

// age is how old the facts about a target are, those of its parent too.
func (t *target) age() (age time.Duration) {
	if t.looked {
		age = t.typ.Source.Age
	}
	if t.above {
		age = max(age, t.aboveAge)
	}
	return age
}

// inTime says whether now is in a rule's time.
func (e *evaluation) inTime(r *Rule) bool {
	return !e.reachIf(r.NotBefore > 0, "rule: not yet in its time") && !e.reachIf(r.Until < 0, "rule: no longer in its time")
}

// answered says whether the request says what a rule asks.
func (e *evaluation) answered(r *Rule) bool {
	if r.Ask == nil {
		return true
	}
	var said []string
	for _, h := range e.req.Headers {
		if h.Name == r.Ask.Header {
			said = append(said, h.Value)
		}
	}
	return len(said) == 1 && answers.MatchString(said[0])
}

// heard notes the answers to the rules that applied up to the first that takes nothing,
// and to those that set something.
func (e *evaluation) heard(applying []*Rule, t *target) {
	free := false
	for _, r := range applying {
		before := free
		free = free || r.free(t)
		if r.Ask == nil || before && len(r.Set) == 0 {
			continue
		}
		if a := (Said{r.Ask.As, e.req.header(r.Ask.Header)[0]}); !slices.Contains(e.out.Answers, a) {
			e.out.Answers = append(e.out.Answers, a)
		}
	}
}

// absent is how an object that is not there is answered: as one that is hidden from
// the caller or from who acts for it.
func (e *evaluation) absent(t *target) string {
	hides := func(c *caller) bool {
		who := e.caller
		defer func() { e.caller = who }()
		e.caller = *c
		return slices.ContainsFunc(e.w.Rules, func(r *Rule) bool {
			return r.Deny && !r.Shadow && r.Status == hidden && slices.ContainsFunc(r.Who, e.selects) && e.acts(r.To, t.action) &&
				(slices.Contains(r.On, t.typ.Name) || slices.Contains(r.On, "*")) &&
				(len(r.For) == 0 || slices.Contains(r.For, c.purpose)) && e.inTime(r)
		})
	}
	if hides(&e.caller) || e.caller.actor != nil && hides(e.caller.actor) {
		e.reach("deny: what is not there looks hidden")
		e.refusal = hidden
	}
	return "unknown_object"
}

// denied is section 5, step 2: the reason, or "".
func (e *evaluation) denied(t *target, verdict *Verdict) string {
	reason := ""
	for _, r := range e.w.Rules {
		if !r.Deny || !e.fits(r, t.action, t.typ) || t.tier < e.w.tier(r.FromTier) || !e.within(r, t) ||
			len(r.For) > 0 && !slices.Contains(r.For, e.caller.purpose) || !e.inTime(r) {
			continue
		}
		says := map[truth]string{isTrue: "denied_by_rule", isUnknown: "denied_by_rule", isMissing: "attribute_missing", isFault: "rule_error"}[e.holds(r, t)]
		if says == "" {
			continue
		}
		if reason == "" {
			reason, verdict.Rule, e.refusal, e.text = says, r.ID, r.Status, r.Text
			e.reachIf(r.Status != 0, "deny: a status of its own")
		} else {
			e.reachIf(r.Status == hidden && e.refusal != hidden, "deny: hidden by another rule")
		}
		if r.Status == hidden {
			e.refusal, e.text = hidden, ""
		}
	}
	return reason
}
