package rules

import (
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// groupsOf compiles the groups: each to the identities that are in it, directly or
// as members of a group inside it.
func (c *compiler) groupsOf() {
	c.groups, c.groupDecls = make(map[string]*group, len(c.src.Groups)), make(map[string]*GroupDecl, len(c.src.Groups))
	first := make(map[string]Pos, len(c.src.Groups))
	for i := range c.src.Groups {
		d := &c.src.Groups[i]
		c.quiet(d.Pos, func() {
			if c.name("group", d.Name, d.Pos, first) && !c.isIdentity(d.Name) {
				c.groups[d.Name.V], c.groupDecls[d.Name.V] = &group{name: d.Name.V}, d
			}
			c.readable("because", d.Because)
			c.readable("owner", d.Owner)
			c.review("group "+strconv.Quote(d.Name.V), d.ReviewBy)
		})
	}
	c.whole = !slices.ContainsFunc(c.src.Identities, func(d IdentityDecl) bool { return c.src.broken[d.Pos] })
	for i := range c.src.Groups {
		d := &c.src.Groups[i]
		c.whole = c.whole && !c.src.broken[d.Pos]
		c.quiet(d.Pos, func() { c.checkMembers(d) })
	}
	member := make(memberships)
	for _, name := range slices.Sorted(maps.Keys(c.groups)) {
		g := c.groups[name]
		for id := range c.membersOf(g, nil) {
			member[id] = append(member[id], g)
		}
	}
	c.set.deny.groups, c.set.allow.groups, c.set.selects.groups, c.set.counted.groups = member, member, member, member
}

// isIdentity reports that a group has the name of an identity: a bare name in a rule
// is one or the other.
func (c *compiler) isIdentity(name At[string]) bool {
	id := c.identities[name.V]
	if id != nil {
		c.ms.AddHint(name.Pos, "a rule names both alike: give one of them another name", "%q is already an identity at %v", name.V, id.Pos)
	}
	return id != nil
}

func (c *compiler) checkMembers(d *GroupDecl) {
	if len(d.Members) == 0 {
		c.ms.AddHint(d.Pos, "members: a list of identities and groups", "group %q has no members", d.Name.V)
	}
	first := make(map[string]bool, len(d.Members))
	for _, at := range d.Members {
		switch {
		case c.identities[at.V] == nil && c.groups[at.V] == nil:
			c.unknownAmong(c.nameable(), at, c.names())
		case first[at.V]:
			c.ms.Add(at.Pos, "%q is already in the group", at.V)
		}
		first[at.V] = true
	}
}

// membersOf fills a group and those inside it. path are the groups around it.
func (c *compiler) membersOf(g *group, path []string) map[string]bool {
	if g.members != nil {
		return g.members
	}
	if at := slices.Index(path, g.name); at >= 0 {
		c.cycle(append(path[at:], g.name))
		return nil
	}
	path = append(path, g.name)
	members := make(map[string]bool)
	for _, at := range c.groupDecls[g.name].Members {
		if inner := c.groups[at.V]; inner != nil {
			within := c.membersOf(inner, path)
			if c.most(&c.products.members, len(within), maxMembers, at.Pos, "groups in groups", "select by a claim, or by environment") {
				break
			}
			maps.Copy(members, within)
		} else if c.identities[at.V] != nil {
			members[at.V] = true
		}
	}
	g.members, g.sorted = members, slices.Sorted(maps.Keys(members))
	return members
}

// cycle reports that a group is inside itself, at the member that closes the circle.
func (c *compiler) cycle(path []string) {
	last := c.groupDecls[path[len(path)-2]]
	for _, at := range last.Members {
		if at.V == path[0] {
			c.ms.AddHint(at.Pos, strings.Join(path, " > "), "group %q is inside itself", path[0])
			return
		}
	}
}

// nameable says what a bare name can be.
func (c *compiler) nameable() string {
	if len(c.groups) > 0 {
		return "identity or group"
	}
	return "identity"
}

func (c *compiler) names() iter.Seq[string] {
	return func(yield func(string) bool) {
		for name := range c.identities {
			if !yield(name) {
				return
			}
		}
		maps.Keys(c.groups)(yield)
	}
}

// unusedGroups warns of groups that no rule is about, by themselves or within another.
func (c *compiler) unusedGroups() {
	used := make(map[string]bool)
	var use func(name string)
	use = func(name string) {
		d := c.groupDecls[name]
		if d == nil || used[name] {
			return
		}
		used[name] = true
		for _, at := range d.Members {
			use(at.V)
		}
	}
	for name := range c.usedGroups {
		use(name)
	}
	for i := range c.src.Groups {
		d := &c.src.Groups[i]
		c.quiet(d.Pos, func() {
			if c.groupDecls[d.Name.V] == d && !used[d.Name.V] {
				c.warnings.AddHint(d.Name.Pos, "remove it, or name it in a rule", "no rule is about group %q", d.Name.V)
			}
		})
	}
}
