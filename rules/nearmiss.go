package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Miss is a rule that did not allow a target, and the first demand it missed.
type Miss struct {
	Rule    string
	Pos     Pos
	Effect  Effect // Deny for a deny rule that holds
	Shadow  bool
	Fits    bool   // selector, to and on fit
	Missing string // "" for a deny rule that holds, or an allow rule that applies
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

// NearMisses explains a denial: deny rules that hold, then allow rules from the
// nearest to the farthest, each with the first demand that it missed. A rule
// of which more than one of selector, `to` and `on` do not fit is not near. It
// tries every rule, so it is for explain and not for the request path.
func (s *Set) NearMisses(req *Request, who Judged, t *Target) []Miss {
	if req == nil || t == nil || t.Object.Type == nil {
		return nil
	}
	f := s.facts(req, who, t)
	g := s.grade(&f)
	f.tier, f.categories, f.sure = g.tier, g.categories, g.sure
	type ranked struct {
		Miss
		rank int
	}
	var all []ranked
	for _, r := range s.rules {
		cl := r.on(t.Object.Type)
		if cl == nil {
			continue
		}
		missing, rank, near := cl.missing(&f)
		if near && (r.effect == Allow || missing == "") {
			all = append(all, ranked{Miss{r.decl.ID.V, r.decl.Pos, r.effect, r.shadow, rank >= fitRank, missing}, rank})
		}
	}
	slices.SortStableFunc(all, func(a, b ranked) int {
		if a.Effect != b.Effect {
			return cmp.Compare(a.Effect, b.Effect)
		}
		return cmp.Compare(b.rank, a.rank)
	})
	out := make([]Miss, 0, maxMisses)
	for _, m := range all[:min(len(all), maxMisses)] {
		out = append(out, m.Miss)
	}
	return out
}

// fitRank is the rank of a rule whose selector, `to` and `on` fit.
const fitRank = 10

// missing returns the first demand that the rule misses, "" for none, and how
// far it got.
func (cl *clause) missing(f *facts) (what string, rank int, near bool) {
	t, c := f.target, f.caller
	selected := slices.ContainsFunc(cl.selectors, func(s selector) bool { return s.selects(c) })
	acts := cl.acts(t.Action)
	switch {
	case !selected && !acts:
		return "", 0, false
	case !selected:
		return "it is for " + cl.who(), 1, true
	case !acts:
		return "it is for " + strings.Join(cl.to, ", "), 2, true
	case cl.window.outside(f.req.Now) == "not_before":
		return "not_before " + cl.window.from.Format(time.RFC3339), fitRank, true
	case cl.window.outside(f.req.Now) != "":
		return "until " + cl.window.end.Format(time.RFC3339), fitRank, true
	case cl.effect == Deny && f.tier < cl.fromTier:
		return "from_tier " + cl.decl.FromTier.V, fitRank, true
	case cl.effect == Allow && f.tier > cl.upTo:
		return fmt.Sprintf("up_to %s, this is %s", cl.decl.UpTo.V, f.schema.TierName(f.tier)), fitRank, true
	case cl.misses(f.categories) && cl.effect == Deny:
		return "category " + strings.Join(cl.decl.Category.List.Values(), ", "), fitRank, true
	case cl.misses(f.categories):
		return fmt.Sprintf("category %s, this is %s", cl.decl.Category.spelt(), strings.Join(f.schema.spell(f.categories), ", ")), fitRank, true
	case cl.effect == Allow && t.Unbounded && !cl.unbounded:
		return "unbounded: true", fitRank + 1, true
	}
	for i := range cl.conditions {
		got := cl.conditions[i].test(f)
		if got == yes || cl.effect == Deny && got != no {
			continue
		}
		return cl.conditions[i].says + got.because(), fitRank + 2 + min(i, 3), true
	}
	if over(cl.overdue, f.req.Now) {
		return "review_by " + cl.decl.ReviewBy.V.Format(time.DateOnly), fitRank + 5, true
	}
	if cl.forPurpose(c) != "" {
		return "for " + strings.Join(cl.purposes, ", "), fitRank + 6, true
	}
	if _, what := cl.require.unmet(f); what != "" {
		return "require " + what, fitRank + 7, true
	}
	if cl.ask != nil {
		if _, ok := cl.ask.answer(f.req); !ok {
			return fmt.Sprintf("ask: header %s with %s", cl.ask.header, cl.decl.Ask.Pattern.V), fitRank + 8, true
		}
	}
	return "", fitRank + 9, true
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
