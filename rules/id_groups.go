package rules

import "strconv"

// idGroups are the attributes that ids of a type give by named groups of their
// pattern: acme-7 of "(?P<tenant>[a-z]+)-[0-9]+" is of the tenant acme.
type idGroups struct {
	slots    []int // by group of the pattern; -1 for a group without a name
	division *division
}

// idGroups compiles the named groups of a type's pattern.
func (c *compiler) idGroups(t *Type, id At[string]) {
	if t.ID == nil {
		return
	}
	g := &idGroups{}
	var named []int
	for group, name := range t.ID.SubexpNames() {
		slot := t.Slot(name)
		switch {
		case name == "":
			slot = -1
		case slot < 0:
			c.ms.AddHint(id.Pos, "declare it: attributes: { "+name+": string }, or write (?:…)", "the group %q of id is no attribute of %s", name, t.Name)
		case t.Attributes[slot].Kind != String && t.Attributes[slot].Kind != Int:
			c.ms.Add(id.Pos, "the group %q of id is an attribute of kind %v, want string or int", name, t.Attributes[slot].Kind)
		default:
			named = append(named, group)
		}
		g.slots = append(g.slots, slot)
	}
	if len(named) == 0 {
		return
	}
	var err error
	var looped string
	switch g.division, looped, err = newDivision(t.ID.String(), named); {
	case err != nil:
		c.ms.Add(id.Pos, "id is no regular expression: %v", err)
		return
	case looped != "":
		c.ms.AddHint(id.Pos, "put the repetition into the group", "the group %q of id may come several times, so an id gives it several values", looped)
		return
	}
	t.groups = g
}

// NamesAttributes reports whether ids of the type give attributes.
func (t *Type) NamesAttributes() bool { return t.groups != nil }

// Named sets in to, by slot, the attributes that an id gives, and returns what is
// wrong with it: that it gives one of another kind, or can be divided in two ways.
// One that is set already stays, if it is the same.
func (t *Type) Named(id string, to []any) (wrong string) {
	if t.groups == nil {
		return ""
	}
	at := t.ID.FindStringSubmatchIndex(id)
	switch {
	case at == nil:
		return "the id is not what its pattern says"
	case !t.groups.division.once(id):
		return "the id can be divided in two ways"
	}
	for group, slot := range t.groups.slots {
		from, end := at[2*group], at[2*group+1]
		switch {
		case slot < 0:
			continue
		case from < 0: // a group that has no part in it
			continue
		}
		value, ok := t.Attributes[slot].Kind.ParseScalar(id[from:end])
		if n, isInt := value.(int64); !ok || isInt && strconv.FormatInt(n, 10) != id[from:end] {
			return "the id gives attribute " + t.Attributes[slot].Name + " no value of kind " + t.Attributes[slot].Kind.String()
		}
		if to[slot] != nil && to[slot] != value {
			return "attribute " + t.Attributes[slot].Name + " is not what the id says"
		}
		to[slot] = value
	}
	return ""
}

// ByID reports whether ids of the type give the attribute in a slot.
func (t *Type) ByID(slot int) bool {
	if t.groups == nil {
		return false
	}
	for _, s := range t.groups.slots {
		if s == slot && slot >= 0 {
			return true
		}
	}
	return false
}
