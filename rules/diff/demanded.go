package diff

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// met is what a caller meets of all that rules and tiers demand: so much as one rule of
// the new version wants for things of one tier, and what follows from it. Of nil
// everything is met.
//
// What the version changes of a rule's or of a tier's own demands is named elsewhere, so
// here a rule or a tier of the same name is met. A budget is a rule's own: what one has
// spent another may have left.
type met struct {
	rules   []string // whose demands these are, all alike
	tier    string
	require []*rules.RequireDecl
	ask     string
}

// ofRule reports whether a rule's demands are met.
func (m *met) ofRule(d *rules.RuleDecl) bool {
	ask := spelt(reflect.ValueOf(d.Ask))
	return m == nil || slices.Contains(m.rules, d.ID.V) || len(d.Limit) == 0 && (ask == "" || ask == m.ask) && m.meets(&d.Require)
}

// ofTier reports whether a tier's demands are met.
func (m *met) ofTier(d *rules.TierDecl) bool {
	return m == nil || m.tier == d.Name.V || m.meets(&d.Require)
}

func (m *met) meets(r *rules.RequireDecl) bool {
	return demandsMore(reflect.ValueOf(brought(r)), reflect.ValueOf(rules.RequireDecl{})) ||
		slices.ContainsFunc(m.require, func(has *rules.RequireDecl) bool {
			return demandsMore(reflect.ValueOf(brought(r)), reflect.ValueOf(brought(has)))
		})
}

// brought is what a requirement demands of callers beyond what they are tried with: a
// bound token and a purpose are among that.
func brought(r *rules.RequireDecl) rules.RequireDecl {
	d := *r
	d.BoundToken.V, d.Purpose.V = false, false
	return d
}

// demanding has a version decide as demands are met.
func (p *pass) demanding(s *side, set *rules.Set) *rules.Set {
	tiers := make(map[string]*rules.TierDecl)
	for i := range s.Source.Tiers {
		tiers[s.Source.Tiers[i].Name.V] = &s.Source.Tiers[i]
	}
	return set.Demanding(
		func(id string) bool { return p.met == nil || p.met.ofRule(s.decls[id]) },
		func(name string) bool { return p.met == nil || tiers[name] == nil || p.met.ofTier(tiers[name]) },
	)
}

// demandsOf reports whether something is demanded of somebody in this version that it may
// not bring.
func (s *side) demandsOf(w *who) bool {
	none := new(met)
	return slices.ContainsFunc(s.kinOf(w).rules, func(i int) bool { return !none.ofRule(s.decls[s.rules[i].ID]) }) ||
		slices.ContainsFunc(s.Source.Tiers, func(t rules.TierDecl) bool { return !none.meets(&t.Require) })
}

// lesser are the sets of demands that the new version's rules about somebody make on
// things of a shape, by tier.
func (p *pass) lesser(w *who, sh shape) (out []*met) {
	if !p.sides[0].demandsOf(w) {
		return nil
	}
	s := p.sides[1]
	known := make(map[string]*met)
	for _, i := range s.kinOf(w).rules {
		r, d := &s.rules[i], s.decls[s.rules[i].ID]
		if r.Shadow || r.Effect != rules.Allow || !bears(r.To, sh.action) || !bears(r.On, sh.typ) {
			continue
		}
		for t := range s.Source.Tiers {
			tier := &s.Source.Tiers[t]
			ask := spelt(reflect.ValueOf(d.Ask))
			key := fmt.Sprintf("%s\x00%s\x00%s", tier.Name.V, spelt(reflect.ValueOf(brought(&d.Require))), ask)
			if len(d.Limit) > 0 {
				key += "\x00" + d.ID.V
			}
			if known[key] == nil {
				known[key] = &met{tier: tier.Name.V, require: []*rules.RequireDecl{&d.Require, &tier.Require}, ask: ask}
				out = append(out, known[key])
			}
			known[key].rules = append(known[key].rules, d.ID.V)
		}
	}
	return out
}

// less names a gain of whoever meets less than was demanded.
func (m *met) less(before, after *access) Unjudged {
	return Unjudged{
		What: "what is demanded",
		Old:  fmt.Sprintf(", %s, by rule %s", before.tier, before.rule),
		New:  fmt.Sprintf(", %s, by rule %s, for which less is demanded", after.tier, after.rule),
	}
}
