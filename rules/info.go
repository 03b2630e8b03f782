package rules

import (
	"slices"
	"time"
)

// RuleInfo is a rule as /rules, review, explain and coverage show it.
type RuleInfo struct {
	ID         string
	Pos        Pos
	Effect     Effect
	Shadow     bool     // mode: shadow
	Selectors  []string // as they are written, in one line each
	Identities []string // that it can be about
	To         []string
	On         []string
	UpTo       string // of an allow rule
	FromTier   string // of a deny rule, "" for any
	For        []string
	Category   []string // that it is limited to
	ByCategory bool     // also where that is none
	Own        string
	Same       string
	When       string
	Written    string // the same, with every define written out
	Unbounded  bool
	SetHeaders []string // headers that it sets
	SetQuery   []string // query parameters that it sets
	Doubtful   bool     // see Set.Doubting
	Narrow     bool     // something in it is sure to keep objects of each of its types out
	Broad      []string // what makes its rights broad
	Because    string
	Owner      string
	Ticket     string
	ReviewBy   time.Time // zero when not set
	NotBefore  time.Time // likewise
	End        time.Time // of `until`: the first moment behind it, zero when not set
	Ask        string    // the header in which it asks, "" for none
	Status     int       // that a deny rule answers with, 0 for the usual
	Limits     []LimitInfo
}

// LimitInfo is a limit of a rule.
type LimitInfo struct {
	Pos    Pos
	Counts Counted
	Text   string // in words
}

// About reports whether `to` and `on` fit.
func (r *RuleInfo) About(action, typ string) bool {
	has := func(list []string, word string) bool {
		return slices.Contains(list, word) || slices.Contains(list, anything)
	}
	return has(r.To, action) && has(r.On, typ)
}

// LimitTexts are its limits in words.
func (r *RuleInfo) LimitTexts() (out []string) {
	for _, l := range r.Limits {
		out = append(out, l.Text)
	}
	return out
}

// CountsObjects reports whether a limit of the rule counts objects, and which.
func (r *RuleInfo) CountsObjects() (Pos, bool) {
	for _, l := range r.Limits {
		if l.Counts == Objects {
			return l.Pos, true
		}
	}
	return Pos{}, false
}

// Rules describes every rule, in the order in which they are tried.
func (s *Set) Rules() []RuleInfo {
	return s.RulesWith(func(*RuleDecl) bool { return true })
}

// RulesWith describes the rules whose declaration has something.
func (s *Set) RulesWith(it func(*RuleDecl) bool) []RuleInfo {
	out := make([]RuleInfo, 0, len(s.rules))
	about := roster{s.identities, make(map[string][]string)}
	for _, r := range s.rules {
		if it(r.decl) {
			out = append(out, r.info(&about))
		}
	}
	return out
}

func (r *rule) info(about *roster) RuleInfo {
	d := r.decl
	out := RuleInfo{
		ID: d.ID.V, Pos: d.Pos, Effect: r.effect, Shadow: r.shadow,
		To: r.to, On: d.On.Values(), UpTo: d.UpTo.V, FromTier: d.FromTier.V, For: d.For.Values(),
		Own: d.Own.V, Same: d.Same.V, When: d.When.V, Written: r.written, Unbounded: r.unbounded, Broad: r.broad, Doubtful: r.doubts(), Narrow: r.narrows(), Identities: about.names(r),
		Because: d.Because.V, Owner: d.Owner.V, Ticket: d.Ticket.V, ReviewBy: d.ReviewBy.V,
		NotBefore: r.window.from, End: r.window.end, Ask: d.Ask.Header.V, Status: d.Status.V,
		Category: d.Category.List.Values(), ByCategory: r.byCategory,
	}
	for i := range r.budgets {
		text := r.budgets[i].String()
		if of := d.Limit[i].Of.V; of != "" {
			text += ", of " + of
		}
		out.Limits = append(out.Limits, LimitInfo{d.Limit[i].Pos, r.budgets[i].Counts, text})
	}
	for _, e := range d.Then.SetHeaders {
		out.SetHeaders = append(out.SetHeaders, e.Key)
	}
	for _, e := range d.Then.SetQuery {
		out.SetQuery = append(out.SetQuery, e.Key)
	}
	for i := range r.selectors {
		out.Selectors = append(out.Selectors, r.selectors[i].String())
	}
	return out
}

// About returns the rules that can be about callers of an identity, whatever they
// claim, by their places among Rules. An identity of kind unknown stands for callers
// whom none matches.
func (s *Set) About(id *Identity) (out []int) {
	for i, r := range s.rules {
		if slices.ContainsFunc(r.selectors, func(sel selector) bool { return sel.about(id) }) {
			out = append(out, i)
		}
	}
	return out
}

// narrows reports whether the rule is sure to keep objects of each of its types out.
func (r *rule) narrows() bool {
	if r.decl.Own.given() || r.decl.Same.given() || r.decl.Only.Pos != (Pos{}) {
		return true
	}
	for _, cl := range r.clauses {
		if !slices.ContainsFunc(cl.conditions, func(c condition) bool { return c.narrows }) {
			return false
		}
	}
	return len(r.clauses) > 0
}
