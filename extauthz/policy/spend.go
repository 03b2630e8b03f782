package policy

import (
	"fmt"
	"slices"
	"time"

	"github.com/tiergate/tiergate/extauthz/budget"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// charge takes what a decision spends from the budgets. An allow that they have no
// room for is a denial, and so is one that could not be written down.
func (p *Policy) charge(d *rules.Decision, now time.Time) {
	if len(d.Spend.Claims) == 0 && len(d.Spend.Tries) == 0 {
		return
	}
	ledger := p.ledger
	if ledger == nil {
		ledger = budget.New()
	}
	if d.Effect != rules.Allow {
		ledger.Note(now, d.Spend.Tries)
		return
	}
	short, err := ledger.Charge(now, d.Spend.Claims)
	switch {
	case err != nil:
		*d = rules.Decision{Reason: rules.BudgetUnavailable, Detail: fmt.Sprintf("budgets: %v", err), Targets: d.Targets, Answers: d.Answers}
	case short >= 0:
		d.Overdrawn(short)
	default:
		d.Settle()
	}
}

// uncounted refuses a rule that limits objects where a map line can bring it to a
// collection: nobody can count what is in an answer that is not there yet.
func uncounted(set *rules.Set, routes *resolver.Routes) rules.Mistakes {
	var ms rules.Mistakes
	for _, r := range set.RulesWith(func(d *rules.RuleDecl) bool { return len(d.Limit) > 0 }) {
		at, counts := r.CountsObjects()
		for _, op := range routes.Operations() {
			i := slices.IndexFunc(op.Touches, func(t resolver.Touch) bool { return t.Collection && r.About(t.Action, t.Type) })
			if i >= 0 && counts {
				ms.AddHint(at, fmt.Sprintf("take %s out of this rule, and give it one of its own without a limit of objects", op.Touches[i].Action),
					"the objects of a collection cannot be counted, and the line at %v brings the rule to one", op.Pos)
				break
			}
		}
	}
	return ms
}
