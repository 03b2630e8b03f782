package rules

import "slices"

// shelf holds the clauses of one place by a telling member of their selector. Every
// list is in the order of the rules.
type shelf struct {
	identity    map[string][]entry
	group       map[*group][]entry
	groups      []*group // that occur in group
	claim       map[claimTest][]entry
	claimNames  []string // that occur in claim
	workload    map[workload][]entry
	below       bool // some workload is one of those that begin with it
	scope       map[string][]entry
	environment map[string][]entry
	crowd       map[crowd][]entry
	changes     bool // some clause has a `then`
}

// crowd is a selector's kind and issuer, where it has nothing more telling.
type crowd struct {
	kind       CallerKind
	anyKind    bool
	issuer     string
	registered bool
}

func newShelf() *shelf {
	return &shelf{
		identity: map[string][]entry{}, group: map[*group][]entry{}, claim: map[claimTest][]entry{}, workload: map[workload][]entry{},
		scope: map[string][]entry{}, environment: map[string][]entry{}, crowd: map[crowd][]entry{},
	}
}

// entry is a clause under one of its selectors.
type entry struct {
	clause   *clause
	selector *selector
}

// stand is a list in which a clause can stand, and how many are in it.
type stand struct {
	taken int
	put   func()
}

func standIn[K comparable](lists map[K][]entry, at K, e entry) stand {
	return stand{len(lists[at]), func() { lists[at] = append(lists[at], e) }}
}

// add puts a clause where the fewest are. Any member of a selector will do, for all of
// them must fit, and one that many selectors have in common tells callers apart least.
func (sh *shelf) add(e entry) {
	s := e.selector
	var stands []stand
	if s.identity != nil {
		stands = append(stands, standIn(sh.identity, s.identity.Name, e))
	}
	for _, g := range s.groups {
		stands = append(stands, stand{len(sh.group[g]), func() { sh.addGroup(g, e) }})
	}
	for _, claim := range s.claims {
		stands = append(stands, stand{len(sh.claim[claim]), func() { sh.addClaim(claim, e) }})
	}
	for _, w := range s.workloads {
		stands = append(stands, stand{len(sh.workload[w]), func() {
			sh.workload[w] = append(sh.workload[w], e)
			sh.below = sh.below || w.below()
		}})
	}
	for _, scope := range s.scopes {
		stands = append(stands, standIn(sh.scope, scope, e))
	}
	if s.environment != "" {
		stands = append(stands, standIn(sh.environment, s.environment, e))
	}
	if len(stands) == 0 {
		stands = append(stands, standIn(sh.crowd, crowd{s.kind, s.anyKind, s.issuer, s.registered}, e))
	}
	slices.MinFunc(stands, func(a, b stand) int { return a.taken - b.taken }).put()
	sh.changes = sh.changes || len(e.clause.then) > 0
}

func (sh *shelf) addGroup(g *group, e entry) {
	if sh.group[g] == nil {
		sh.groups = append(sh.groups, g)
	}
	sh.group[g] = append(sh.group[g], e)
}

func (sh *shelf) addClaim(c claimTest, e entry) {
	sh.claim[c] = append(sh.claim[c], e)
	if !slices.Contains(sh.claimNames, c.name) {
		sh.claimNames = append(sh.claimNames, c.name)
	}
}

// find collects the lists in which clauses about the caller can stand. Each look-up
// is for something that the caller is or has, so rules about others cost nothing.
func (sh *shelf) find(q *candidates) {
	c := q.caller
	if id := c.Identity; id != nil {
		q.put(sh.identity[id.Name])
		sh.findGroups(q, id.Name)
		q.put(sh.environment[id.Environment])
		q.put(sh.crowd[crowd{anyKind: true, registered: true}])
	}
	sh.findPeer(q)
	q.put(sh.crowd[crowd{kind: c.Kind}])
	if c.Verified == nil {
		return
	}
	q.put(sh.crowd[crowd{kind: c.Kind, issuer: c.Issuer}])
	q.put(sh.crowd[crowd{anyKind: true, issuer: c.Issuer}])
	if len(sh.scope) > 0 {
		for _, scope := range c.Scopes {
			q.put(sh.scope[scope])
		}
	}
	sh.findClaims(q)
}

// findGroups looks for the identity's groups, or for the place's where these are fewer.
func (sh *shelf) findGroups(q *candidates, identity string) {
	if len(sh.groups) > len(q.groups) {
		for _, g := range q.groups {
			q.put(sh.group[g])
		}
		return
	}
	for _, g := range sh.groups {
		if g.members[identity] {
			q.put(sh.group[g])
		}
	}
}

// findPeer looks for the peer itself and for each path that it is below.
func (sh *shelf) findPeer(q *candidates) {
	peer := q.caller.Peer
	if len(sh.workload) == 0 || peer == "" {
		return
	}
	q.put(sh.workload[workload{peer}])
	for i := len(spiffePrefix); sh.below && i < len(peer); i++ {
		if peer[i] == '/' {
			q.put(sh.workload[workload{peer[:i+1]}])
		}
	}
}

func (sh *shelf) findClaims(q *candidates) {
	for _, name := range sh.claimNames {
		switch v := q.caller.Claims[name].(type) {
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
