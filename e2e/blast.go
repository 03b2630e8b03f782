package e2e

import "maps"

// Weights of the bank example: the usual ones, and those of rules/tiers.yaml.
var (
	tierWeights   = map[string]int{"public": 0, "internal": 1, "confidential": 5, "restricted": 25}
	actionWeights = map[string]int{
		"read": 1, "list": 2, "create": 2, "update": 4, "delete": 8,
		"close": 8, "debit": 4, "credit": 2, "receive": 4,
	}
)

// Blast is the blast radius of a reach: over its pairs, the sum of the tier's
// weight times the action's.
func (r Reach) Blast() int {
	sum := 0
	for pair, tier := range r {
		sum += tierWeights[tier] * actionWeights[pair.Action]
	}
	return sum
}

// kindOfPair is what a review counts pairs by.
type kindOfPair struct{ Type, Action, Tier string }

// count counts the pairs of each kind.
func (r Reach) count() map[kindOfPair]int {
	n := map[kindOfPair]int{}
	for pair, tier := range r {
		n[kindOfPair{pair.Type, pair.Action, tier}]++
	}
	return n
}

// objects counts the distinct objects by their own tier, which is that of
// reading them in all.
func (r Reach) objects(all Reach) map[string]int {
	seen := map[Pair]bool{}
	n := map[string]int{}
	for pair := range r {
		object := Pair{pair.Type, pair.ID, "read"}
		if !seen[object] {
			seen[object] = true
			n[all[object]]++
		}
	}
	return n
}

// union is what the reaches reach together.
func union(reaches ...Reach) Reach {
	all := Reach{}
	for _, r := range reaches {
		maps.Copy(all, r)
	}
	return all
}
