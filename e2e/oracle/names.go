package oracle

import (
	"slices"
	"strings"
)

// Group is an entry of `groups:`.
type Group struct {
	Name    string
	Members []string // identities and groups
	Why     bool     // because, owner and review_by are said
}

// ActionGroup is an entry of `action_groups:`.
type ActionGroup struct {
	Name    string
	Actions []string // actions and groups of them
}

// Define is an entry of `define:`.
type Define struct {
	Name string
	Cond *Cond
}

// Only is `only` of a rule; members that are set must all fit.
type Only struct {
	ID, Prefix, Parent []string
	Label              []Label
}

// Label is an attribute and the values that it may have.
type Label struct {
	Attr   string
	Values []string
}

// named is the condition that a define is a name for.
func (d Define) named() *Cond {
	return &Cond{Op: "named", Kids: []*Cond{d.Cond}, A: ref(d.Name)}
}

// namedConstructs are the ways by which rules say who and what by names and trees.
var namedConstructs = []string{
	"group: a member", "group: a member of a group inside", "selector: scope", "selector: workload", "selector: a path of workloads", "selector: environment",
	"selector: any_of", "selector: all_of", "selector: not beside others", "selector: not alone", "selector: not, of a stranger",
	"action group: of a rule", "action group: inside another", "define: in a condition",
	"only: id", "only: id_prefix", "only: parent", "only: label", "only: unknown", "only: absent", "only: false",
}

// part is one member of a selector, or that it must not fit.
type part struct {
	member Selector
	not    bool
}

// alternatives reads a selector as decisions.md says: lists of parts, of which all of
// one must be so.
func (s Selector) alternatives(not bool) [][]part {
	var all [][][]part // what must be so together
	for _, m := range s.members() {
		all = append(all, [][]part{{{m, not}}})
	}
	either := func(list []Selector, not bool) (out [][]part) {
		for _, item := range list {
			out = append(out, item.alternatives(not)...)
		}
		return out
	}
	if len(s.AnyOf) > 0 && !not {
		all = append(all, either(s.AnyOf, false))
	}
	for _, item := range s.AllOf {
		all = append(all, item.alternatives(not))
	}
	for _, item := range s.Not {
		all = append(all, item.alternatives(!not))
	}
	if !not {
		return product(all)
	}
	var out [][]part
	for _, one := range all {
		out = append(out, one...)
	}
	if len(s.AnyOf) > 0 { // none of them
		var each [][][]part
		for _, item := range s.AnyOf {
			each = append(each, item.alternatives(true))
		}
		out = append(out, product(each)...)
	}
	return out
}

func product(all [][][]part) [][]part {
	out := [][]part{nil}
	for _, options := range all {
		var next [][]part
		for _, so := range out {
			for _, option := range options {
				next = append(next, slices.Concat(so, option))
			}
		}
		out = next
	}
	return out
}

// members are the selectors of one member that a selector has itself.
func (s Selector) members() (out []Selector) {
	for _, m := range []Selector{{Identity: s.Identity}, {Group: s.Group}, {Kind: s.Kind}, {Issuer: s.Issuer}, {Workload: s.Workload}, {Environment: s.Environment}} {
		if m.Identity+m.Group+m.Kind+m.Issuer+m.Workload+m.Environment != "" {
			out = append(out, m)
		}
	}
	for _, c := range s.Claim {
		out = append(out, Selector{Claim: []FixedClaim{c}})
	}
	for _, scope := range s.Scope {
		out = append(out, Selector{Scope: []string{scope}})
	}
	return out
}

// selects says whether a selector means the caller.
func (e *evaluation) selects(s Selector) bool {
	if s.plain() {
		return e.caller.selects(s)
	}
	for _, alt := range s.alternatives(false) {
		if e.meant(alt) {
			e.reachSelector(&s)
			return true
		}
	}
	registered := e.caller.identity != nil
	e.reachIf(len(s.Not) > 0 && len(s.members())+len(s.AnyOf)+len(s.AllOf) == 0 && !registered, "selector: not, of a stranger")
	return false
}

// plain says whether a selector has only what is asked of a caller by itself.
func (s Selector) plain() bool {
	return s.Group+s.Workload+s.Environment == "" && len(s.Scope)+len(s.AnyOf)+len(s.AllOf)+len(s.Not) == 0
}

