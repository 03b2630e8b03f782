package rules

import (
	"regexp"
	"slices"
	"strings"
)

// bodyStep is the name of a member that a condition can write, by a dot or in brackets.
var bodyStep = regexp.MustCompile(`^[A-Za-z_$@][A-Za-z0-9_$@:-]*$`)

// bodies gives a type the members that its actions declare, in the order of their
// names. One name has one kind, whatever the action, for it is one name in rules.
func (c *compiler) bodies(t *Type, d *ObjectDecl) {
	first := make(map[string]Pos)
	for i := range d.Actions {
		action := &d.Actions[i]
		for _, e := range action.V.Body {
			steps, ok := c.bodyPath(e.Pos, e.Key)
			if !ok {
				continue
			}
			at := slices.IndexFunc(t.Body, func(m Member) bool { return m.Name == e.Key })
			if at < 0 {
				c.apart(t, e.Pos, e.Key, steps)
				first[e.Key] = e.V.Pos
				t.Body = append(t.Body, Member{Name: e.Key, Path: steps, Kind: e.V.Kind, actions: []string{action.Key}})
				continue
			}
			if m := &t.Body[at]; m.Kind != e.V.Kind {
				c.ms.AddHint(e.V.Pos, "one name has one kind in all bodies of a type", "%q is %v at %v, and %v here", e.Key, m.Kind, first[e.Key], e.V.Kind)
			} else {
				m.actions = append(m.actions, action.Key)
			}
		}
	}
	slices.SortFunc(t.Body, func(a, b Member) int { return strings.Compare(a.Name, b.Name) })
	for i := range t.Body {
		slices.Sort(t.Body[i].actions)
	}
}

// bodyPath divides the name of a member into its steps.
func (c *compiler) bodyPath(at Pos, name string) ([]string, bool) {
	steps, ok := PropertyPath(name)
	switch {
	case slices.Contains(steps, Element):
		c.ms.AddHint(at, "of a list of texts or numbers write its name, with the kind [string] or [int]", "%q: to read a member of each element is not supported yet", name)
		return nil, false
	case !ok || slices.ContainsFunc(steps, func(s string) bool { return !bodyStep.MatchString(s) }):
		c.ms.AddHint(at, "write a member, or customer.tier", "%q is no member of a body: a path has names divided by dots, none of them a number", name)
		return nil, false
	}
	return steps, true
}

// apart refuses a member that is a value, and has members itself.
func (c *compiler) apart(t *Type, at Pos, name string, steps []string) {
	for i := range t.Body {
		other := &t.Body[i]
		if n := min(len(other.Path), len(steps)); slices.Equal(other.Path[:n], steps[:n]) {
			c.ms.Add(at, "no body has both %s and %s: one is a part of the other", other.Name, name)
			return
		}
	}
}
