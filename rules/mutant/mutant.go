// Package mutant makes rules that are wrong in one place, so that tests can be
// asked whether they would notice.
//
// A mutant is a change of what was read, before it is compiled: it takes the
// loader's own steps, and one that does not load is none that tests need to
// notice. The source that mutants are made of never changes, so they can be
// compiled side by side. One and the same source always gives the same mutants
// in the same order.
package mutant

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// Mutant is the rules with one change.
type Mutant struct {
	Operator string
	Pos      rules.Pos // of what is changed
	What     string    // the change, in words
	// Idle says why the mutant allows and denies every request as the rules do, where
	// that is proven; "" where it is not.
	Idle   string
	change func(*rules.Source)
}

// Apply returns a source with the change. src stays as it is.
func (m *Mutant) Apply(src *rules.Source) *rules.Source {
	out := *src
	m.change(&out)
	return &out
}

// Operator is one way of changing rules.
type Operator struct {
	Name string
	Does string
}

// Operators are all of them, in the order of the documentation.
func Operators() []Operator { return slices.Clone(operators) }

var operators = []Operator{
	{dropRule, "an allow rule is left out"},
	{dropDeny, "a deny rule is left out"},
	{widenSelector, "a member of a selector is left out; an identity becomes all of its kind and issuer, or more"},
	{dropSelector, "one of several selectors is left out"},
	{dropMember, "a group loses one of several members"},
	{addAction, "a rule is also for one more action that a map line takes on its types"},
	{dropAction, "`to` loses an action"},
	{addType, "a rule without `when` is also for one more type on which a map line takes its actions"},
	{dropType, "`on` loses a type"},
	{raiseLimit, "`up_to` or `from_tier` is the next higher tier"},
	{lowerLimit, "`up_to` or `from_tier` is the next lower tier"},
	{dropKey, "a key that limits a rule is left out: `own`, `same`, `when`, `for`, `category`, each member of `require`, …"},
	{dropWord, "a list in such a key loses one of several words"},
	{negate, "a condition, or an operand of its `&&` and `||`, is negated"},
	{dropOperand, "an operand of `&&` or `||` is left out"},
	{dropThen, "a header or query value is no longer set"},
	{lowerTier, "the tier of a type, an action, a property, a classification, rows at most, or what is unclassified is the next lower one"},
	{dropClass, "an entry of `classify` is left out"},
	{dropCategory, "a category of a type, a property or a classification is left out"},
	{dropWritable, "an action's list of writable members is left out"},
	{dropPattern, "a type's pattern of ids is left out"},
	{dropDemand, "a demand of a tier is left out"},
	{dropFact, "a key that limits an identity is left out: `workload`, `network`, `status`, `expires`, `on_behalf_of`, …"},
	{widenMatch, "a member of an identity's `match` is left out"},
}

const (
	dropRule      = "drop-rule"
	dropDeny      = "drop-deny"
	widenSelector = "widen-selector"
	dropSelector  = "drop-selector"
	dropMember    = "drop-member"
	addAction     = "add-action"
	dropAction    = "drop-action"
	addType       = "add-type"
	dropType      = "drop-type"
	raiseLimit    = "raise-limit"
	lowerLimit    = "lower-limit"
	dropKey       = "drop-key"
	dropWord      = "drop-word"
	negate        = "negate"
	dropOperand   = "drop-operand"
	dropThen      = "drop-then"
	lowerTier     = "lower-tier"
	dropClass     = "drop-class"
	dropCategory  = "drop-category"
	dropWritable  = "drop-writable"
	dropPattern   = "drop-id-pattern"
	dropDemand    = "drop-demand"
	dropFact      = "drop-fact"
	widenMatch    = "widen-match"
)

// Rules are what mutants are made of: the source, and what it compiled to.
type Rules struct {
	Source *rules.Source
	Set    *rules.Set
	Lines  []*resolver.Operation
	Now    time.Time // by which dates are judged
}

// All makes every mutant, in the order of the files. Rules in shadow decide
// nothing and give none.
func All(r Rules) []Mutant {
	b := builder{Rules: r, schema: r.Set.Schema()}
	b.rules()
	b.types()
	b.tiers()
	b.identities()
	b.groups()
	b.defines()
	slices.SortStableFunc(b.out, func(x, y Mutant) int {
		switch {
		case x.Pos.Less(y.Pos):
			return -1
		case y.Pos.Less(x.Pos):
			return 1
		}
		return cmp.Compare(rank(x.Operator), rank(y.Operator))
	})
	return b.out
}

func rank(operator string) int {
	return slices.IndexFunc(operators, func(o Operator) bool { return o.Name == operator })
}

type builder struct {
	Rules
	schema *rules.Schema
	out    []Mutant
}

func (b *builder) add(m Mutant, change func(*rules.Source), format string, args ...any) {
	m.What, m.change = fmt.Sprintf(format, args...), change
	b.out = append(b.out, m)
}

// without is a list without one of its elements. The list stays as it is.
func without[S ~[]E, E any](list S, at int) S {
	return slices.Delete(slices.Clone(list), at, at+1)
}

// tierBeside is the tier a number of steps above another, or "" where there is none.
func (b *builder) tierBeside(name string, steps int) string {
	t, ok := b.schema.TierByName(name)
	if !ok {
		return ""
	}
	return b.schema.TierName(t + rules.Tier(steps)) //nolint:gosec // one step up or down
}
