package rules

import "fmt"

// Spend is what a request takes from budgets. The zero value takes nothing.
type Spend struct {
	Claims []Claim  // of an allow: of each verdict that only limited rules allow
	Tries  []Charge // of a denial: the ids it named, as far as there is room for them
}

// Claim is a verdict that some rule must pay for.
type Claim struct {
	Verdict int      // index into Decision.Targets
	Options []Option // the limited rules that applied, in the order of the rules
	Paid    int      // index into Options: the rule that pays, as the ledger says
	Short   int      // where none does: index into the charges of the first: what finds no room
}

// Option is a rule that could pay, if all of its charges have room.
type Option struct {
	Rule    string
	Pos     Pos
	Charges []Charge
}

// Charge is what one target takes from one budget.
type Charge struct {
	Budget  *Budget
	Account Account
	Type    string // of an object
	ID      string // likewise; "" for one that is new, which is one more each time
	Amount  int64  // of writes and amounts, not below 0
}

// Account is whose budget it is. Callers without an identity share that of their
// issuer, for whoever can have a new subject would have a new budget.
type Account struct {
	Identity string
	Issuer   string // of callers without an identity, and of a subject
	Subject  string // where each has a budget of its own
}

func (b *Budget) account(c *Caller) Account {
	a := Account{Identity: c.Name()}
	if c.Verified == nil {
		return a
	}
	if a.Identity == "" || b.BySubject {
		a.Issuer = c.Issuer
	}
	if b.BySubject {
		a.Subject = c.Subject
	}
	return a
}

// charges are what the target takes from the limits of an applying rule: none where
// they are not about it. What cannot be counted, for which counts is not yes, is not
// allowed by the rule. A review knows no amounts: it hears what limits, and counts none.
func (j *judge) charges(c *clause) (out []Charge, counts truth, missed string) {
	t := j.facts.target
	for i := range c.limits {
		l := &c.limits[i]
		charge := Charge{Budget: &l.Budget, Account: l.account(j.facts.caller), Amount: 1}
		switch l.Counts {
		case Objects:
			if t.Collection && !j.facts.supposed {
				return nil, no, "limit: " + l.String() // refused at load where a line can bring it
			}
			charge.Type, charge.ID, charge.Amount = t.Object.Type.Name, t.Object.ID, 0
		case Writes:
			if reading(t.Action) {
				continue
			}
		case Amounts:
			if charge.Amount = 0; j.facts.supposed {
				break
			}
			n, got := l.of.value(&j.facts)
			if got != yes || n < 0 { // it was there when the rule applied: the costs of conditions are used up
				return nil, failed, l.of.says
			}
			charge.Amount = n
		}
		out = append(out, charge)
	}
	return out, yes, ""
}

// tries are the ids of a denied request, charged to every rule in force that limits
// objects and fits by caller, type and action: who guesses ids spends them.
func (j *judge) tries(targets []Target) (out []Charge) {
	if len(j.set.counted.shelves) == 0 {
		return nil
	}
	for who := j.caller; who != nil; who = who.Actor {
		for i := range targets {
			t := &targets[i]
			if t.Object.Type == nil || t.Object.ID == "" || t.Collection {
				continue
			}
			j.set.counted.find(&j.query, who, t.Object.Type.Name, t.Action)
			for c := j.query.next(); c != nil; c = j.query.next() {
				for k := range c.budgets {
					if b := &c.budgets[k].Budget; b.Counts == Objects {
						out = append(out, Charge{Budget: b, Account: b.account(who), Type: t.Object.Type.Name, ID: t.Object.ID})
					}
				}
			}
		}
	}
	return out
}

// Settle names in the verdicts the rules that paid.
func (d *Decision) Settle() {
	for i := range d.Spend.Claims {
		c := &d.Spend.Claims[i]
		paid := &c.Options[c.Paid]
		d.Targets[c.Verdict].Rule, d.Targets[c.Verdict].Pos = paid.Rule, paid.Pos
	}
}

// Overdrawn turns an allow into the denial that it is when a claim finds no room. To
// whom the actor's budget is spent it is a denial of the actor.
func (d *Decision) Overdrawn(claim int) {
	c := &d.Spend.Claims[claim]
	first := &c.Options[0]
	v := &d.Targets[c.Verdict]
	v.Effect, v.Reason, v.Rule, v.Pos = Deny, ObjectBudgetExceeded, first.Rule, first.Pos
	v.Missing = d.Spend.noRoom(&first.Charges[c.Short])
	denied := Decision{Reason: v.Reason, Detail: fmt.Sprintf("rule %s: %s", v.Rule, v.Missing), Targets: d.Targets, Answers: d.Answers}
	if v.Actor {
		denied = agentNotPermitted(denied)
		denied.Answers = d.Answers
	}
	*d = denied
}
