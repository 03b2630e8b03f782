package suite

import (
	"fmt"
	"slices"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// Coverage says what no test reached.
type Coverage struct {
	Rules  Part `json:"rules"`  // a rule is reached when it decided a target
	Routes Part `json:"routes"` // a map line when it matched
	Tiers  Part `json:"tiers"`  // a tier when a target of it was decided
	// Conditions has each `when` twice: seen to hold, and seen not to.
	Conditions Part `json:"conditions"`
}

// Part is the coverage of one kind of thing.
type Part struct {
	All     int     `json:"all"`
	Reached int     `json:"reached"`
	Missing []Thing `json:"missing"` // in the order of the files
}

// Thing is something that tests can reach.
type Thing struct {
	Name string `json:"name"`
	Pos  string `json:"pos"`
}

type coverage struct {
	rules, routes, tiers, conditions tracker
}

// tracker keeps what there is in order, and what was reached.
type tracker struct {
	order   []Thing
	keys    []string
	reached map[string]bool
}

func (t *tracker) expect(key, name string, pos rules.Pos) {
	t.keys = append(t.keys, key)
	t.order = append(t.order, Thing{name, pos.String()})
}

func (t *tracker) reach(key string) {
	if t.reached == nil {
		t.reached = make(map[string]bool)
	}
	t.reached[key] = true
}

func (t *tracker) part() Part {
	p := Part{All: len(t.keys), Missing: []Thing{}}
	for i, key := range t.keys {
		if t.reached[key] {
			p.Reached++
		} else {
			p.Missing = append(p.Missing, t.order[i])
		}
	}
	return p
}

func newCoverage(p *policy.Policy, src *rules.Source) *coverage {
	c := &coverage{}
	for i := range src.Rules {
		d := &src.Rules[i]
		c.rules.expect(d.ID.V, d.ID.V, d.Pos)
		if d.When.Pos != (rules.Pos{}) {
			c.conditions.expect(branch(d.Pos, true), d.ID.V+": when never holds", d.When.Pos)
			c.conditions.expect(branch(d.Pos, false), d.ID.V+": when always holds", d.When.Pos)
		}
	}
	for _, op := range p.Routes().Operations() {
		c.routes.expect(op.Pos.String(), op.String(), op.Pos)
	}
	for _, tier := range p.Set().Schema().Tiers {
		c.tiers.expect(tier.Name, tier.Name, tier.Pos)
	}
	return c
}

// branch is the key of one side of a rule's condition.
func branch(rule rules.Pos, holds bool) string { return fmt.Sprint(rule, holds) }

func (c *coverage) add(o *rules.Outcome, tried []rules.Tried) {
	for _, t := range tried {
		if t.Holds || t.Fails {
			c.conditions.reach(branch(t.Pos, t.Holds))
		}
	}
	c.routes.reach(o.OpPos.String())
	for _, at := range o.Calls {
		c.routes.reach(at.String())
	}
	for i := range o.Targets {
		v := &o.Targets[i]
		c.tiers.reach(v.Tier)
		if v.Effect == rules.Allow || v.Reason == rules.DeniedByRule {
			c.rules.reach(v.Rule)
		}
	}
	if o.Shadow != nil && o.Shadow.By == "rules" {
		c.rules.reach(o.Shadow.Rule)
	}
}

func (c *coverage) missing() Coverage {
	return Coverage{Rules: c.rules.part(), Routes: c.routes.part(), Tiers: c.tiers.part(), Conditions: c.conditions.part()}
}

// untwinned warns of allow tests without a denied twin: a test on the same map
// line that a rule or the lack of one denies. Without it a line that allows
// everybody passes all its tests.
func untwinned(results []Result) (warnings []Warning) {
	denied := make(map[rules.Pos]bool)
	for i := range results {
		for _, o := range results[i].got {
			if o.Effect == rules.Deny && len(o.Targets) > 0 {
				denied[o.OpPos] = true
			}
		}
	}
	warnings = []Warning{}
	var warned []rules.Pos
	for i := range results {
		for _, o := range results[i].got {
			if o.Effect != rules.Allow || o.Reason != rules.Allowed || denied[o.OpPos] || slices.Contains(warned, o.OpPos) {
				continue
			}
			warned = append(warned, o.OpPos)
			warnings = append(warnings, Warning{
				Pos:  results[i].Pos.String(),
				At:   results[i].Pos,
				Text: fmt.Sprintf("%q has no denied twin: no test is denied on %s", results[i].Name, o.Operation),
			})
		}
	}
	return warnings
}
