package oracle

import (
	"fmt"
	"math/rand/v2"
)

// calls adds rules whose conditions call functions, or are about the user and the
// peer, behind all others, which are reached as they were.
func (g *generator) calls() {
	others := len(g.w.Rules)
	g = &generator{w: g.w, r: rand.New(rand.NewPCG(g.w.Seed, 0x63616c6c73))} // what else is drawn stays as it is
	first, second := g.w.Types[1], g.w.Types[2]
	people := []Selector{{Kind: "human"}, {Kind: "service"}, {Issuer: "third"}}
	allow := func(t *Type, when *Cond, to ...string) {
		g.add(Rule{Who: people, To: to, On: []string{t.Name}, UpTo: g.tierAt(-1), When: when})
	}
	deny := func(t *Type, when *Cond, to ...string) {
		g.add(Rule{Deny: true, Who: []Selector{pick(g, people), {Kind: "agent"}}, To: to, On: []string{t.Name}, When: when})
	}
	not := func(c *Cond) *Cond { return &Cond{Op: "not", Kids: []*Cond{c}} }
	for _, t := range []*Type{first, second} {
		n := g.between(1, 9)
		if split(t.IDStyle.id(n)) == nil { // written out, it would not load
			n++
		}
		id := t.IDStyle.id(n)
		allow(t, &Cond{Op: "under", A: ref("object.id"), B: str("things/" + id)}, "read", "delete")
		allow(t, &Cond{Op: "and", Kids: []*Cond{{Op: "under", A: ref("object.owner"), B: str("things")}, {Op: "==", A: ref("object.owner"), B: ref("user.subject")}}}, "read", "list", "update")
		deny(t, &Cond{Op: "segment", A: ref("object.id"), B: str(t.IDStyle.id(g.between(1, 9)))}, "touch", "delete")
		allow(t, &Cond{Op: "network", A: ref("request.ip"), B: strs(append(some(g, elsewhere, 1), some(g, here, g.between(0, 1))...)...)}, "touch")
	}
	if t := g.typeWith("level"); t != nil {
		when := func() *Cond { return &Cond{Op: "hours", A: ref("object.level"), B: str(pick(g, sortedKeys(hoursOf)))} }
		allow(t, when(), "read", "list")
		deny(t, when(), "update", "close")
		allow(t, &Cond{Op: "version", A: ref("object.level"), B: str(pick(g, []string{"1.2.0", "3.2.0"}))}, "close", "list")
		deny(t, &Cond{Op: "version", A: ref("object.level"), B: str("4.2.0")}, "delete")
	}
	if t := g.typeWith("members"); t != nil {
		allow(t, &Cond{Op: "meets", A: ref("object.members"), B: strs(g.subject(), g.subject(), g.subject())}, "read", "list", "close")
		allow(t, &Cond{Op: "meets", A: ref("object.members"), B: ref("caller.claims.groups")}, "read")
		deny(t, not(&Cond{Op: "all", A: ref("caller.claims.groups"), B: strs(pick(g, groups))}), "close")
		allow(t, &Cond{Op: "all", A: ref("object.members"), B: strs(g.subject())}, "update", "list")
	}
	g.add(Rule{Who: []Selector{{Kind: "agent"}, {Kind: "human"}}, To: []string{"read", "list"}, On: []string{first.Name}, UpTo: g.tierAt(-1),
		When: &Cond{Op: "==", A: ref("object.owner"), B: ref("user.subject")}})
	g.add(Rule{Deny: true, Who: []Selector{{Kind: "workload"}, {Kind: "service"}}, To: []string{"list"}, On: []string{second.Name},
		When: &Cond{Op: "==", A: ref("peer"), B: str(pick(g, peers))}})
	g.add(Rule{Who: people, To: []string{"read"}, On: []string{first.Name}, UpTo: g.tierAt(-1), Only: &Only{Parent: g.customers()}})
	for i, r := range g.w.Rules[others:] {
		r.ID, r.File = fmt.Sprintf("call-%d", i+1), ruleFiles[len(ruleFiles)-1]
	}
}
