package rules

// condition is a checked `when`, `own` or `same`.
type condition struct {
	says    string // as explain and the record show it: own: owner
	reads   []variableRef
	test    test
	closure bool   // test needs no CEL
	narrows bool   // it is sure to keep some objects of its type out
	always  truth  // of a written one: yes or no, whatever is asked; else unknown
	doubt   string // the text of a written one that more than a few values decide, see Set.Doubting

	literals []any             // of only: what it compares with
	parts    func() []conjunct // of a written one: what && joins, for explanations
}

// evaluate combines conditions that must all hold, and names the first that
// does not.
func evaluate(cs []condition, f *facts) (all truth, stopped string) {
	all = yes
	for i := range cs {
		got := cs[i].ask(f)
		if got != yes && stopped == "" {
			stopped = cs[i].says
		}
		if all = all.and(got); all == no {
			break
		}
	}
	return all, stopped
}

// equalTo makes the condition that an attribute equals, or as a list contains,
// a value of the caller.
func equalTo(says string, attribute, caller variableRef) condition {
	a := &term{op: opRead, kind: attribute.kind, ref: &attribute}
	c := &term{op: opRead, kind: attribute.kind, ref: &caller}
	t := &term{op: opEqual, kind: Bool, args: []*term{a, c}}
	if attribute.kind == StringList { // own alone compares with a list, and of texts
		c.kind = String
		t.op, t.args = opIn, []*term{c, a}
	}
	return condition{says: says, reads: []variableRef{attribute, caller}, test: t.compile()}
}

// saysWhen begins what a condition that was written as `when` says.
const saysWhen = "when: "
