package pairs

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/tiergate/tiergate/e2e/oracle"
)

// narrowings are the changes of which none may allow more. Where a condition reads
// object.tier, raising one may: see withoutTierConditions.
var narrowings = []change{
	{name: "add a deny", make: func(w *oracle.World, r *rand.Rand) bool {
		return insert(w, r, denial(some(r, w.Rules)))
	}},
	{name: "add a deny that hides", make: func(w *oracle.World, r *rand.Rand) bool {
		d := denial(some(r, w.Rules))
		d.Status = 404
		return insert(w, r, d)
	}},
	{name: "take the condition of a deny away", make: ofRule(true, func(d *oracle.Rule, _ *rand.Rand) bool {
		had := d.When != nil || d.Only != nil || d.Own != "" || d.Same != ""
		d.When, d.Only, d.Own, d.Same = nil, nil, "", ""
		return had
	})},
	{name: "deny more", make: ofRule(true, func(d *oracle.Rule, r *rand.Rand) bool {
		switch r.IntN(4) {
		case 0:
			d.To = []string{"*"}
		case 1:
			d.FromTier = ""
		case 2:
			d.For, d.ByCategory, d.Category = nil, false, nil
		case 3:
			d.NotBefore, d.Until = 0, 0
		}
		return true
	})},
	{name: "remove an allow", make: func(w *oracle.World, r *rand.Rand) bool {
		gone := some(r, inForce(w, false))
		w.Rules = slices.DeleteFunc(w.Rules, func(a *oracle.Rule) bool { return a == gone })
		return true
	}},
	{name: "let an allow end", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool {
		if a.NotBefore = 0; r.IntN(2) == 0 {
			a.Until = -3
		} else {
			a.NotBefore, a.Until = 3, 0
		}
		return true
	})},
	{name: "let an allow require more", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool { return require(&a.Require, r) })},
	{name: "let an allow ask", make: ofRule(false, func(a *oracle.Rule, _ *rand.Rand) bool {
		had := a.Ask != nil
		a.Ask = &oracle.Ask{Header: "x-reason", As: "why"}
		return !had
	})},
	{name: "let an allow be for a purpose", make: ofRule(false, func(a *oracle.Rule, _ *rand.Rand) bool {
		if len(a.For) > 1 {
			a.For = a.For[:1]
			return true
		}
		had := len(a.For) > 0
		a.For = []string{"support"}
		return !had
	})},
	{name: "let an allow be for one category", make: ofRule(false, func(a *oracle.Rule, _ *rand.Rand) bool {
		had := a.ByCategory && len(a.Category) == 0
		a.ByCategory, a.Category = true, a.Category[:min(len(a.Category), 1)]
		return !had
	})},
	{name: "narrow a selector", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool {
		at := &a.Who[r.IntN(len(a.Who))]
		more := some(r, []oracle.Selector{{Kind: "human"}, {Scope: []string{"read"}}, {Not: []oracle.Selector{{Kind: "human"}}}, {Identity: "people"}, {Issuer: "corp"}})
		*at = oracle.Selector{AllOf: []oracle.Selector{*at, more}}
		return true
	})},
	{name: "drop a selector", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool {
		a.Who = drop(r, a.Who)
		return len(a.Who) > 0
	})},
	{name: "drop an action", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool {
		a.To = drop(r, a.To)
		return len(a.To) > 0
	})},
	{name: "lower up_to", make: func(w *oracle.World, r *rand.Rand) bool {
		a := some(r, inForce(w, false))
		tier := index(w, a.UpTo)
		if tier <= 0 {
			return false
		}
		a.UpTo = w.Tiers[r.IntN(tier)].Name
		return true
	}},
	{name: "add a condition", make: ofRule(false, func(a *oracle.Rule, r *rand.Rand) bool {
		more := &oracle.Cond{Op: "!=", A: oracle.Operand{Ref: "object.id"}, B: oracle.Operand{Kind: "string", Text: "u1"}}
		if a.When == nil {
			a.When = more
		} else {
			a.When = &oracle.Cond{Op: "and", Kids: []*oracle.Cond{more, a.When}}
		}
		return !a.Unbounded
	})},
	{name: "let a list be bound", make: ofRule(false, func(a *oracle.Rule, _ *rand.Rand) bool {
		had := a.Unbounded
		a.Unbounded = false
		return had
	})},
	{name: "raise a type", raises: true, make: func(w *oracle.World, r *rand.Rand) bool {
		return raise(w, r, &some(r, w.Types).Tier)
	}},
	{name: "raise an action", raises: true, make: ofType(func(w *oracle.World, t *oracle.Type, r *rand.Rand) bool {
		return len(t.Actions) > 0 && raise(w, r, &t.Actions[r.IntN(len(t.Actions))].Tier)
	})},
	{name: "raise a property", raises: true, make: ofType(func(w *oracle.World, t *oracle.Type, r *rand.Rand) bool {
		return len(t.Properties) > 0 && raise(w, r, &t.Properties[r.IntN(len(t.Properties))].Tier)
	})},
	{name: "raise a classification", raises: true, make: ofType(func(w *oracle.World, t *oracle.Type, r *rand.Rand) bool {
		return len(t.Classify) > 0 && raise(w, r, &t.Classify[r.IntN(len(t.Classify))].Tier)
	})},
	{name: "raise rows", raises: true, make: ofType(func(w *oracle.World, t *oracle.Type, r *rand.Rand) (any bool) {
		if t.Source == nil || !t.Source.Tiers {
			return false
		}
		for _, row := range t.Source.Rows {
			any = row.Bad == "" && raise(w, r, &row.Tier) || any
		}
		return any
	})},
	{name: "let a tier require more", make: func(w *oracle.World, r *rand.Rand) bool {
		return require(&w.Tiers[len(w.Tiers)-1].Require, r)
	}},
	{name: "require in shadow", shadow: true, make: func(w *oracle.World, r *rand.Rand) bool {
		return require(&some(r, pointers(w.Tiers)).Trial, r)
	}},
	{name: "deny in shadow", shadow: true, make: func(w *oracle.World, r *rand.Rand) bool {
		d := denial(some(r, w.Rules))
		d.Shadow = true
		return insert(w, r, d)
	}},
	{name: "allow in shadow", shadow: true, make: func(w *oracle.World, r *rand.Rand) bool {
		a := *some(r, inForce(w, false))
		a.Shadow, a.Who = true, []oracle.Selector{{Kind: "human"}, {Issuer: "corp"}}
		a.Own, a.Same, a.When, a.UpTo = "", "", nil, w.Tiers[len(w.Tiers)-1].Name
		return insert(w, r, a)
	}},
}

