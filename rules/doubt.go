package rules

import "slices"

// Doubting returns the same rules, whose conditions hold as settle says, by their text,
// where trying the values that rules name would not show what they can be: those that
// do more than compare, or read of the request what nobody knows beforehand. It is for
// comparisons of two versions, and decides no request.
func (s *Set) Doubting(settle func(condition string) bool) *Set {
	out := *s
	out.settle = settle
	return &out
}

// ask is what a condition says of the facts.
func (c *condition) ask(f *facts) truth {
	got := c.test(f)
	if f.settle == nil || c.doubt == "" || got == unknown { // of a collection, whoever asks
		return got
	}
	if f.settle(c.doubt) {
		return yes
	}
	return no
}

// settled are variables whose values rules tell apart by naming some of them.
var settled = []variable{
	objectAttribute, objectID, objectType, objectTier, objectCategories, objectParent, parentAttribute, callerIdentity, callerKind, callerIssuer,
	callerSubject, callerClient, callerTenant, callerClaim, callerPinned, purposeVar, actionVar,
}

// doubtful reports whether a condition does more than compare what rules name.
func (c *condition) doubtful() bool {
	return !c.closure || slices.ContainsFunc(c.reads, func(v variableRef) bool { return v.user || !slices.Contains(settled, v.what) })
}

// doubts reports whether something that Doubting settles decides on a rule.
func (r *rule) doubts() bool {
	return slices.ContainsFunc(r.clauses, func(cl *clause) bool {
		return slices.ContainsFunc(cl.conditions, func(c condition) bool { return c.doubt != "" })
	})
}
