package rules

// anything is how a rule names every type or every action.
const anything = "*"

// index finds the clauses that can apply to a caller, a type and an action
// without touching the others, so that a decision costs the same however many
// rules there are.
type index struct {
	shelves map[place]*shelf
	kinds   [4]bool // which of the four ways of naming a place occur at all
	groups  memberships
}

// memberships are the groups of each identity, by its name.
type memberships map[string][]*group

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
			sh = newShelf()
			ix.shelves[at] = sh
		}
		for i := range c.selectors {
			sh.add(entry{c, &c.selectors[i]})
		}
	}
}

// candidates yields the clauses that fit by selector, action and type, each
// once and in order. It lives on the stack of whoever asks.
type candidates struct {
	caller  *Caller
	groups  []*group // of the caller
	lists   [][]entry
	few     [16][]entry // where lists starts: enough for all but odd rules
	last    int         // order of the clause that was yielded last
	changes bool        // some of the clauses may have a `then`
}

func (ix *index) find(q *candidates, c *Caller, typ, action string) {
	q.caller, q.groups, q.lists, q.last, q.changes = c, nil, q.few[:0], -1, false
	if c.Identity != nil {
		q.groups = ix.groups[c.Identity.Name]
	}
	for way, at := range [...]place{{typ, action}, {typ, anything}, {anything, action}, {anything, anything}} {
		if !ix.kinds[way] {
			continue // most sets name every type or every action nowhere
		}
		if sh := ix.shelves[at]; sh != nil {
			q.changes = q.changes || sh.changes
			sh.find(q)
		}
	}
	for i := len(q.lists)/2 - 1; i >= 0; i-- {
		q.sink(i)
	}
}

func (q *candidates) put(list []entry) {
	if len(list) > 0 {
		q.lists = append(q.lists, list)
	}
}

// next returns the clause that is next in order, or nil after the last. The lists are
// a heap by their first clauses: a caller with many groups has many of them.
func (q *candidates) next() *clause {
	for len(q.lists) > 0 {
		e := q.lists[0][0]
		if q.lists[0] = q.lists[0][1:]; len(q.lists[0]) == 0 {
			last := len(q.lists) - 1
			q.lists[0], q.lists = q.lists[last], q.lists[:last]
		}
		q.sink(0)
		if e.clause.order != q.last && e.selector.selects(q.caller) {
			q.last = e.clause.order
			return e.clause
		}
	}
	return nil
}

// sink moves a list down to where those below it begin no earlier.
func (q *candidates) sink(i int) {
	for {
		least := i
		for _, below := range [...]int{2*i + 1, 2*i + 2} {
			if below < len(q.lists) && q.lists[below][0].clause.order < q.lists[least][0].clause.order {
				least = below
			}
		}
		if least == i {
			return
		}
		q.lists[i], q.lists[least] = q.lists[least], q.lists[i]
		i = least
	}
}
