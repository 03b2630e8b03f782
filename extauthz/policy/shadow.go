package policy

import (
	"time"

	"github.com/tiergate/tiergate/rules"
)

// excuse turns a denial into a recorded allow where a dated shadow entry covers
// the host, the identity or the type of the target that decided. It never
// excuses a bad credential (401), an ambiguous or malformed request (400, 413)
// or a host that the listener does not serve.
func (p *Policy) excuse(o *rules.Outcome, now time.Time) {
	if o.Effect == rules.Allow || o.Request == nil || o.Reason == rules.HostNotServed {
		return
	}
	if status := o.Status(); status != 403 && status != 503 {
		return
	}
	until, ok := p.covered(o, now)
	if !ok {
		return
	}
	v := &rules.ShadowVerdict{Effect: rules.Deny, Reason: o.Reason, Detail: o.Detail, By: "entry", Until: until}
	if n := len(o.Targets); n > 0 {
		v.Rule = o.Targets[n-1].Rule
	}
	o.Shadow = v
	o.Effect, o.Reason, o.Obligations = rules.Allow, rules.ShadowDeny, rules.Obligations{}
}

func (p *Policy) covered(o *rules.Outcome, now time.Time) (time.Time, bool) {
	host := o.Request.Host
	if until, ok := inForce(p.routes.Shadow(host), host, now); ok {
		return until, true
	}
	if o.Caller != nil && o.Caller.Identity != nil {
		if until, ok := inForce(o.Caller.Identity.Shadow, host, now); ok {
			return until, true
		}
	}
	if n := len(o.Targets); n > 0 {
		if t := p.set.Schema().Types[o.Targets[n-1].Type]; t != nil {
			return inForce(t.Shadow, host, now)
		}
	}
	return time.Time{}, false
}

func inForce(entries []rules.Shadow, host string, now time.Time) (time.Time, bool) {
	for _, s := range entries {
		if (s.Host == "" || s.Host == host) && now.Before(s.Until) {
			return s.Until, true
		}
	}
	return time.Time{}, false
}
