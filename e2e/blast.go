package e2e

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

// Objects counts the distinct objects by the highest tier in which they are
// reached.
func (r Reach) Objects() map[string]int {
	type object struct{ kind, id string }
	tiers := map[object]string{}
	for pair, tier := range r {
		o := object{pair.Type, pair.ID}
		tiers[o] = higher(tiers[o], tier)
	}
	count := map[string]int{}
	for _, tier := range tiers {
		count[tier]++
	}
	return count
}
