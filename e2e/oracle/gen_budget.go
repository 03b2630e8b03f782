package oracle

import (
	"fmt"
	"slices"
	"time"
)

// Requests that are judged in process come at the first one's time or some ticks after
// it: less than a minute, so that nothing else comes to be too old. No limit's time ends
// on a tick, nor in the sixtieth of it behind that in which sums may still count.
const tick, lastTick = 7 * time.Second, 56 * time.Second

// limitConstructs are what becomes of limited rules.
var limitConstructs = []string{"limit: room", "limit: no room", "limit: another rule has room", "limit: a denied id"}

// budgets limits some rules of a world, and of some worlds has lines for them alone.
func (g *generator) budgets() {
	g = g.apart(0x62756467657473)
	for _, r := range g.w.Rules {
		if !r.Deny && g.chance(0.04) {
			r.Limits = g.someLimits(r)
		}
	}
	if g.w.limited() {
		g.spends()
	}
}

// spends adds lines whose actions a few rules allow, all of them limited or but one.
func (g *generator) spends() {
	t, h := g.w.Types[1], g.w.Hosts[1]
	everybody := []Selector{{Kind: "human"}, {Kind: "service"}, {Kind: "third-party"}, {Kind: "agent"}, {Kind: "workload"}, {Kind: "anonymous"}, {Issuer: "corp"}, {Issuer: "third"}}
	for n := range 4 {
		action := fmt.Sprintf("spend-%d", n)
		g.w.Weighed = append(g.w.Weighed, action)
		at := fmt.Sprintf("/v1/spend/%d", n)
		h.Lines = append(h.Lines,
			line("GET", at+"/{id}", object(action, t.Name, inPath("id"))),
			line("GET", at, object(action, t.Name, Capture{In: "query", Name: "ids", Comma: true, Each: -1})))
		for k := range g.between(1, 3) {
			r := Rule{ID: fmt.Sprintf("%s-%d", action, k), File: ruleFiles[len(ruleFiles)-1], Who: everybody, To: []string{action}, On: []string{t.Name}, UpTo: g.tierAt(-1)}
			switch {
			case k > 0 && g.chance(0.5):
				r.Same = "tenant"
			case k > 0 && g.chance(0.5): //nolint:gocritic // it draws anew
				r.Ask = &Ask{"x-case", "case"}
			case g.chance(0.3):
				r.Set = []Mutation{onBehalf}
			}
			if k < 2 || g.chance(0.5) {
				r.Limits = g.someLimits(&r)
			}
			g.add(r)
		}
	}
}

// someLimits draws limits that a rule can have.
func (g *generator) someLimits(r *Rule) (out []Limit) {
	kinds := []string{"writes"}
	if !r.Unbounded && !g.brought(r) {
		kinds = append(kinds, "objects", "objects", "objects")
	}
	if of := g.amountOf(r); of != "" {
		kinds = append(kinds, "amount", "amount")
	}
	for range g.between(1, 2) {
		l := Limit{Per: pick(g, []time.Duration{10 * time.Second, 20 * time.Second, 45 * time.Second, time.Hour}), Subject: g.chance(0.5)}
		switch pick(g, kinds) {
		case "objects":
			l.Objects = g.between(1, 3)
		case "writes":
			l.Writes = g.between(1, 3)
		case "amount":
			l.Amount, l.Of = g.between(1, 9), g.amountOf(r)
		}
		if !slices.ContainsFunc(out, func(o Limit) bool { return o.counts() == l.counts() && o.Per == l.Per && o.Subject == l.Subject }) {
			out = append(out, l)
		}
	}
	return out
}

// brought says whether a line brings a rule to a collection, or may with a name for actions.
func (g *generator) brought(r *Rule) bool {
	for _, h := range g.w.Hosts {
		for _, l := range h.Lines {
			for _, spec := range l.Targets {
				collection := spec.ID == nil && spec.Actions[0] != "create"
				about := slices.Contains(r.On, "*") || slices.Contains(r.On, spec.Type)
				if collection && about && (slices.Contains(r.To, "*") || slices.Contains(r.To, spec.Actions[0]) || g.groups(r.To)) {
					return true
				}
			}
		}
	}
	return false
}

// groups says whether some of the names are those of action groups.
func (g *generator) groups(names []string) bool {
	return slices.ContainsFunc(g.w.ActionGroups, func(a ActionGroup) bool { return slices.Contains(names, a.Name) })
}

// amountOf is something that all targets of a rule may have.
func (g *generator) amountOf(r *Rule) string {
	if len(r.On) != 1 || r.On[0] == "*" {
		return ""
	}
	t := g.w.typ(r.On[0])
	if len(r.To) == 1 && len(t.bodyOf(r.To)) > 0 {
		return "request.body.amount"
	}
	if _, ok := t.attribute("level"); ok {
		return "object.level"
	}
	return ""
}

// spends says whether a line is one of those for limited rules.
func (l *Line) spends() bool { return len(l.Path) > 1 && l.Path[1].Literal == "spend" }

// limited says whether most requests of a world are for its limited rules.
func (w *World) limited() bool { return w.Seed%8 == 1 }
