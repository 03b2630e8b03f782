package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// lacksDemand asks what a rule demands of who is otherwise allowed.
func (cl *clause) lacksDemand(s *Set, f *facts) *Lack {
	c := f.caller
	if over(cl.overdue, f.req.Now) {
		return &Lack{
			Kind: "review_by", Want: []string{cl.decl.ReviewBy.V.Format(time.DateOnly)}, Had: []string{stamp(f.req.Now)}, Stage: stageOverdue,
			says: "review_by " + cl.decl.ReviewBy.V.Format(time.DateOnly), Tries: timesBefore(cl.overdue, f.req.Now),
		}
	}
	if cl.forPurpose(c) != "" {
		return &Lack{Kind: "for", Want: cl.purposes, Had: given(c.Purpose), Stage: stagePurpose, says: "for " + strings.Join(cl.purposes, ", "), Tries: cl.purposeTries(s, f)}
	}
	if l := cl.require.lack(f); l != nil {
		l.Stage += stageRequire
		return l
	}
	if cl.ask == nil {
		return nil
	}
	if _, ok := cl.ask.answer(f.req); ok {
		return nil
	}
	had, _ := f.req.Header(cl.ask.header)
	l := &Lack{
		Kind: "ask", Name: cl.ask.header, Want: []string{cl.decl.Ask.Pattern.V}, Had: given(had), Stage: stageAsk,
		says: fmt.Sprintf("ask: header %s with %s", cl.ask.header, cl.decl.Ask.Pattern.V),
	}
	if example := exampleOf(cl.decl.Ask.Pattern.V); example != "" {
		l.Tries = [][]string{{"header." + cl.ask.header + "=" + example}}
	}
	return l
}

// purposeTries are the purposes of a rule: of the caller, or of another one that the rule
// is about, for an identity has its own.
func (cl *clause) purposeTries(s *Set, f *facts) [][]string {
	out := tries("purpose=", cl.purposes)
	for i := range cl.selectors {
		for _, id := range s.identities {
			for _, p := range cl.purposes {
				if len(out) < maxTries && slices.Contains(id.Purposes, p) && cl.selectors[i].about(id) && usableAt(id, f.req.Now) {
					out = append(out, append(cl.selectors[i].becoming(s, f, id), "purpose="+p))
				}
			}
		}
	}
	return out
}

// given is what there is of a text.
func given(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// lack returns the first demand that is not met, nil for none. Its stage counts from 0.
func (r *Require) lack(f *facts) *Lack {
	why, what := r.unmet(f)
	if why == "" {
		return nil
	}
	v := f.caller.Verified
	if v == nil {
		v = new(Verified)
	}
	l := &Lack{Kind: what, Stage: slices.Index(requireOrder, what), says: "require " + what}
	age := func(limit int64, at time.Time, key string) {
		l.Want, l.Tries = []string{(time.Duration(limit) * time.Second).String()}, [][]string{{key + "=0s"}}
		if !at.IsZero() {
			l.Had = []string{f.req.Now.Sub(at).Truncate(time.Second).String()}
		}
	}
	switch what {
	case "max_token_age":
		age(r.MaxTokenAge, v.IssuedAt, "token_age")
	case "max_auth_age":
		age(r.MaxAuthAge, v.AuthTime, "auth_age")
	case "bound_token", "mtls":
		l.Want, l.Had = []string{"true"}, []string{f.caller.Bound.String()}
		l.Tries = [][]string{{"bound=mtls"}}
	case "purpose":
		if id := f.caller.Identity; id != nil {
			l.Want = id.Purposes
		}
		l.Tries = tries("purpose=", append(slices.Clone(l.Want), "any"))
	case "network":
		for _, p := range r.Networks {
			l.Want = append(l.Want, p.String())
			l.Tries = append(l.Tries, []string{"ip=" + inside(p).String()})
		}
		if f.req.ClientIP.IsValid() {
			l.Had = []string{f.req.ClientIP.String()}
		}
	case "acr":
		l.Want, l.Had, l.Tries = r.ACR, given(v.ACR), tries("acr=", r.ACR)
	case "amr":
		l.Want, l.Had, l.Tries = r.AMR, v.AMR, [][]string{{"amr=" + strings.Join(union(v.AMR, r.AMR), ",")}}
	case "fresh_catalog":
		l.Want, l.Had, l.Tries = []string{r.Fresh.String()}, []string{f.target.Object.age().String()}, [][]string{{"catalog_age=0s"}}
	}
	return l
}

// requireOrder is the order of unmet.
var requireOrder = []string{"max_token_age", "max_auth_age", "bound_token", "purpose", "mtls", "network", "acr", "amr", "fresh_catalog"}

// inside is an address of a network that hosts can have.
func inside(p netip.Prefix) netip.Addr {
	if next := p.Addr().Next(); p.Contains(next) {
		return next
	}
	return p.Addr()
}

func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, v := range b {
		if !slices.Contains(out, v) {
			out = append(out, v)
		}
	}
	return out
}
