package mutant

import (
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// selectors leaves members out of the rule's selectors, and selectors out of its list.
func (r *ruleMutants) selectors() {
	of := func(d *rules.RuleDecl) *rules.Selectors { return &d.Deny }
	if r.allows() {
		of = func(d *rules.RuleDecl) *rules.Selectors { return &d.Allow }
	}
	list := of(r.decl).List
	for k := range list {
		set := func(by ...rules.Selector) func(*rules.RuleDecl) {
			return func(d *rules.RuleDecl) { of(d).List = slices.Concat(list[:k], by, list[k+1:]) }
		}
		if s := &list[k]; nameOf(s) != "" {
			wider, what := r.widerThan(s)
			idle := r.needless([]rules.Selector{*s}, wider)
			r.add(Mutant{Operator: widenSelector, Pos: s.Pos, Idle: idle}, set(wider...), "for %s, not %s", what, nameOf(s))
		} else {
			r.members(s, set)
		}
		if len(list) > 1 {
			r.add(Mutant{Operator: dropSelector, Pos: list[k].Pos}, set(), "not for %s", spelt(reflect.ValueOf(list[k])))
		}
	}
}

// members leaves out each member that must match, the last one too: then the rule
// is for whoever has a credential.
func (r *ruleMutants) members(s *rules.Selector, set func(...rules.Selector) func(*rules.RuleDecl)) {
	all := leaves(reflect.ValueOf(*s), nil)
	for _, l := range all {
		wider := *s
		l.drop(&wider)
		by := []rules.Selector{wider}
		if len(all) == 1 {
			by = everybody(s.Pos)
		}
		idle := r.needless([]rules.Selector{*s}, by)
		r.add(Mutant{Operator: widenSelector, Pos: cmpPos(l.pos, s.Pos), Idle: idle}, set(by...), "without %s: %s in a selector", l.name, l.says)
	}
}

var kinds = []string{"human", "service", "workload", "third-party", "agent"}

func ofKind(at rules.Pos, kind string) rules.Selector {
	return rules.Selector{Pos: at, Kind: rules.At[string]{Pos: at, V: kind}}
}

func everybody(at rules.Pos) (out []rules.Selector) {
	for _, kind := range kinds {
		out = append(out, ofKind(at, kind))
	}
	return out
}

// widerThan is the least of a name's widenings that selects anybody else.
func (r *ruleMutants) widerThan(s *rules.Selector) (by []rules.Selector, what string) {
	at := slices.IndexFunc(r.Set.Identities(), func(id *rules.Identity) bool { return id.Name == nameOf(s) })
	if at < 0 { // a group
		return everybody(s.Pos), "whoever has a credential"
	}
	id := r.Set.Identities()[at]
	kind, issuer := ofKind(s.Pos, id.Kind.String()), rules.At[string]{Pos: s.Pos, V: id.Issuer}
	own, _ := r.selected(*s)
	if id.Issuer != "" {
		both := kind
		both.Issuer = issuer
		if more, _ := r.selected(both); !slices.Equal(own, more) {
			return []rules.Selector{both}, "every " + id.Kind.String() + " of " + id.Issuer
		}
		if id.Subject != "" || len(id.Clients) > 0 { // else all of its issuer are this one
			return []rules.Selector{{Pos: s.Pos, Issuer: issuer}}, "everybody of " + id.Issuer
		}
	}
	if more, _ := r.selected(kind); !slices.Equal(own, more) {
		return []rules.Selector{kind}, "every " + id.Kind.String()
	}
	return everybody(s.Pos), "whoever has a credential"
}
