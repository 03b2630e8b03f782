package review

import (
	"cmp"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// cell is where pairs are counted. With the action "" it counts objects.
type cell struct {
	typ, action string
	tier        rules.Tier
}

// tally counts by cell; counts may be negative in a difference.
type tally map[cell]int

func (t tally) plus(other tally) tally {
	sum := maps.Clone(t)
	if sum == nil {
		sum = tally{}
	}
	for c, n := range other {
		sum[c] += n
	}
	return sum
}

// Weights are the factors of the blast radius.
type Weights struct {
	Tiers   map[string]int `json:"tiers"`
	Actions map[string]int `json:"actions"`

	byTier []int
}

// Equal reports whether pairs weigh the same by both.
func (w *Weights) Equal(other *Weights) bool {
	return maps.Equal(w.Tiers, other.Tiers) && maps.Equal(w.Actions, other.Actions)
}

var named = map[string]int{"public": 0, "internal": 1, "confidential": 5, "restricted": 25}

// maxWeight keeps the sum over a large catalog within an int.
const maxWeight = 1_000_000_000

func weights(s *rules.Schema) Weights {
	w := Weights{Tiers: make(map[string]int), Actions: s.Weights}
	usual := true
	for _, tier := range s.Tiers {
		_, known := named[tier.Name]
		usual = usual && known
	}
	next := 0
	for _, tier := range s.Tiers {
		weight := next
		if usual {
			weight = named[tier.Name]
		}
		w.Tiers[tier.Name] = weight
		w.byTier = append(w.byTier, weight)
		next = min(max(1, next*5), maxWeight)
	}
	return w
}

// unweighted is the weight of an own action without an entry in `weights`: that of update.
const unweighted = 4

func (w *Weights) of(c cell) int {
	a, ok := w.Actions[c.action]
	if !ok {
		a = unweighted
	}
	return w.byTier[c.tier] * a
}

// radius is the blast radius of what was counted.
func (w *Weights) radius(t tally) (sum int) {
	for c, n := range t {
		if c.action != "" {
			sum += n * w.of(c)
		}
	}
	return sum
}

// Reach is a set of pairs, counted.
type Reach struct {
	Objects     int     `json:"objects"` // with at least one action
	Pairs       int     `json:"pairs"`
	BlastRadius int     `json:"blast_radius"`
	Tiers       []Count `json:"tiers"` // objects by tier, low to high
	By          []Count `json:"by"`    // pairs by type, action and tier
}

// Count is a part of a Reach.
type Count struct {
	Type   string `json:"type,omitempty"`
	Action string `json:"action,omitempty"`
	Tier   string `json:"tier"`
	Count  int    `json:"count"`
	Weight int    `json:"weight,omitempty"` // of one pair
}

func (w *Weights) reach(s *rules.Schema, t tally) Reach {
	r := Reach{Tiers: []Count{}, By: []Count{}, BlastRadius: w.radius(t)}
	cells := slices.SortedFunc(maps.Keys(t), func(a, b cell) int {
		return cmp.Or(cmp.Compare(a.typ, b.typ), cmp.Compare(a.action, b.action), cmp.Compare(a.tier, b.tier))
	})
	tiers := make([]int, len(s.Tiers))
	for _, c := range cells {
		n := t[c]
		switch {
		case n == 0:
		case c.action == "":
			tiers[c.tier] += n
			r.Objects += n
		default:
			r.Pairs += n
			r.By = append(r.By, Count{c.typ, c.action, s.TierName(c.tier), n, w.of(c)})
		}
	}
	for tier, n := range tiers {
		r.Tiers = append(r.Tiers, Count{Tier: s.Tiers[tier].Name, Count: n})
	}
	return r
}
