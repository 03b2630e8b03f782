package oracle

import (
	"slices"
	"strings"
)

const ofParent = "object.parent."

// above is the part of section 4, step 2, about parents.
func (e *evaluation) above() string {
	for _, t := range e.targets {
		if t.typ.Parent == "" || !slices.ContainsFunc(t.spec.Actions, func(a string) bool { return e.someFits(a, t, allows) }) ||
			!slices.ContainsFunc(t.spec.Actions, func(a string) bool { return e.readsParent(a, t) }) {
			continue
		}
		id := t.parent
		if t.row != nil {
			id = t.row.Parent
		}
		if id == "" {
			continue
		}
		parent := e.w.typ(t.typ.Parent)
		if parent.Source.Fails != "" {
			return parent.Source.Fails
		}
		t.above, t.aboveRow, t.aboveAge = true, parent.row(id), parent.Source.Age
		e.reach(map[bool]string{true: "parent: its row", false: "parent: no row"}[t.aboveRow != nil])
		e.reachIf(t.collection && t.aboveRow != nil, "parent: of a collection")
		if e.badRow(parent, t.aboveRow) {
			return "catalog_bad_row"
		}
	}
	return ""
}

func allows(r *Rule) bool { return !r.Deny }

// someFits says whether a rule of those that count fits the caller or who acts for it.
func (e *evaluation) someFits(action string, t *target, counts func(*Rule) bool) bool {
	who := e.caller
	defer func() { e.caller = who }()
	fits := func() bool {
		return slices.ContainsFunc(e.w.Rules, func(r *Rule) bool { return counts(r) && e.fits(r, action, t.typ) })
	}
	if fits() {
		return true
	}
	if who.actor == nil {
		return false
	}
	e.caller = *who.actor
	return fits()
}

func (e *evaluation) readsParent(action string, t *target) bool {
	return slices.ContainsFunc(t.typ.Classify, func(c Class) bool { return c.When.reads(ofParent) }) || e.someFits(action, t, (*Rule).readsParent)
}

// readsParent says whether a rule reads more of the parent than its id.
func (r *Rule) readsParent() bool {
	if strings.HasPrefix(r.Own, "parent.") || strings.HasPrefix(r.Same, "parent.") || r.When != nil && r.When.reads(ofParent) {
		return true
	}
	return slices.ContainsFunc(r.Set, func(m Mutation) bool {
		return slices.ContainsFunc(m.Value, func(p TemplatePart) bool { return isOfParent(p.Ref) })
	})
}

func isOfParent(ref string) bool { return strings.HasPrefix(ref, ofParent) && ref != ofParent+"id" }

// reads says whether a condition reads a reference with a prefix, but for ids.
func (c *Cond) reads(prefix string) bool {
	mine := func(o Operand) bool { return strings.HasPrefix(o.Ref, prefix) && !strings.HasSuffix(o.Ref, ".id") }
	return mine(c.A) || mine(c.B) || slices.ContainsFunc(c.Kids, func(k *Cond) bool { return k.reads(prefix) })
}

// refOfParent is what the parent's row says. Members of a collection that does not
// say which parent have any.
func (t *target) refOfParent(attribute string) value {
	switch {
	case t.aboveRow != nil:
		if v, ok := t.aboveRow.Values[attribute]; ok {
			return value{v, isTrue}
		}
	case t.collection && !t.above:
		return value{known: isUnknown}
	}
	return value{known: isMissing}
}
