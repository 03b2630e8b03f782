package rules

import (
	"maps"
	"slices"
)

// declaredInVain refuses declarations of a type that nothing can ever use: they
// are misspelt, and what they were meant for has no tier of its own.
func (c *compiler) declaredInVain() {
	weighted := slices.Sorted(maps.Keys(c.set.schema.Weights))
	for i := range c.src.Objects {
		d := &c.src.Objects[i]
		c.quiet(d.Pos, func() {
			for _, e := range d.Actions {
				if !c.mapped[e.Key] && !slices.Contains(weighted, e.Key) && word.MatchString(e.Key) {
					hint := DidYouMean(e.Key, weighted)
					if hint == "" {
						hint = "give it a weight, or leave it out"
					}
					c.ms.AddHint(e.Pos, hint, "action %q of type %s is in no map line and has no weight", e.Key, d.Type.V)
				}
			}
			c.misspeltProperties(d)
		})
	}
}

// propertyPath refuses a name that no path of a body has.
func (c *compiler) propertyPath(at Pos, name string) {
	if _, ok := PropertyPath(name); !ok {
		c.ms.AddHint(at, "write a member, address.zip, or items[].price for each element", "%q is no property: a path has names divided by dots, none of them a number", name)
	}
}

// misspeltProperties compares what has a tier with what may be written. Members
// of a body are not declared otherwise, so only a near miss is a mistake.
func (c *compiler) misspeltProperties(d *ObjectDecl) {
	var members []string
	for _, e := range d.Writable {
		members = append(members, e.V.Values()...)
	}
	slices.Sort(members)
	for _, e := range d.Properties {
		related := func(member string) bool { return touches(member, e.Key) }
		if hint := DidYouMean(e.Key, members); hint != "" && !slices.ContainsFunc(members, related) {
			c.ms.AddHint(e.Pos, hint, "property %q of type %s is not writable", e.Key, d.Type.V)
		}
	}
}
