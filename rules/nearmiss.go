package rules

import (
	"cmp"
	"slices"
	"strings"
)

// Miss is what kept a target from being allowed: a rule that did not allow it and the
// first demand that it missed, or a demand beside the rules.
type Miss struct {
	Rule    string // "" where no rule asks: the tier, the members that may be written, the row
	Of      string // then: what does
	Pos     Pos
	Effect  Effect // Deny for a deny rule that holds, and for what every rule needs
	Shadow  bool
	Fits    bool   // selector, to and on fit
	Missing string // "" for a deny rule that holds, or an allow rule that applies
	Lack    *Lack  // the same, in detail; nil likewise
}

// maxMisses is how many rules an explanation names.
const maxMisses = 8

// Judged is a caller that a target is judged for. User is the one for whom it acts,
// nil for itself.
type Judged struct{ Caller, User *Caller }

// facts are those of a request and a target, before the target has its tier.
func (s *Set) facts(req *Request, who Judged, t *Target) facts {
	if who.Caller == nil {
		who.Caller = new(Caller)
	}
	return facts{schema: s.schema, req: req, caller: who.Caller, user: who.User, target: t}
}

// grade gives the target its tier and its categories.
func (f *facts) grade() {
	g := f.schema.grade(f)
	f.tier, f.categories, f.sure = g.tier, g.categories, g.sure
}

// NearMisses explains a denial: what denies beside the rules, deny rules that hold, then
// allow rules from the nearest to the farthest, each with the first demand that it
// missed. A rule of which more than one of selector, `to` and `on` do not fit is not
// near; the one that is asked for by its name is there, be it near or not. It tries every
// rule, so it is for explain and not for the request path.
func (s *Set) NearMisses(req *Request, who Judged, t *Target, also string) []Miss {
	if req == nil || t == nil || t.Object.Type == nil {
		return nil
	}
	f := s.facts(req, who, t)
	f.grade()
	type ranked struct {
		Miss
		clause *clause
		stage  int
	}
	var all []ranked
	for _, r := range s.rules {
		cl := r.on(t.Object.Type)
		if cl == nil {
			continue
		}
		f.spent = 0 // each rule as if it were the only one
		l, near := cl.lack(s, &f)
		if !near && r.decl.ID.V == also {
			l, near = cl.lacksCaller(&f), true
		}
		if near && (r.effect == Allow || l == nil) {
			all = append(all, ranked{Miss{Rule: r.decl.ID.V, Pos: r.decl.Pos, Effect: r.effect, Shadow: r.shadow, Fits: l.fits(), Missing: l.String(), Lack: l}, cl, l.rank()})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		if a.Effect != b.Effect {
			return cmp.Compare(a.Effect, b.Effect)
		}
		return cmp.Compare(b.stage, a.stage)
	})
	out := s.denials(&f)
	for i, m := range all {
		if i >= maxMisses && m.Rule != also {
			continue
		}
		switch l := m.Lack; {
		case l == nil:
		case l.Stage == stageCaller:
			l.Tries = m.clause.triesOfCaller(s, &f)
		case l.ofCondition():
			l.Tries = m.clause.triesOf(s, &f, l)
		}
		out = append(out, m.Miss)
	}
	return out
}

// Further reports whether, of a target as it is now, the rule of a miss applies or misses
// a later demand, which it returns. Where no rule asked, it is about what did.
func (s *Set) Further(req *Request, who Judged, t *Target, m *Miss) (next *Lack, further bool) {
	next, near := s.missing(req, who, t, m)
	return next, near && (next == nil || next.Stage > m.Lack.Stage)
}

// missing is what the rule of a miss lacks now. near is false where it is far from the
// target, or is no more to be judged.
func (s *Set) missing(req *Request, who Judged, t *Target, m *Miss) (l *Lack, near bool) {
	f := s.facts(req, who, t)
	f.grade()
	if m.Rule == "" {
		if now := s.denials(&f); len(now) > 0 {
			return now[0].Lack, true
		}
		return nil, m.Lack.Kind == "object" || !s.lacksRule(&f)
	}
	for _, r := range s.rules {
		if cl := r.on(t.Object.Type); cl != nil && r.decl.ID.V == m.Rule {
			return cl.lack(s, &f)
		}
	}
	return nil, false
}

// ofCondition reports whether a condition is what is lacking.
func (l *Lack) ofCondition() bool { return l.Stage >= stageCondition && l.Stage < stageOverdue }

// fits reports whether what is lacking is neither the caller nor the action.
func (l *Lack) fits() bool { return l == nil || l.Stage > stageAction }

// rank is the stage, and behind all stages where nothing is lacking.
func (l *Lack) rank() int {
	if l == nil {
		return stageLimit + 1
	}
	return l.Stage
}

// because says why a condition does not hold, where that is not plain.
func (a truth) because() string {
	switch a {
	case unknown:
		return " (the bounds of the collection do not prove it)"
	case absent:
		return " (a value that it reads is absent)"
	case failed:
		return " (it cannot be evaluated)"
	default:
		return ""
	}
}

func (r *rule) who() string {
	var all []string
	for i := range r.selectors {
		all = append(all, r.selectors[i].String())
	}
	return strings.Join(all, " or ")
}