func (e *evaluation) meant(alt []part) bool {
	c := &e.caller
	anonymous := c.identity == nil && c.token == nil
	named, asAnonymous := false, false
	for _, p := range alt {
		if e.fitsPart(p.member) == p.not {
			return false
		}
		named = named || !p.not
		asAnonymous = asAnonymous || !p.not && p.member.Kind == "anonymous"
	}
	return (named || c.identity != nil) && (!anonymous || asAnonymous)
}

// fitsPart says whether a selector of one member fits, whatever else there is.
func (e *evaluation) fitsPart(s Selector) bool {
	c := &e.caller
	switch {
	case s.Group != "":
		return c.identity != nil && e.w.inGroup(c.identity.Name, s.Group)
	case s.Environment != "":
		return c.identity != nil && c.identity.Environment == s.Environment
	case s.Workload != "":
		path, below := strings.CutSuffix(s.Workload, "*")
		return e.peer() == s.Workload || below && strings.HasPrefix(e.peer(), path)
	case len(s.Scope) > 0:
		text := ""
		if c.token != nil {
			text, _ = c.token.Claims["scope"].(string)
		}
		return slices.Contains(strings.Fields(text), s.Scope[0])
	}
	return c.selects(s)
}

func (e *evaluation) reachSelector(s *Selector) {
	direct := func(g Group) bool { return g.Name == s.Group && slices.Contains(g.Members, e.caller.identity.Name) }
	e.reachIf(s.Group != "" && slices.ContainsFunc(e.w.Groups, direct), "group: a member")
	e.reachIf(s.Group != "" && !slices.ContainsFunc(e.w.Groups, direct), "group: a member of a group inside")
	e.reachIf(len(s.Scope) > 0, "selector: scope")
	e.reachIf(s.Workload != "" && !strings.HasSuffix(s.Workload, "/*"), "selector: workload")
	e.reachIf(strings.HasSuffix(s.Workload, "/*"), "selector: a path of workloads")
	e.reachIf(s.Environment != "", "selector: environment")
	e.reachIf(len(s.AnyOf) > 0, "selector: any_of")
	e.reachIf(len(s.AllOf) > 0, "selector: all_of")
	beside := len(s.members())+len(s.AnyOf)+len(s.AllOf) > 0
	e.reachIf(len(s.Not) > 0 && beside, "selector: not beside others")
	e.reachIf(len(s.Not) > 0 && !beside, "selector: not alone")
}

func (w *World) inGroup(identity, name string) bool {
	for _, g := range w.Groups {
		if g.Name == name {
			return slices.ContainsFunc(g.Members, func(m string) bool { return m == identity || w.inGroup(identity, m) })
		}
	}
	return false
}

// acts says whether `to` of a rule names the action, or a group that has it.
func (e *evaluation) acts(to []string, action string) bool {
	for _, name := range to {
		if name == action || name == "*" {
			return true
		}
		for _, g := range e.w.ActionGroups {
			if g.Name == name && e.acts(g.Actions, action) {
				e.reach(map[bool]string{true: "action group: of a rule", false: "action group: inside another"}[slices.Contains(g.Actions, action)])
				return true
			}
		}
	}
	return false
}

// only are the truths of the members of `only`.
func (e *evaluation) only(o *Only, t *target) (out []truth) {
	if o == nil {
		return nil
	}
	judge := func(what, name string, fits func(any) bool) {
		v := e.ref(t, name)
		got := v.known
		if got == isTrue {
			got = truthOf(fits(v.v))
		}
		e.reachIf(got == isTrue, "only: "+what)
		e.reachIf(got == isUnknown, "only: unknown")
		e.reachIf(got == isMissing, "only: absent")
		e.reachIf(got == isFalse, "only: false")
		out = append(out, got)
	}
	among := func(list []string) func(any) bool {
		return func(v any) bool {
			if items, ok := v.([]string); ok {
				return slices.ContainsFunc(items, func(item string) bool { return slices.Contains(list, item) })
			}
			return slices.Contains(list, v.(string))
		}
	}
	if len(o.ID) > 0 {
		judge("id", "object.id", among(o.ID))
	}
	if len(o.Prefix) > 0 {
		judge("id_prefix", "object.id", func(v any) bool {
			return slices.ContainsFunc(o.Prefix, func(p string) bool { return strings.HasPrefix(v.(string), p) })
		})
	}
	if len(o.Parent) > 0 {
		judge("parent", "object.parent.id", among(o.Parent))
	}
	for _, l := range o.Label {
		judge("label", "object."+l.Attr, among(l.Values))
	}
	return out
}

// named says whether a define is in the condition.
func (c *Cond) named() bool {
	return c.Op == "named" || slices.ContainsFunc(c.Kids, (*Cond).named)
}
