package rules

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// rules compiles every rule, in byte order of path and then position: the order
// in which they are tried and in which their `then` runs.
func (c *compiler) rules() {
	decls := make([]*RuleDecl, len(c.src.Rules))
	first := make(map[string]Pos, len(decls))
	for i := range c.src.Rules {
		d := &c.src.Rules[i]
		decls[i] = d
		c.quiet(d.Pos, func() { c.name("rule", d.ID, d.Pos, first) })
	}
	slices.SortStableFunc(decls, func(a, b *RuleDecl) int {
		switch {
		case a.Pos.Less(b.Pos):
			return -1
		case b.Pos.Less(a.Pos):
			return 1
		}
		return cmp.Compare(a.ID.V, b.ID.V)
	})
	for i, d := range decls {
		c.quiet(d.Pos, func() {
			c.set.rules = append(c.set.rules, c.rule(d, i))
		})
	}
}

func (c *compiler) rule(d *RuleDecl, order int) *rule {
	r := &rule{decl: d, order: order, purposes: d.For.Values(), unbounded: d.Unbounded.V, require: c.require(&d.Require, "rule "+d.ID.V)}
	c.effect(r)
	c.scopeOf(r)
	c.limits(r)
	c.teamRule(r)
	c.budgets(r)
	c.meets(r)
	c.checkPurposes(r)
	c.ruleCategory(r)
	c.clauses(r)
	c.broad(r)
	c.justified(r)
	c.inVain(r)
	c.readable("when", d.When)
	c.readable("because", d.Because)
	c.readable("owner", d.Owner)
	c.readable("ticket", d.Ticket)
	r.window, r.ask = c.window(d), c.ask(d)
	if r.effect == Deny {
		r.refusal = c.refusal(d)
	}
	if of := "rule " + strconv.Quote(d.ID.V); r.effect == Allow {
		r.overdue = c.lapses(of, d.ReviewBy, "it no longer applies")
	} else {
		c.review(of, d.ReviewBy)
	}
	return r
}

// effect reads allow or deny, and the keys that only one of them has.
func (c *compiler) effect(r *rule) {
	d := r.decl
	allow, deny := d.Allow.Pos != Pos{}, d.Deny.Pos != Pos{}
	switch {
	case allow && deny:
		c.ms.Add(d.Deny.Pos, "a rule either allows or denies, this one also allows at %v", d.Allow.Pos)
	case !allow && !deny:
		c.ms.Add(d.Pos, "the rule says neither allow nor deny")
	}
	selectors := &d.Deny
	if allow {
		r.effect, selectors = Allow, &d.Allow
	}
	if d.Mode.given() && d.Mode.V != "shadow" {
		c.ms.AddHint(d.Mode.Pos, "leave mode out for a rule that is in force", "unknown mode %q, the only one is shadow", d.Mode.V)
	}
	r.shadow = d.Mode.V == "shadow"
	if (allow || deny) && len(selectors.List) == 0 {
		c.ms.Add(selectors.Pos, "the rule selects no callers")
	}
	r.selectors, r.byNot = c.selectors(selectors.List)
	if r.effect == Allow {
		c.misplaced(d.Status.Pos, "status", "a deny rule has one")
		c.misplaced(d.Text.Pos, "text", "a deny rule has one")
		if r.unbounded && (d.Own.given() || d.Same.given() || d.Only.Pos != (Pos{})) {
			c.ms.AddHint(d.Unbounded.Pos, "write a rule of its own for the list that nothing bounds",
				"unbounded has no effect beside own, same or only, which such a list never proves")
		}
		c.misplaced(d.FromTier.Pos, "from_tier", "an allow rule has up_to")
		return
	}
	c.misplaced(d.UpTo.Pos, "up_to", "a deny rule has from_tier")
	c.misplaced(d.Require.Pos, "require", "a deny rule requires nothing")
	c.misplaced(d.Unbounded.Pos, "unbounded", "a deny rule covers every collection")
	c.misplaced(d.Ask.Pos, "ask", "what is denied needs no reason")
	c.misplaced(d.Then.Pos, "then", "what is denied is not changed")
}

func (c *compiler) misplaced(at Pos, key, hint string) {
	if at != (Pos{}) {
		c.ms.AddHint(at, hint, "%s has no meaning here", key)
	}
}

// scopeOf reads `to` and `on`.
func (c *compiler) scopeOf(r *rule) {
	d := r.decl
	if len(d.To) == 0 {
		c.ms.AddHint(d.Pos, "list the actions, such as to: [read]", "the rule does not say `to` which actions it applies")
	}
	r.to = c.toActions(d.To)
	if len(d.On) == 0 {
		c.ms.AddHint(d.Pos, "list the types, such as on: account", "the rule does not say `on` which types it applies")
	}
	for i, w := range d.On {
		switch t := c.set.schema.Types[w.V]; {
		case w.V == anything && len(d.On) > 1:
			c.ms.Add(w.Pos, "* is every type, the others add nothing")
		case w.V == anything:
		case t == nil && strings.Contains(w.V, "/"):
			c.ms.AddHint(w.Pos, "a rule is on types of objects; paths stand in routes, where a map line says what is behind them", "unknown type %q", w.V)
		case t == nil:
			c.unknownAmong("type", w, maps.Keys(c.set.schema.Types))
		case slices.Contains(r.types, t):
			c.ms.Add(w.Pos, "type %q is given twice", d.On[i].V)
		default:
			r.types = append(r.types, t)
		}
	}
}

// limits reads up_to or from_tier.
func (c *compiler) limits(r *rule) {
	r.fromTier = NoTier
	if r.effect == Deny {
		r.fromTier = c.tier(c.set.schema, r.decl.FromTier)
		return
	}
	if !r.decl.UpTo.given() {
		c.ms.AddHint(r.decl.Pos, "up_to: the highest tier that it allows", "an allow rule must say up_to")
	}
	r.upTo = c.tier(c.set.schema, r.decl.UpTo)
}
