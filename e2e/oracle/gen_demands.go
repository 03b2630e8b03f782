package oracle

import (
	"fmt"
	"math/rand/v2"
	"net/http"
)

// demands gives a world what rules and tiers ask beyond who calls, and denials an
// answer of their own. Its luck is its own, so that all else of a seed stays as it is.
func (g *generator) demands() {
	luck := g.r
	g.r = rand.New(rand.NewPCG(g.w.Seed, 0x64656d616e6473))
	defer func() { g.r = luck }()
	for _, t := range g.w.Tokens {
		t.ACR, t.AMR = pick(g, []string{"", "gold", "gold", "phr"}), some(g, []string{"pwd", "otp", "hwk"}, g.between(0, 3))
		if t.Baseline && g.chance(0.7) {
			t.ACR, t.AMR = "gold", []string{"pwd", "otp"}
		}
	}
	g.hide()
	g.w.Overdue = g.w.Seed%2 == 1
	switch top := &g.w.Tiers[len(g.w.Tiers)-1].Require; g.w.Seed % 4 {
	case 0:
		top.ACR = []string{"gold", "phr"}
	case 1:
		top.AMR = []string{"otp"}
	case 3:
		top.MTLS = true
	}
	g.w.Tiers[g.between(0, len(g.w.Tiers)-1)].Trial = g.demand()
	for _, r := range g.w.Rules {
		if r.Status == 0 && g.chance(0.06) {
			days := pick(g, [][2]int{{3, 0}, {0, -3}, {-3, 3}, {0, 3}})
			r.NotBefore, r.Until = days[0], days[1]
		}
		switch {
		case r.Deny:
			if r.Status == 0 && g.chance(0.4) {
				r.Status = pick(g, []int{403, hidden, hidden, 410, 423, 451})
			}
		case g.chance(0.04):
			r.Review = -3
		case g.chance(0.06):
			d := g.demand()
			r.Require.MTLS, r.Require.Networks, r.Require.ACR, r.Require.AMR = d.MTLS, d.Networks, d.ACR, d.AMR
		case g.chance(0.05):
			r.Ask = pick(g, []*Ask{{"x-case", "case"}, {"x-case", "ticket"}, {"x-reason", "why"}})
		}
	}
}

// hide adds to each type that has rows two deny rules that hold together, of which
// the second hides what the first would only lock.
func (g *generator) hide() {
	for _, t := range g.w.Types {
		if t.Source == nil || len(t.Attributes) == 0 {
			continue
		}
		who := []Selector{{Identity: g.identity()}, {Identity: g.identity()}}
		r := Rule{Deny: true, File: ruleFiles[len(ruleFiles)-1], Who: who, To: []string{"read", "update", "delete"}, On: []string{t.Name}, When: g.cond(t, who, 1)}
		for _, status := range []int{423, hidden} {
			r.ID, r.Status = fmt.Sprintf("%s-%d", t.Name, status), status
			g.add(r)
		}
	}
}

// demand draws one of those that are not about dates.
func (g *generator) demand() Require {
	return pick(g, []Require{
		{MTLS: true}, {Networks: elsewhere}, {Networks: append(some(g, elsewhere, 1), pick(g, here))},
		{ACR: []string{"phr"}}, {ACR: []string{"gold", "phr"}}, {AMR: []string{"otp"}}, {AMR: []string{"hwk", "pwd"}},
	})
}

// answer has a request say what rules ask: fit, unfit, and twice. Now and then it
// says something in a body, too, which no GET has.
func (t *traffic) answer(r *Request) *Request {
	for _, name := range []string{"x-case", "x-reason"} {
		switch p := t.luck.Float64(); {
		case p < 0.35:
			r.Headers = append(r.Headers, Header{name, "CASE-123456"})
		case p < 0.4:
			r.Headers = append(r.Headers, Header{name, "CASE-12345"})
		case p < 0.42:
			r.Headers = append(r.Headers, Header{name, "CASE-123456"}, Header{name, "CASE-123456"})
		}
	}
	if r.Method == http.MethodGet && r.Body == nil && t.luck.Float64() < 0.01 {
		r.Body = new(`{}`)
		r.Headers = append(r.Headers, Header{"content-type", "application/json"})
	}
	return r
}
