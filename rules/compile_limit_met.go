package rules

import (
	"cmp"
	"maps"
	"slices"
)

// maxMet is how many limits one caller can meet with one action on one type: each id
// that a denied request names is charged to every one of them.
const maxMet = 64

// met are the limits of allow rules in force on one type and action, by whom they can
// be about. A caller has one identity and one issuer, and meets those that name
// neither; a rule on every type, or to any action, is counted for all of them.
type met struct {
	by          [3]map[string]int // anybody's under "", an identity's, an issuer's
	first, last Pos               // rules
}

// meets counts the rule's limits where they are met.
func (c *compiler) meets(r *rule) {
	if r.shadow || len(r.budgets) == 0 {
		return
	}
	places := []place{{anything, anything}}
	if !names(r.decl.On, anything) && !slices.Contains(r.to, anything) {
		places = nil
		for _, t := range r.types {
			for _, action := range r.to {
				places = append(places, place{t.Name, action})
			}
		}
	}
	for _, at := range places {
		m := c.met[at]
		if m == nil {
			m = &met{by: [3]map[string]int{{}, {}, {}}, first: r.decl.Pos}
			c.met[at] = m
		}
		m.last = r.decl.Pos
		m.add(r)
	}
}

func (m *met) add(r *rule) {
	var of [3]map[string]bool
	for i := range r.selectors {
		s, who, name := &r.selectors[i], 0, ""
		switch {
		case s.identity != nil:
			who, name = 1, s.identity.Name
		case s.issuer != "":
			who, name = 2, s.issuer
		}
		if of[who] == nil {
			of[who] = make(map[string]bool)
		}
		of[who][name] = true
	}
	if of[0] != nil {
		of = [3]map[string]bool{of[0]} // it may be about all of them
	}
	for who, names := range of {
		for name := range names {
			m.by[who][name] += len(r.budgets)
		}
	}
}

// most is how many a caller can meet.
func (m *met) most() (n int) {
	for _, by := range m.by {
		most := 0
		for _, of := range by {
			most = max(most, of)
		}
		n += most
	}
	return n
}

// tooManyLimits refuses what would make one request cost without a bound.
func (c *compiler) tooManyLimits() {
	everywhere := c.met[place{anything, anything}]
	said := make(map[Pos]bool)
	for _, at := range slices.SortedFunc(maps.Keys(c.met), func(a, b place) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.action, b.action))
	}) {
		m := c.met[at]
		n, first, last := m.most(), m.first, m.last
		if everywhere != nil && m != everywhere {
			n += everywhere.most()
			if everywhere.first.Less(first) {
				first = everywhere.first
			}
			if last.Less(everywhere.last) {
				last = everywhere.last
			}
		}
		if n > maxMet && !said[last] {
			said[last] = true
			c.ms.AddHint(last, "put the limits into fewer rules, or name in each whose identity or issuer it is about",
				"a caller can meet %d limits with action %q on type %q, at most %d may be; the first is of the rule at %v", n, at.action, at.typ, maxMet, first)
		}
	}
}
