package policy

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Explainer explains one request, as it is and as it would be if something were
// otherwise. It verifies the credential once: a proof of possession is good for no
// second time. It is not for the request path, and for one goroutine.
type Explainer struct {
	Rule string // is explained even where others are nearer; "" for none

	p    *Policy
	once *onceVerified
}

// Explainer makes one for a request.
func (p *Policy) Explainer() *Explainer {
	return &Explainer{p: p, once: &onceVerified{Verifier: p.verifier}}
}

// Explanation is a decision, and for a denial what was near an allow.
type Explanation struct {
	*rules.Outcome

	Target int  // that was denied, from 0; -1 where the request ended before or behind the targets
	Acts   bool // to who acts for the caller
	Near   []rules.Miss
}

// Explain decides the request as Check does, under what is supposed, and adds what the
// rules near the target that was denied would have needed; what meets each of these
// demands was tried with the steps of a Check. The error says what cannot be supposed.
func (e *Explainer) Explain(ctx context.Context, raw *rules.RawRequest, s rules.Suppose) (*Explanation, error) {
	c, err := e.check(ctx, raw, s)
	out := &Explanation{Outcome: c.o, Target: -1}
	if at := c.denied(); err == nil && c.o.Effect != rules.Allow && at.target >= 0 {
		out.Target, out.Acts = at.target, at.acts
		out.Near = c.p.set.NearMisses(c.o.Request, at.who(c), &c.targets[at.target], e.Rule)
		out.Near = append(owed(c.o), firstUnpaid(c.unpaid(at), out.Near)...)
		for i := range out.Near {
			e.supply(ctx, raw, s, at, &out.Near[i])
		}
	}
	c.end(err)
	return out, c.unsupposed
}

// owed is what a rule that applies owes the upstream and cannot give, where that denies.
func owed(o *rules.Outcome) []rules.Miss {
	v := denied(o.Targets)
	if !strings.HasPrefix(v.Missing, "then ") {
		return nil
	}
	l := &rules.Lack{Kind: "then", Name: strings.TrimPrefix(v.Missing, "then "), Want: []string{o.Detail}}
	read, _, _ := strings.Cut(o.Detail, " ")
	if name, ok := strings.CutPrefix(read, "caller.claims."); ok {
		l.Tries = [][]string{{"claim." + name + "=x"}, {"claim." + name + "=1"}}
	} else if strings.HasPrefix(read, "object.") {
		l.Tries = [][]string{{read + "=x"}, {read + "=1"}}
	}
	return []rules.Miss{{Of: "rule " + v.Rule, Pos: v.Pos, Fits: true, Missing: v.Missing + ": " + o.Detail, Lack: l}}
}

// unpaid are the rules that apply to the target at a place and have no room for the
// request, where that denies.
func (c *check) unpaid(at place) []rules.Miss {
	if v := denied(c.o.Targets); v == nil || v.Reason != rules.ObjectBudgetExceeded || c.denied() != at {
		return nil
	}
	verdict := at.target
	if at.acts {
		verdict += at.of
	}
	spend := c.p.set.Decide(c.o.Request, c.o.Caller, c.targets).Spend
	return spend.Unpaid(verdict)
}

// firstUnpaid are the rules that are near, those that have no room before all others.
func firstUnpaid(unpaid, near []rules.Miss) []rules.Miss {
	near = slices.DeleteFunc(near, func(m rules.Miss) bool {
		return slices.ContainsFunc(unpaid, func(u rules.Miss) bool { return u.Rule == m.Rule })
	})
	return append(unpaid, near...)
}

// check runs a check under what is supposed, without its end.
func (e *Explainer) check(ctx context.Context, raw *rules.RawRequest, s rules.Suppose) (*check, error) {
	p := *e.p
	p.verifier, p.ledger = e.once, nil // an explanation spends nothing
	other := *raw
	if at, ok := s.At(); ok {
		p.verifier, other.Now = e.p.verifier, at // whether the credential is good then is to be asked
	}
	c := &check{p: &p, raw: &other, o: p.undecided(), last: time.Now(), suppose: &s}
	return c, c.run(ctx)
}

// supply finds what meets the first demand that a rule misses: the first try under which
// the rule applies or misses a later one.
func (e *Explainer) supply(ctx context.Context, raw *rules.RawRequest, s rules.Suppose, at place, m *rules.Miss) {
	if m.Lack == nil {
		return
	}
	for _, try := range m.Lack.Tries {
		settings := at.settings(try)
		more, err := s.And(settings)
		if err != nil {
			continue
		}
		c, err := e.check(ctx, raw, more)
		if err != nil || c.unsupposed != nil || at.target >= len(c.targets) || at.who(c).Caller == nil {
			m.Lack.Refused = cmp.Or(m.Lack.Refused, refusal(settings, c, err))
			continue
		}
		m.Lack.Refused = cmp.Or(m.Lack.Refused, "with "+strings.Join(settings, " ")+" it goes no further")
		next, further := c.p.set.Further(c.o.Request, at.who(c), &c.targets[at.target], m)
		if m.Lack.Kind == "then" { // which is owed once everything else is allowed
			further = c.o.Effect == rules.Allow
		}
		if further {
			for _, u := range c.unpaid(at) {
				if next == nil && u.Rule == m.Rule {
					next = u.Lack
				}
			}
			l := m.Lack
			l.Supply, l.Then, l.Refused = settings, next.String(), ""
			if l.Allows = c.o.Effect == rules.Allow; !l.Allows {
				l.Denied = c.o.Reason
			}
			return
		}
	}
}

// refusal says why a request that was tried was not decided.
func refusal(settings []string, c *check, err error) string {
	why := "there is no such target"
	switch {
	case c.unsupposed != nil:
		why = c.unsupposed.Error()
	case err != nil:
		d := rules.Denial(err)
		if why = string(d.Reason); d.Detail != "" {
			why += ", " + d.Detail
		}
	}
	return "with " + strings.Join(settings, " ") + ": " + why
}

// place is which target was denied, and to whom.
type place struct {
	target, of int // of is how many there are
	acts       bool
}

// denied is the place of the target that ended the request; behind the caller's
// verdicts stand those of who acts for it.
func (c *check) denied() place {
	at := place{target: slices.IndexFunc(c.o.Targets, func(v rules.Verdict) bool { return v.Effect != rules.Allow }), of: len(c.targets)}
	if at.target >= at.of {
		at.target, at.acts = at.target-at.of, true
	}
	if at.target >= at.of {
		at.target = -1
	}
	return at
}

// who is judged there.
func (at place) who(c *check) rules.Judged {
	who := rules.Judged{Caller: c.o.Caller, User: c.o.Caller}
	if at.acts && who.Caller != nil {
		who.Caller = who.Caller.Actor
	}
	return who
}

// settings are those of one target of several; what is about the caller is about all.
func (at place) settings(try []string) []string {
	if at.of < 2 {
		return try
	}
	out := make([]string, len(try))
	for i, one := range try {
		out[i] = one
		if rules.OfTarget(one) {
			out[i] = fmt.Sprintf("target.%d.%s", at.target+1, one)
		}
	}
	return out
}

// onceVerified is a verifier that answers as it did the first time.
type onceVerified struct {
	Verifier

	evidence rules.Evidence
	err      error
	done     bool
}

// Verify implements Verifier.
func (o *onceVerified) Verify(ctx context.Context, req *rules.Request) (rules.Evidence, error) {
	if !o.done {
		o.evidence, o.err = o.Verifier.Verify(ctx, req)
		o.done = true
	}
	return o.evidence, o.err
}
