package oracle

import (
	"strconv"
	"strings"
)

func (r *Rule) render(date func(int) string) string {
	var f flow
	f.str("id", r.ID)
	if r.Shadow {
		f.raw("mode", "shadow")
	}
	verb := "allow"
	if r.Deny {
		verb = "deny"
	}
	f.raw(verb, selectors(r.Who))
	f.list("to", r.To)
	f.list("on", r.On)
	f.str("up_to", r.UpTo)
	f.str("from_tier", r.FromTier)
	f.list("for", r.For)
	if r.ByCategory {
		f.raw("category", quoteAll(r.Category))
	}
	f.str("own", r.Own)
	f.str("same", r.Same)
	f.sub("only", r.Only.render())
	if r.When != nil {
		f.str("when", r.When.String())
	}
	f.sub("require", r.Require.render())
	f.flag("unbounded", r.Unbounded)
	if !r.Deny { // many allow rules are broad, and all may say why
		f.str("because", "The oracle wants to know.")
		f.str("owner", "team-oracle")
		review := 60
		if r.Review != 0 {
			review = r.Review
		}
		f.raw("review_by", date(review))
	}
	if r.NotBefore != 0 {
		f.raw("not_before", date(r.NotBefore))
	}
	if r.Until != 0 {
		f.raw("until", date(r.Until))
	}
	if r.Ask != nil {
		var ask flow
		ask.str("header", r.Ask.Header)
		ask.str("pattern", answerPattern)
		ask.str("as", r.Ask.As)
		f.sub("ask", &ask)
	}
	if r.Status != 0 {
		f.raw("status", strconv.Itoa(r.Status))
	}
	f.str("text", r.Text)
	f.str("ticket", r.Ticket)
	f.sub("then", r.then())
	if len(r.Limits) > 0 {
		f.raw("limit", limits(r.Limits))
	}
	return f.String()
}

func (s Selector) render() string {
	short := s.Identity != "boss" // who is written out
	if members := s.members(); short && len(members) == 1 && len(s.AnyOf)+len(s.AllOf)+len(s.Not) == 0 && s.Identity+s.Group != "" {
		return quote(s.Identity + s.Group)
	}
	var f, claims flow
	f.str("identity", s.Identity)
	f.str("group", s.Group)
	f.str("kind", s.Kind)
	f.str("issuer", s.Issuer)
	for _, c := range s.Claim {
		claims.str(c.Claim, c.Value)
	}
	f.sub("claim", &claims)
	f.list("scope", s.Scope)
	f.str("workload", s.Workload)
	f.str("environment", s.Environment)
	for _, many := range []struct {
		key  string
		list []Selector
	}{{"any_of", s.AnyOf}, {"all_of", s.AllOf}, {"not", s.Not}} {
		if len(many.list) > 0 {
			f.raw(many.key, selectors(many.list))
		}
	}
	return f.String()
}

func limits(all []Limit) string {
	var list []string
	for _, l := range all {
		var f flow
		f.raw(l.counts(), strconv.Itoa(l.Objects+l.Writes+l.Amount))
		f.str("of", l.Of)
		f.raw("per", l.Per.String())
		if l.Subject {
			f.raw("by", "subject")
		}
		list = append(list, f.String())
	}
	if len(list) == 1 {
		return list[0]
	}
	return "[" + strings.Join(list, ", ") + "]"
}

func (r *Rule) then() *flow {
	var f, headers, query flow
	for _, m := range r.Set {
		into := &headers
		if m.Query {
			into = &query
		}
		value := ""
		for _, p := range m.Value {
			if value += p.Text; p.Ref != "" {
				value += "{" + p.Ref + "}"
			}
		}
		into.str(m.Name, value)
	}
	f.sub("set_headers", &headers)
	f.sub("set_query", &query)
	return &f
}
