package rules

// What a few words come to is counted before it is made: groups in groups, actions times
// types times callers, and conditions with their defines written out all multiply.
const (
	maxMembers    = 2_000_000 // of all groups, those of the groups in them included; likewise the actions of groups
	maxEntries    = 4_000_000 // of all rules, one for each selector, action and type
	maxCallers    = 100_000   // of the rules of a file, as they are listed
	maxPlaces     = 200_000   // pairs of a type and an action that some rule names
	maxConditions = 2 << 20   // bytes of a file's conditions, with defines written out and once for each type
)

// products are what was counted so far.
type products struct {
	members, actions, entries int

	places     map[place]bool
	conditions map[string]int // by file, as are callers
	callers    map[string]int
}

// most reports whether more was counted than may be, and says so at what came last.
func (c *compiler) most(n *int, by, most int, at Pos, what, hint string) bool {
	if *n += by; *n <= most {
		return false
	}
	c.ms.AddHint(at, hint, "%s come to more than %d in all", what, most)
	return true
}

// tooManyCallers reports whether a file, with one more, selects callers too often.
func (c *compiler) tooManyCallers(at Pos) bool {
	n := c.products.callers[at.File]
	defer func() { c.products.callers[at.File] = n }()
	return c.most(&n, 1, maxCallers, at, "the callers that this file lists", "name a group")
}

// tooWide reports whether a rule, with those before it, stands in the index too often.
func (c *compiler) tooWide(r *rule, types []*Type) bool {
	n := &c.products
	if c.most(&n.entries, len(types)*len(r.to)*len(r.selectors), maxEntries, r.decl.Pos, "the callers of rules, times their actions and types,", "name a group of callers, or every action with *") {
		return true
	}
	for _, t := range types {
		for _, action := range r.to {
			if t != nil {
				n.places[place{t.Name, action}] = true
			}
			if len(n.places) > maxPlaces {
				c.ms.AddHint(r.decl.Pos, "name every action with *", "the actions of rules, times their types, come to more than %d in all", maxPlaces)
				return true
			}
		}
	}
	return false
}

// tooLong reports whether a file's conditions, with one more, are too much.
func (c *compiler) tooLong(at Pos, text string) bool {
	n := c.products.conditions[at.File] + len(text)
	c.products.conditions[at.File] = n
	return n > maxConditions
}
