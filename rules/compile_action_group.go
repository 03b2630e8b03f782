package rules

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// actionGroups compiles `action_groups`: each to the actions that are in it, directly
// or as members of a group inside it.
func (c *compiler) actionGroups() {
	c.actionGroup, c.usedActions = make(map[string]*actionGroup), make(map[string]bool)
	first := make(map[string]Pos)
	for i := range c.src.ActionGroups {
		e := &c.src.ActionGroups[i]
		if !c.name("group of actions", At[string]{e.Pos, e.Key}, e.Pos, first) {
			continue
		}
		if c.actions[e.Key] {
			c.ms.AddHint(e.Pos, "a rule names both alike: give the group another name", "%q is an action", e.Key)
			continue
		}
		c.actionGroup[e.Key] = &actionGroup{decl: e}
	}
	for i := range c.src.ActionGroups {
		if g := c.actionGroup[c.src.ActionGroups[i].Key]; g != nil && g.decl == &c.src.ActionGroups[i] {
			c.actionsIn(g, nil)
		}
	}
}

// actionGroup is an entry of `action_groups`. actions is nil until it was looked into.
type actionGroup struct {
	decl    *Entry[Strings]
	actions []string
}

// actionsIn fills a group and those inside it. path are the groups around it.
func (c *compiler) actionsIn(g *actionGroup, path []string) []string {
	if g.actions != nil {
		return g.actions
	}
	path = append(path, g.decl.Key)
	out := []string{}
	for _, at := range g.decl.V {
		switch inner := c.actionsNamed(at); {
		case at.V == anything:
			c.ms.AddHint(at.Pos, `write to: ["*"] in the rule, where a reader sees it`, "an action group lists actions, and not every action")
		case inner != nil && slices.Contains(path, at.V):
			path = append(path[slices.Index(path, at.V):], at.V)
			c.ms.AddHint(at.Pos, strings.Join(path, " > "), "action group %q is inside itself", at.V)
		case inner != nil:
			within := c.actionsIn(inner, path)
			if !c.most(&c.products.actions, len(within), maxMembers, at.Pos, "action groups in action groups", "name fewer groups in groups") {
				out = append(out, within...)
			}
		case c.knownAction(at):
			out = append(out, at.V)
		}
	}
	g.actions = slices.Compact(slices.Sorted(slices.Values(out)))
	return g.actions
}

// actionsNamed is the group that a word stands for, or nil: a team's is its own.
func (c *compiler) actionsNamed(at At[string]) *actionGroup {
	if g := c.actionGroup[at.V]; g != nil && c.sees(at.Pos.File, g.decl.Pos.File) {
		return g
	}
	return nil
}

// toActions reads `to`: each action once, in the order in which they are named.
func (c *compiler) toActions(to Strings) (out []string) {
	has := make(map[string]bool)
	for _, at := range to {
		actions := []string{at.V}
		if g := c.actionsNamed(at); g != nil {
			c.usedActions[at.V], actions = true, g.actions
		} else if at.V != anything {
			c.knownAction(at)
		}
		for _, action := range actions {
			if !has[action] {
				has[action], out = true, append(out, action)
			}
		}
	}
	return out
}

// knownAction checks that an action is usual, declared or weighted.
func (c *compiler) knownAction(at At[string]) bool {
	if c.actions[at.V] {
		return true
	}
	hint := DidYouMean(at.V, slices.Sorted(maps.Keys(c.actions)))
	if hint == "" {
		hint = DidYouMean(at.V, slices.Sorted(maps.Keys(c.actionGroup)))
	}
	if g := c.actionGroup[at.V]; g != nil {
		hint = fmt.Sprintf("files of one team alone use the group at %v", g.decl.Pos)
	}
	if hint == "" {
		hint = c.foreignAction(at.V)
	}
	if hint == "" {
		hint = "no type declares it and it has no weight"
	}
	c.ms.AddHint(at.Pos, hint, "unknown action %q", at.V)
	return false
}

// unusedActionGroups warns of groups that no rule names, by themselves or within another.
func (c *compiler) unusedActionGroups() {
	var use func(name string)
	used := make(map[string]bool)
	use = func(name string) {
		g := c.actionGroup[name]
		if g == nil || used[name] {
			return
		}
		used[name] = true
		for _, at := range g.decl.V {
			use(at.V)
		}
	}
	for name := range c.usedActions {
		use(name)
	}
	for i := range c.src.ActionGroups {
		e := &c.src.ActionGroups[i]
		if g := c.actionGroup[e.Key]; g != nil && g.decl == e && !used[e.Key] {
			c.warnings.AddHint(e.Pos, "remove it, or name it in a rule", "no rule names action group %q", e.Key)
		}
	}
}
