package rules

import (
	"fmt"
	"strconv"
)

// class is a compiled entry of `classify`.
type class struct {
	from       string // as records name it
	condition  *condition
	tier       Tier // NoTier where it only adds categories
	categories categories
}

// grade is how sensitive a target is.
type grade struct {
	tier       Tier
	from       string     // what says so
	categories categories // all that it may have
	sure       truth      // yes where these are its categories; else why nobody knows
}

// classified raises a grade by what the attributes of the object say. It is never
// lowered: a condition that errs counts as one that holds, and so does one that the
// bounds of a collection do not decide, for some member may be of the kind.
func (g *grade) classified(f *facts) {
	classes := f.target.Object.Type.classes
	certain, why := g.categories, yes
	for i := range classes {
		c := &classes[i]
		holds := c.condition.ask(f)
		if holds == no {
			continue
		}
		if c.tier > g.tier {
			g.tier, g.from = c.tier, c.from
		}
		g.categories |= c.categories
		if holds == yes {
			certain |= c.categories
		} else if why == yes && c.categories != 0 {
			why = holds
		}
	}
	if g.categories != certain {
		g.sure = why
	}
}

// classify compiles the `classify` of every type. The conditions read the object
// alone, so that a target has one grade whoever asks.
func (c *compiler) classify(s *Schema) {
	for i := range c.src.Objects {
		d := &c.src.Objects[i]
		t := s.Types[d.Type.V]
		if t == nil || t.Pos != d.Pos {
			continue
		}
		c.quiet(d.Pos, func() {
			for n := range d.Classify {
				c.class(s, t, &d.Classify[n], n+1)
			}
		})
	}
}

func (c *compiler) class(s *Schema, t *Type, d *ClassDecl, n int) {
	k := class{from: fmt.Sprintf("classified %d", n), tier: c.tier(s, d.Tier), categories: c.categoriesOf(s, d.Category)}
	switch {
	case !d.When.given():
		c.ms.AddHint(d.Pos, "when: a condition on the object", "the classification does not say when")
		return
	case !d.Tier.given() && len(d.Category) == 0:
		c.ms.Add(d.Pos, "the classification gives neither a tier nor a category")
		return
	case d.Tier.given() && k.tier != NoTier && k.tier <= t.Tier:
		c.ms.Add(d.Tier.Pos, "tier %s raises nothing: the type's own is %s", d.Tier.V, s.TierName(t.Tier))
	}
	c.readable("when", d.When)
	t.Classified = max(t.Classified, k.tier)
	if c.expressions == nil { // a mistake of its own
		return
	}
	done := c.compileCondition(&scope{typ: t, classifies: true, defined: c.defined(d.Pos.File), broad: s.BroadAbove}, d.When)
	c.problems(d.When, ", as type "+strconv.Quote(t.Name)+" uses it", done.problems)
	if k.condition = done.condition; k.condition == nil {
		return
	}
	switch k.condition.always { //nolint:exhaustive // anything else depends on the object
	case yes:
		c.warnings.AddHint(d.When.Pos, "give the type itself the tier and the categories", "the condition always holds")
	case no:
		c.warnings.AddHint(d.When.Pos, "remove the classification if that is meant", "the classification never applies: its condition holds of nothing")
	}
	for i := range k.condition.reads {
		if k.condition.reads[i].what == parentAttribute {
			t.classifiedByParent = true
			t.hangsOnParent()
		}
	}
	t.classes = append(t.classes, k)
}
