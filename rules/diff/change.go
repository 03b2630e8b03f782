package diff

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// changes are the rows in which something differs, each at the first moment at
// which it does.
func (p *pass) changes() (out []Change) {
	type said struct {
		effect string
		row    row
	}
	known := make(map[said]bool)
	inTime := slices.SortedFunc(maps.Keys(p.rows), func(a, b row) int { return cmp.Compare(a.at, b.at) })
	for _, key := range inTime {
		t := p.rows[key]
		key.at = 0
		add := func(effect string, f *flip) {
			if known[said{effect, key}] {
				return // it is so since an earlier moment
			}
			known[said{effect, key}] = true
			c := Change{
				Effect: effect, Identity: key.identity, Purpose: key.purpose, Action: key.shape.action, Type: key.shape.typ,
				On: key.shape.on(), Tier: key.tier, Before: p.amount(t, 0), After: p.amount(t, 1), Rule: f.by.rule, Witness: f.witness(),
			}
			if !f.later.IsZero() {
				c.From = &f.later
			}
			out = append(out, c)
		}
		if t.gained != nil {
			add(Gained, t.gained)
		}
		if t.lost != nil {
			add(Lost, t.lost)
		}
	}
	slices.SortFunc(out, func(a, b Change) int {
		return cmp.Or(
			strings.Compare(a.Effect, b.Effect), strings.Compare(a.Identity, b.Identity), strings.Compare(a.Type, b.Type),
			strings.Compare(a.Action, b.Action), strings.Compare(a.On, b.On), strings.Compare(a.Tier, b.Tier), strings.Compare(a.Purpose, b.Purpose),
		)
	})
	return out
}

// amount says of how much of what either version allows a version allows.
func (p *pass) amount(t *tally, version int) string {
	switch t.allowed[version] {
	case 0:
		return "none"
	case t.tried:
		return "all"
	}
	return "some"
}

// opened are the lines that are open in one version only.
func opened(before, after *Side) (out []Change) {
	open := func(s *Side) (names set[string]) {
		for _, op := range s.Lines {
			if op.Open {
				names.add(op.String())
			}
		}
		return names
	}
	old, now := open(before), open(after)
	each := func(effect string, of, but set[string], was, is string) {
		for _, name := range of.list {
			if !but.has(name) {
				out = append(out, Change{Effect: effect, Identity: "everybody", Action: "request", Type: name, On: "open line", Before: was, After: is})
			}
		}
	}
	each(Gained, now, old, "none", "all")
	each(Lost, old, now, "all", "none")
	return out
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
