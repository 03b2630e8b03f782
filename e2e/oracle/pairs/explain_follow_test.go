package pairs

import (
	"context"
	"slices"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// path is what of a denial is followed: a rule, or what denies beside the rules, for
// one target.
type path struct {
	rule, of string
	target   int
	acts     bool
	said     []string
	last     *rules.Lack
}

// follow explains the request at hand until a rule that is near applies: the nearest,
// or another one.
func (all *ends) follow(e *engine, nth int) {
	x := e.policy.Explainer()
	raw, p := e.raw(e.asks), new(path)
	for step := 0; ; step++ {
		s, err := rules.ParseSuppose(p.said)
		if err != nil {
			all.bad(e, p.said, "%v", err)
			return
		}
		out, err := x.Explain(context.Background(), raw, s)
		if err != nil {
			all.bad(e, p.said, "%v", err)
			return
		}
		if step == 0 {
			m := nearest(out.Near, nth)
			if m == nil {
				return
			}
			all.denials++
			*p = path{rule: m.Rule, of: m.Of, target: out.Target, acts: out.Acts}
			x.Rule = m.Rule
		}
		all.steps++
		if all.arrived(e, p, out) {
			return
		}
	}
}

// arrived takes one step, and reports whether there is no other.
func (all *ends) arrived(e *engine, p *path, out *policy.Explanation) bool {
	allowed := out.Effect == rules.Allow && out.Reason != rules.ShadowDeny
	if l := p.last; l != nil && l.Allows != allowed {
		all.bad(e, p.said, "it is said to allow: %v, and then %v %s", l.Allows, out.Effect, out.Reason)
		return true
	}
	switch {
	case allowed:
		all.allowed++
		return true
	case out.Target != p.target || out.Acts != p.acts:
		all.elsewhere++
		// The first target that is denied ends a request: of one behind it nothing is said.
		if i := verdictOn(out, p); i < len(out.Targets) && out.Targets[i].Effect != rules.Allow {
			all.bad(e, p.said, "target %d is denied, and rule %s was to allow target %d", out.Target, p.rule, p.target)
		}
		return true
	}
	m := find(out.Near, p)
	switch {
	case m == nil && p.of != "": // what denied beside the rules denies no more, and a rule does
		all.applies++
		return true
	case m == nil:
		all.bad(e, p.said, "rule %s is not among %+v", p.rule, out.Near)
		return true
	case m.Lack == nil:
		all.applies++
		if !slices.ContainsFunc(out.Near, func(m rules.Miss) bool { return m.Effect == rules.Deny }) {
			all.bad(e, p.said, "rule %s applies, and nothing is said to deny: %s %s", p.rule, out.Reason, out.Detail)
		}
		return true
	case p.last != nil && (m.Lack.Stage <= p.last.Stage || m.Lack.String() != p.last.Then):
		all.bad(e, p.said, "rule %s lacks %q, which comes not behind %q: %q does", p.rule, m.Lack, p.last, p.last.Then)
		return true
	case len(m.Lack.Supply) == 0:
		all.unsupplied[m.Lack.Kind]++
		if l := m.Lack; l.Refused == "" && len(l.Reads) == 0 && l.Kind != "then" {
			all.bad(e, p.said, "rule %s lacks %s, and nothing says why that cannot be supposed: %+v", p.rule, l, l)
		}
		return true
	}
	all.supplied[m.Lack.Kind]++
	p.last, p.said = m.Lack, append(p.said, m.Lack.Supply...)
	return false
}

// nearest is the rule, or the demand beside the rules, that is put first, but for so many.
func nearest(near []rules.Miss, nth int) (m *rules.Miss) {
	for i := range near {
		if near[i].Lack != nil && !near[i].Shadow && (m == nil || nth > 0) {
			m = &near[i]
			nth--
		}
	}
	return m
}

func find(near []rules.Miss, p *path) *rules.Miss {
	i := slices.IndexFunc(near, func(m rules.Miss) bool { return m.Rule == p.rule && m.Of == p.of })
	if i < 0 {
		return nil
	}
	return &near[i]
}

// verdictOn is the place of the verdict on the target that is followed.
func verdictOn(out *policy.Explanation, p *path) int {
	if !p.acts {
		return p.target
	}
	i := slices.IndexFunc(out.Targets, func(v rules.Verdict) bool { return v.Actor })
	if i < 0 {
		return len(out.Targets)
	}
	return i + p.target
}
