package rules

import "fmt"

// settle renders what the applying rules owe the upstream. A fault makes the
// verdict it comes from a denial.
func (j *judge) settle(d *Decision, targets []Target) *Fault {
	for _, owed := range j.owed {
		j.facts.target, j.facts.tier = &targets[owed.target], owed.tier
		for i := range owed.clause.then {
			fault := d.Obligations.put(&owed.clause.then[i], &j.facts)
			if fault == nil {
				continue
			}
			v := &d.Targets[owed.target]
			v.Effect, v.Reason, v.Missing = Deny, fault.Reason, "then "+owed.clause.then[i].name
			v.Rule, v.Pos = owed.clause.decl.ID.V, owed.clause.decl.Pos
			return fault
		}
	}
	return nil
}

// put adds one mutation. A name that already has another value is a conflict:
// no rule outranks another.
func (o *Obligations) put(m *mutation, f *facts) *Fault {
	value, fault := m.render(f)
	if fault != nil {
		return fault
	}
	if m.query {
		for i := range o.SetQuery {
			if o.SetQuery[i].Name == m.name {
				return conflict(m, o.SetQuery[i].Value == value)
			}
		}
		o.SetQuery = append(o.SetQuery, Param{m.name, value})
		return nil
	}
	for i := range o.SetHeaders {
		if o.SetHeaders[i].Name == m.name {
			return conflict(m, o.SetHeaders[i].Value == value)
		}
	}
	o.SetHeaders = append(o.SetHeaders, Header{m.name, value})
	return nil
}

func conflict(m *mutation, same bool) *Fault {
	if same {
		return nil
	}
	return &Fault{Reason: MutationConflict, Detail: fmt.Sprintf("two values for %s", m.name)}
}
