package rules

import "slices"

// anything is how a rule names every type or every action.
const anything = "*"

// index finds the clauses that can apply to a caller, a type and an action
// without touching the others, so that a decision costs the same however many
// rules there are.
type index struct {
	shelves map[place]*shelf
	kinds   [4]bool // which of the four ways of naming a place occur at all
}

func newIndex() index { return index{shelves: make(map[place]*shelf)} }

// place is a type and an action, either of which may be anything.
type place struct{ typ, action string }

// way is 0 to 3, by which of the two is anything.
func (p place) way() int {
	way := 0
	if p.typ == anything {
		way += 2
	}
	if p.action == anything {
		way++
	}
	return way
}

// shelf holds the clauses of one place by the most telling member of their
// selector. Every list is in the order of the rules.
type shelf struct {
	identity   map[string][]entry
	claim      map[claimTest][]entry
	claimNames []string // that occur in claim
	group      map[group][]entry
}

// group is a selector's kind and issuer, where it names no identity and no claim.
type group struct {
	kind    CallerKind
	anyKind bool
	issuer  string
}

// entry is a clause under one of its selectors.
type entry struct {
	clause   *clause
	selector *selector
}

func (ix *index) add(c *clause, actions []string) {
	typ := anything
	if c.typ != nil {
		typ = c.typ.Name
	}
	for _, action := range actions {
		at := place{typ, action}
		ix.kinds[at.way()] = true
		sh := ix.shelves[at]
		if sh == nil {
			sh = &shelf{
				identity: map[string][]entry{}, claim: map[claimTest][]entry{}, group: map[group][]entry{},
			}
			ix.shelves[at] = sh
		}
		for i := range c.selectors {
			sh.add(entry{c, &c.selectors[i]})
		}
	}
}

func (sh *shelf) add(e entry) {
	s := e.selector
	switch {
	case s.identity != nil:
		sh.identity[s.identity.Name] = append(sh.identity[s.identity.Name], e)
	case len(s.claims) > 0:
		first := s.claims[0]
		sh.claim[first] = append(sh.claim[first], e)
		if !slices.Contains(sh.claimNames, first.name) {
			sh.claimNames = append(sh.claimNames, first.name)
		}
	default:
		g := group{s.kind, s.anyKind, s.issuer}
		sh.group[g] = append(sh.group[g], e)
	}
}

// candidates yields the clauses that fit by selector, action and type, each
// once and in order. It lives on the stack of whoever asks.
type candidates struct {
	caller *Caller
	lists  [][]entry
	few    [12][]entry // where lists starts: enough for all but odd rules
	last   int         // order of the clause that was yielded last
}

func (ix *index) find(q *candidates, c *Caller, typ, action string) {
	q.caller, q.lists, q.last = c, q.few[:0], -1
	for way, at := range [...]place{{typ, action}, {typ, anything}, {anything, action}, {anything, anything}} {
		if !ix.kinds[way] {
			continue // most sets name every type or every action nowhere
		}
		if sh := ix.shelves[at]; sh != nil {
			sh.find(q)
		}
	}
}

func (sh *shelf) find(q *candidates) {
	c := q.caller
	if c.Identity != nil {
		q.put(sh.identity[c.Identity.Name])
	}
	q.put(sh.group[group{kind: c.Kind}])
	if c.Verified == nil {
		return
	}
	q.put(sh.group[group{kind: c.Kind, issuer: c.Issuer}])
	q.put(sh.group[group{anyKind: true, issuer: c.Issuer}])
	for _, name := range sh.claimNames {
		switch v := c.Claims[name].(type) {
		case string:
			q.put(sh.claim[claimTest{name, v}])
		case []string:
			for _, item := range v {
				q.put(sh.claim[claimTest{name, item}])
			}
		case []int64:
			for _, item := range v {
				text, _ := textOf(item)
				q.put(sh.claim[claimTest{name, text}])
			}
		case int64, bool:
			text, _ := textOf(v)
			q.put(sh.claim[claimTest{name, text}])
		}
	}
}

func (q *candidates) put(list []entry) {
	if len(list) > 0 {
		q.lists = append(q.lists, list)
	}
}

// next returns the clause that is next in order, or nil after the last.
func (q *candidates) next() *clause {
	for {
		first := -1
		for i, list := range q.lists {
			if len(list) > 0 && (first < 0 || list[0].clause.order < q.lists[first][0].clause.order) {
				first = i
			}
		}
		if first < 0 {
			return nil
		}
		e := q.lists[first][0]
		q.lists[first] = q.lists[first][1:]
		if e.clause.order != q.last && e.selector.selects(q.caller) {
			q.last = e.clause.order
			return e.clause
		}
	}
}
