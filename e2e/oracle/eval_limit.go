package oracle

import (
	"cmp"
	"slices"
	"time"
)

// Limit is an entry of `limit` of an allow rule: one of Objects, Writes and Amount.
type Limit struct {
	Objects, Writes, Amount int
	Of                      string // what an amount is: a reference
	Per                     time.Duration
	Subject                 bool // by: subject
}

// Book is what requests before have spent, in their order.
type Book struct{ spent []spent }

// Copy is another one in which the same is spent.
func (b *Book) Copy() *Book { return &Book{slices.Clone(b.spent)} }

// spent is what one target took from one budget.
type spent struct {
	budget
	typ, id string
	amount  int64
	at      time.Duration
}

// budget is one limit of one party.
type budget struct {
	rule, counts              string
	nth                       int // of the rule's limits that count the same
	identity, issuer, subject string
}

// claim is a target that limited rules alone allow.
type claim struct {
	t       *target
	who     caller
	options []*Rule
	verdict int
}

// budgets are those of a rule for a caller, by the place of the limit.
func budgets(r *Rule, c *caller) (out []budget) {
	nth := map[string]int{}
	for _, l := range r.Limits {
		b := budget{rule: r.ID, counts: l.counts()}
		b.nth = nth[b.counts]
		nth[b.counts]++
		if c.identity != nil {
			b.identity = c.identity.Name
		}
		if c.issuer != nil && (c.identity == nil || l.Subject) {
			b.issuer = c.issuer.Name
		}
		if c.token != nil && l.Subject {
			b.subject = c.token.Subject
		}
		out = append(out, b)
	}
	return out
}

func (l *Limit) counts() string {
	switch {
	case l.Writes > 0:
		return "writes"
	case l.Amount > 0:
		return "amount"
	}
	return "objects"
}

func (l *Limit) about(t *target) bool {
	return l.counts() != "writes" || t.action != "read" && t.action != "list"
}

// free says whether a rule that applies takes nothing for a target.
func (r *Rule) free(t *target) bool {
	return !slices.ContainsFunc(r.Limits, func(l Limit) bool { return l.about(t) })
}

// countable is what limits make of the conditions of a rule: there must be an amount.
func (e *evaluation) countable(r *Rule, t *target) (out []truth) {
	for _, l := range r.Limits {
		if l.counts() == "objects" {
			out = append(out, truthOf(!t.collection))
		}
		if l.counts() == "amount" {
			v := e.ref(t, l.Of)
			if n, is := v.v.(int64); is && v.known == isTrue {
				v.known = truthOf(n >= 0)
			}
			out = append(out, v.known)
		}
	}
	return out
}

// takes is what a target takes from a limit.
func (e *evaluation) takes(b budget, l *Limit, t *target) spent {
	s := spent{budget: b, typ: t.typ.Name, id: t.id, at: e.req.After}
	switch l.counts() {
	case "writes":
		s.amount = 1
	case "amount":
		s.amount = e.ref(t, l.Of).v.(int64)
	}
	return s
}

// has says whether a limit has room for more beside what was spent in its time.
func (b *Book) has(l *Limit, of budget, now time.Duration, more []spent) bool {
	seen, others, sum := map[[2]string]bool{}, 0, int64(0)
	count := func(s spent) {
		if sum += s.amount; s.id == "" {
			others++
		} else {
			seen[[2]string{s.typ, s.id}] = true
		}
	}
	for _, s := range b.spent {
		if s.budget == of && now-s.at < l.Per {
			count(s)
		}
	}
	for _, s := range more {
		count(s)
	}
	if l.counts() == "objects" {
		return len(seen)+others <= l.Objects
	}
	return sum <= int64(cmp.Or(l.Writes, l.Amount))
}

// pay charges the claims of a request that is allowed, or says why it is not.
func (e *evaluation) pay() string {
	want := map[budget][]spent{}
	each := func(c *claim, r *Rule, do func(l *Limit, s spent)) {
		for i, b := range budgets(r, &c.who) {
			if l := &r.Limits[i]; l.about(c.t) {
				do(l, e.takes(b, l, c.t))
			}
		}
	}
	for i := range e.claims {
		for _, r := range e.claims[i].options {
			each(&e.claims[i], r, func(_ *Limit, s spent) { want[s.budget] = append(want[s.budget], s) })
		}
	}
	var all []spent
	for i := range e.claims {
		c := &e.claims[i]
		v := &e.out.Targets[c.verdict]
		paid := slices.IndexFunc(c.options, func(r *Rule) bool {
			room := true
			each(c, r, func(l *Limit, s spent) { room = room && e.book.has(l, s.budget, e.req.After, want[s.budget]) })
			return room
		})
		if paid < 0 {
			e.reach("limit: no room")
			v.Effect, v.Reason, v.Rule = "deny", "object_budget_exceeded", c.options[0].ID
			if e.decided = c.t; v.As != "" {
				return "agent_not_permitted"
			}
			return v.Reason
		}
		e.reachIf(paid > 0, "limit: another rule has room")
		v.Rule = c.options[paid].ID
		each(c, c.options[paid], func(_ *Limit, s spent) { all = append(all, s) })
	}
	e.reachIf(len(all) > 0, "limit: room")
	e.book.spent = append(e.book.spent, all...)
	return ""
}

// try charges the ids of a request that is denied, as far as there is room.
func (e *evaluation) try() {
	who := e.caller
	defer func() { e.caller = who }()
	for c := &who; c != nil; c = c.actor {
		e.caller = *c
		for _, t := range e.targets {
			if t.id == "" || t.collection {
				continue
			}
			for _, r := range e.w.Rules {
				if r.Deny || r.Shadow || !e.fits(r, t.action, t.typ) {
					continue
				}
				for i, b := range budgets(r, c) {
					l := &r.Limits[i]
					s := spent{budget: b, typ: t.typ.Name, id: t.id, at: e.req.After}
					if l.counts() == "objects" && e.reachIf(e.book.has(l, b, e.req.After, []spent{s}), "limit: a denied id") {
						e.book.spent = append(e.book.spent, s)
					}
				}
			}
		}
	}
}