// denial is a deny rule about what another rule is about.
func denial(of *oracle.Rule) oracle.Rule {
	d := oracle.Rule{Deny: true, Who: of.Who, To: of.To, On: of.On, For: of.For, When: of.When, Own: of.Own, Same: of.Same, Only: of.Only,
		ByCategory: of.ByCategory, Category: of.Category}
	if len(d.Category) == 0 {
		d.ByCategory = false
	}
	return d
}

// insert adds a rule somewhere in the file of another one.
func insert(w *oracle.World, r *rand.Rand, rule oracle.Rule) bool {
	at := r.IntN(len(w.Rules))
	rule.ID, rule.File = "added", w.Rules[at].File
	w.Rules = slices.Insert(w.Rules, at, &rule)
	return true
}

func inForce(w *oracle.World, deny bool) (out []*oracle.Rule) {
	for _, r := range w.Rules {
		if r.Deny == deny && !r.Shadow {
			out = append(out, r)
		}
	}
	return out
}

// ofRule changes a rule that is in force.
func ofRule(deny bool, one func(*oracle.Rule, *rand.Rand) bool) func(*oracle.World, *rand.Rand) bool {
	return func(w *oracle.World, r *rand.Rand) bool {
		all := inForce(w, deny)
		return len(all) > 0 && one(some(r, all), r)
	}
}

// ofType changes the first type, from one on, of which there is something to change.
func ofType(one func(*oracle.World, *oracle.Type, *rand.Rand) bool) func(*oracle.World, *rand.Rand) bool {
	return func(w *oracle.World, r *rand.Rand) bool {
		from := r.IntN(len(w.Types))
		for i := range w.Types {
			if one(w, w.Types[(from+i)%len(w.Types)], r) {
				return true
			}
		}
		return false
	}
}

// raise puts a higher tier in the place of one that is given.
func raise(w *oracle.World, r *rand.Rand, tier *string) bool {
	at := index(w, *tier)
	if at < 0 || at == len(w.Tiers)-1 {
		return false
	}
	*tier = w.Tiers[at+1+r.IntN(len(w.Tiers)-at-1)].Name
	return true
}

func index(w *oracle.World, tier string) int {
	return slices.IndexFunc(w.Tiers, func(t oracle.Tier) bool { return t.Name == tier })
}

// require adds one demand, or makes it stricter.
func require(q *oracle.Require, r *rand.Rand) bool {
	was := *q
	switch r.IntN(6) {
	case 0:
		q.MaxTokenAge = time.Minute
	case 1:
		q.MaxAuthAge = time.Minute
	case 2:
		q.BoundToken = true
	case 3:
		q.Purpose = true
	case 4:
		q.MTLS = true
	case 5:
		q.AMR = append(slices.Clone(q.AMR), "sms")
	}
	return was.MaxTokenAge != q.MaxTokenAge || was.MaxAuthAge != q.MaxAuthAge || was.BoundToken != q.BoundToken || was.Purpose != q.Purpose ||
		was.MTLS != q.MTLS || len(was.AMR) != len(q.AMR)
}

func some[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

// drop is a list without one of its members.
func drop[T any](r *rand.Rand, list []T) []T {
	at := r.IntN(len(list))
	return slices.Delete(slices.Clone(list), at, at+1)
}

func pointers[T any](list []T) (out []*T) {
	for i := range list {
		out = append(out, &list[i])
	}
	return out
}
