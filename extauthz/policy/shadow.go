package policy

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// excuse turns a denial into a recorded allow where a dated shadow entry covers
// the host, the identity or the type of the target that decided.
func (p *Policy) excuse(o *rules.Outcome, targets []rules.Target, now time.Time) {
	if o.Effect == rules.Allow || !excusable(o) {
		return
	}
	until, ok := p.covered(o, targets, now)
	if !ok {
		return
	}
	v := &rules.ShadowVerdict{Effect: rules.Deny, Reason: o.Reason, Detail: o.Detail, By: "entry", Until: until}
	if decided := denied(o.Targets); decided != nil {
		v.Rule = decided.Rule
	}
	o.Shadow = v
	o.Effect, o.Reason, o.Obligations = rules.Allow, rules.ShadowDeny, rules.Obligations{}
}

// excusable leaves out a bad credential (401, but for the demands of policy on a
// good one), an ambiguous or malformed request (400, 413), a host that the listener does not serve, an upgrade, whose frames
// nobody would see, and, but for no_route, every request whose caller was not
// verified: an outage of the keys must not let a forged token in.
func excusable(o *rules.Outcome) bool {
	switch o.Reason {
	case rules.TokenTooOld, rules.AuthTooOld, rules.AuthTooWeak, rules.AuthMethodMissing: // 401 so that clients know what to do, and policy all the same
	default:
		if status := o.Reason.Status(); status != 403 && status != 503 { // whatever a deny rule has it answered with
			return false
		}
	}
	if o.Reason == rules.HostNotServed || o.Reason == rules.UpgradeNotSupported {
		return false
	}
	if o.Reason == rules.NoRoute {
		return o.Request != nil
	}
	return o.Request != nil && o.Caller != nil && o.Caller.Kind != rules.Anonymous
}

func (p *Policy) covered(o *rules.Outcome, targets []rules.Target, now time.Time) (time.Time, bool) {
	host := o.Request.Host
	if until, ok := inForce(p.routes.Shadow(host), host, now); ok {
		return until, true
	}
	if o.Caller != nil && o.Caller.Identity != nil {
		if until, ok := inForce(o.Caller.Identity.Shadow, host, now); ok {
			return until, true
		}
	}
	if decided := denied(o.Targets); decided != nil {
		if t := p.set.Schema().Types[decided.Type]; t != nil {
			until, ok := inForce(t.Shadow, host, now)
			return until, ok && p.allowsOthers(o, targets, now)
		}
	}
	return time.Time{}, false
}

// allowsOthers reports whether the targets whose types have no entry are allowed by
// themselves, and pays for them: the first denial ended the decision, and nobody has asked
// about those behind it.
func (p *Policy) allowsOthers(o *rules.Outcome, targets []rules.Target, now time.Time) bool {
	var others []rules.Target
	for i := range targets {
		if t := targets[i].Object.Type; t != nil {
			if _, ok := inForce(t.Shadow, o.Request.Host, now); ok {
				continue
			}
		}
		others = append(others, targets[i])
	}
	if len(others) == 0 {
		return true
	}
	d := p.set.Decide(o.Request, o.Caller, others)
	if d.Effect == rules.Allow {
		p.charge(&d, now) // nobody else pays for what the entry lets through
	}
	return d.Effect == rules.Allow
}

// denied returns the verdict that decided a denial, nil when no target did. It
// is not always the last: an obligation can fail once all targets were allowed.
func denied(targets []rules.Verdict) *rules.Verdict {
	for i := range targets {
		if targets[i].Effect == rules.Deny {
			return &targets[i]
		}
	}
	return nil
}

func inForce(entries []rules.Shadow, host string, now time.Time) (time.Time, bool) {
	for _, s := range entries {
		if (s.Host == "" || s.Host == host) && now.Before(s.Until) {
			return s.Until, true
		}
	}
	return time.Time{}, false
}
