package rules

import (
	"fmt"
	"slices"
	"strconv"
	"time"
)

// Bounds of a limit.
const (
	maxLimits  = 8         // of one rule
	maxLimited = 1_000_000 // objects: a ledger remembers each
	maxSum     = 1 << 53   // of writes and amounts: sums stay far from where they would wrap
	minPer     = time.Second
	maxPer     = 31 * 24 * time.Hour
)

// budgets reads `limit`, but for what amounts are, which depends on the type.
func (c *compiler) budgets(r *rule) {
	d := r.decl
	if r.effect == Deny {
		c.misplaced(d.Limit.pos(), "limit", "what is denied spends nothing")
		return
	}
	if len(d.Limit) > maxLimits {
		c.ms.Add(d.Limit[maxLimits].Pos, "%d limits, a rule has at most %d", len(d.Limit), maxLimits)
		return
	}
	var nth [len(countedNames)]int
	for i := range d.Limit {
		l := &d.Limit[i]
		if !c.limitSaysAll(l) {
			continue
		}
		counts, most := l.counts()
		if counts == Objects && r.unbounded {
			c.ms.AddHint(most.Pos, "give lists that nothing bounds a rule of their own", "nobody can count the objects of an unbounded list")
		}
		if counts == Writes && !slices.ContainsFunc(r.to, func(action string) bool { return !reading(action) }) {
			c.warnings.AddHint(most.Pos, "objects: 500", "the limit never applies: the rule is about no action that writes")
		}
		for k := range d.Limit[:i] {
			if same, _ := d.Limit[k].counts(); same == counts && d.Limit[k].Per.V == l.Per.V && d.Limit[k].by() == l.by() {
				c.ms.Add(l.Pos, "another limit of %v per %v is at %v", counts, l.Per.V, d.Limit[k].Pos)
			}
		}
		r.budgets = append(r.budgets, limit{Budget: Budget{
			Rule: d.ID.V, Counts: counts, Nth: nth[counts], Most: int64(most.V), Per: l.Per.V, BySubject: l.by() == "subject",
		}})
		nth[counts]++
	}
}

// limitSaysAll checks one entry by itself.
func (c *compiler) limitSaysAll(l *LimitDecl) bool {
	said := len(c.ms)
	var given []At[int]
	for _, at := range []At[int]{l.Objects, l.Writes, l.Amount} {
		if at.given() {
			given = append(given, at)
		}
	}
	counts, most := l.counts()
	switch {
	case len(given) == 0:
		c.ms.AddHint(l.Pos, "objects: 500, writes: 50 or amount: 10000", "limit does not say what it counts")
	case len(given) > 1:
		c.ms.AddHint(given[1].Pos, "a list of limits: each counts by itself", "one limit counts one thing, this one also counts something at %v", given[0].Pos)
	case most.V <= 0:
		c.ms.AddHint(most.Pos, "leave the rule out to allow nothing", "a limit of %d %v allows nothing", most.V, counts)
	case counts == Objects && most.V > maxLimited:
		c.ms.Add(most.Pos, "a limit of %d objects, at most %d are counted", most.V, maxLimited)
	case most.V > maxSum:
		c.ms.Add(most.Pos, "a limit of %d %v, at most %d are counted", most.V, counts, int64(maxSum))
	}
	switch {
	case !l.Per.given():
		c.ms.AddHint(l.Pos, "per: 1h", "limit does not say per which time")
	case l.Per.V < minPer || l.Per.V > maxPer:
		c.ms.Add(l.Per.Pos, "a limit per %v, want %v to 31d", l.Per.V, minPer)
	}
	if by := l.By; by.given() && by.V != "identity" && by.V != "subject" {
		c.unknownWord("way to divide a budget", by, []string{"identity", "subject"})
	}
	switch {
	case l.Amount.given() && !l.Of.given():
		c.ms.AddHint(l.Amount.Pos, "of: object.amount", "amount does not say of what")
	case l.Of.given() && !l.Amount.given():
		c.ms.AddHint(l.Of.Pos, "amount: 10000", "only an amount is of something")
	}
	return len(c.ms) == said
}

// amounts compiles what the rule's amounts are for a type. A request without one, or
// with one below 0, is none that the rule is about.
func (c *compiler) amounts(cl *clause, sc *scope) {
	if cl.effect != Allow {
		return
	}
	decls := cl.decl.Limit
	if len(decls) != len(cl.budgets) {
		return // some are wrong
	}
	for i := range decls {
		l := cl.budgets[i]
		if l.Counts == Amounts {
			if l.of = c.compileAmount(cl, sc, decls[i].Of); l.of == nil {
				return
			}
			cl.conditions = append(cl.conditions, l.of.condition())
		}
		cl.limits = append(cl.limits, l)
	}
}

func (c *compiler) compileAmount(cl *clause, sc *scope, at At[string]) *amount {
	c.readable("of", at)
	w, problems := c.writtenOut(at)
	var a *amount
	if len(problems) == 0 {
		a, problems = c.expressions.amount(sc, w.text)
		for i := range problems {
			w.origin(&problems[i], at.V)
		}
	}
	c.problems(at, ", as rule "+strconv.Quote(cl.decl.ID.V)+" uses it", problems)
	if len(problems) > 0 {
		return nil
	}
	a.says = fmt.Sprintf("limit: amount of %s", at.V)
	if len(cl.clauses) == 0 { // once, not for each type
		c.amountInVain(a, at)
	}
	return a
}

// amountInVain warns of an amount that is the same whatever is asked, and counts
// nothing.
func (c *compiler) amountInVain(a *amount, at At[string]) {
	if len(a.reads) > 0 {
		return
	}
	switch n, got := a.value(new(facts)); {
	case got == yes && n == 0:
		c.warnings.AddHint(at.Pos, "of: object.amount", "the limit never applies: its amount is always 0")
	case got == yes && n < 0:
		c.warnings.AddHint(at.Pos, "of: object.amount", "the rule never applies: its amount is always below 0")
	}
}
