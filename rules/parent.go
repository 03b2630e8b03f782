package rules

import "slices"

// ReadsParent reports whether deciding on an action of the caller on an object of
// a type may read attributes of the object's parent, so that looking the parent's
// row up is worth its cost: the type's classification does, or a rule whose
// selector, `to` and `on` fit. A rule in shadow has no effect on look-ups.
func (s *Set) ReadsParent(c *Caller, t *Type, action string) bool {
	if t == nil || t.Above == nil || !slices.Contains(t.Above.Children, t) {
		return false
	}
	reads := func(cl *clause) bool { return inForce(cl) && cl.parent }
	return t.classifiedByParent || s.allow.any(c, t.Name, action, reads) || s.deny.any(c, t.Name, action, reads)
}

// readsParent notes of a clause, once it is compiled, that it reads the parent's
// row, and tells the parent's type whose decisions hang on its rows.
func (cl *clause) readsParent() {
	if cl.typ == nil || cl.typ.Above == nil {
		return
	}
	of := func(r *variableRef) bool { return r.what == parentAttribute }
	for i := range cl.conditions {
		for k := range cl.conditions[i].reads {
			cl.parent = cl.parent || of(&cl.conditions[i].reads[k])
		}
	}
	for i := range cl.then {
		for k := range cl.then[i].parts {
			ref := cl.then[i].parts[k].ref
			cl.parent = cl.parent || ref != nil && of(ref)
		}
	}
	if cl.parent && !cl.shadow {
		cl.typ.hangsOnParent()
	}
}

func (t *Type) hangsOnParent() {
	if !slices.Contains(t.Above.Children, t) {
		t.Above.Children = append(t.Above.Children, t)
	}
}
