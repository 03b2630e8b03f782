package rules

import (
	"fmt"
	"slices"
	"strings"
)

// Member is a value in a request's body that conditions may read, as request.body.Name.
type Member struct {
	Name string   // customer.tier
	Path []string // its steps
	Kind Kind

	actions []string // whose requests bring it, sorted
}

// BodyOf returns the slots, in Body, of the members that requests for one of the
// actions are to bring, in the order of their names.
func (t *Type) BodyOf(actions ...string) (slots []int) {
	for slot := range t.Body {
		if slices.ContainsFunc(actions, func(a string) bool { return slices.Contains(t.Body[slot].actions, a) }) {
			slots = append(slots, slot)
		}
	}
	return slots
}

// Brought returns the value in a slot of the request's body, and whether it is
// present. An empty text is what the request does not say.
func (t *Target) Brought(slot int) (any, bool) {
	if slot < 0 || slot >= len(t.Body) || t.Body[slot] == nil || t.Body[slot] == "" {
		return nil, false
	}
	return t.Body[slot], true
}

// member finds what a path behind request.body leads to. A rule reads only what
// every request that it is about can bring: each of its actions declares it, and
// the map lines of an action say where they have it or do not load.
func (sc *scope) member(path []string) (*variableRef, int, string, string) {
	full := strings.Join(path, ".")
	switch {
	case len(path) < 3:
		return nil, 0, "request.body alone is no value, read one of its members", ""
	case sc.typ == nil:
		return nil, 0, fmt.Sprintf("unknown name %q: a rule on every type can read no type's bodies", full), "name the types in `on`"
	case slices.Contains(sc.actions, anything):
		return nil, 0, fmt.Sprintf("unknown name %q: a rule for every action can read no action's bodies", full), "name the actions in `to`"
	}
	for slot := range sc.typ.Body {
		m := &sc.typ.Body[slot]
		if n := 2 + len(m.Path); len(path) < n || !slices.Equal(path[2:n], m.Path) {
			continue
		}
		name := "request.body." + m.Name
		for _, action := range sc.actions {
			if !slices.Contains(m.actions, action) {
				return nil, 0, fmt.Sprintf("%s is in the body of %s %s, and not of %s", name, strings.Join(m.actions, ", "), sc.typ.Name, action),
					"declare it with that action, too, or write a rule for each"
			}
		}
		return &variableRef{name: name, what: requestBody, kind: m.Kind, slot: slot, sensitive: true}, 2 + len(m.Path), "", ""
	}
	if sc.leads(path[2:]) {
		return nil, 0, full + " alone is no value, read one of its members", ""
	}
	hint := sc.didYouMean(full)
	if hint == "" && len(sc.actions) > 0 {
		hint = fmt.Sprintf("declare it with the type: actions: { %s: { body: { %s: int } } }", sc.actions[0], strings.Join(path[2:], "."))
	}
	return nil, 0, fmt.Sprintf("no action of type %s has %q in its body", sc.typ.Name, strings.Join(path[2:], ".")), hint
}

// leads reports whether a path in a body goes towards members, and is none.
func (sc *scope) leads(path []string) bool {
	return sc.typ != nil && slices.ContainsFunc(sc.typ.Body, func(m Member) bool {
		return len(m.Path) > len(path) && slices.Equal(m.Path[:len(path)], path)
	})
}

// ofBody reads a member of the request's body. What the client says is known of
// a collection, too.
func (r *variableRef) ofBody(f *facts) (any, truth) {
	v, ok := f.target.Brought(r.slot)
	switch {
	case f.probe:
		return nil, unknown
	case !ok:
		return nil, absent
	}
	return v, yes
}
