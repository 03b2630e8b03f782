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

// misspeltProperties compares what has a tier with what may be written. Members
// of a body are not declared otherwise, so only a near miss is a mistake.
func (c *compiler) misspeltProperties(d *ObjectDecl) {
	var members []string
	for _, e := range d.Writable {
		members = append(members, e.V.Values()...)
	}
	slices.Sort(members)
	for _, e := range d.Properties {
		if hint := DidYouMean(e.Key, members); hint != "" && !slices.Contains(members, e.Key) {
			c.ms.AddHint(e.Pos, hint, "property %q of type %s is not writable", e.Key, d.Type.V)
		}
	}
}
