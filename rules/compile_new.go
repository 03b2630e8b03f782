package rules

// newObjects refuses a deny rule that can do nothing but err on the objects
// that a map line creates: it would deny every one of them, which a reader of
// the rule does not expect. It asks the conditions themselves, about an object
// of which only what the line binds may be known.
func (c *compiler) newObjects(cl *clause) {
	if cl.effect != Deny || len(cl.conditions) == 0 {
		return
	}
	for i := range c.creates {
		g := &c.creates[i]
		typ := c.set.schema.Types[g.typ]
		if typ == nil || cl.typ != nil && cl.typ != typ || !cl.acts(g.action) {
			continue
		}
		target := g.target(typ)
		f := facts{schema: c.set.schema, caller: new(Caller), req: new(Request), target: &target, probe: true}
		if got, _ := evaluate(cl.conditions, &f); got == absent || got == failed {
			c.ms.AddHint(cl.decl.Pos, "test with has(), bind the value in the map line, or take the action out of `to`",
				"on %q (%v) this deny rule can only fail, for want of what its condition reads", g.text, g.pos)
			return
		}
	}
}

// target is an object as the map line creates it. Its values only have to be
// there: a probe does not read them.
func (g *glance) target(t *Type) Target {
	o := Object{Type: t, State: New, Attributes: make([]any, len(t.Attributes)), RowTier: NoTier}
	if g.hasID {
		o.ID = "-"
	}
	if g.parent {
		o.Parent = "-"
	}
	for _, name := range g.bounds {
		if slot := t.Slot(name); slot >= 0 {
			o.Attributes[slot] = "-"
		}
	}
	return Target{Action: g.action, Object: o}
}
