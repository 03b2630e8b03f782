package rules

import "fmt"

// settle renders what the applying rules owe the upstream. A fault makes the
// verdict it comes from a denial.
func (j *judge) settle(d *Decision, targets []Target) *Fault {
	for _, owed := range j.owed {
		j.facts.caller, j.facts.target, j.facts.tier = owed.caller, &targets[owed.target], owed.tier
		for i := range owed.clause.then {
			fault := j.put(&d.Obligations, &owed.clause.then[i])
			if fault == nil {
				continue
			}
			v := &d.Targets[owed.target]
			if owed.caller != j.caller { // the actor's verdicts stand behind the caller's
				v = &d.Targets[len(targets)+owed.target]
			}
			v.Effect, v.Reason, v.Missing = Deny, fault.Reason, "then "+owed.clause.then[i].name
			v.Rule, v.Pos = owed.clause.decl.ID.V, owed.clause.decl.Pos
			return fault
		}
	}
	return nil
}

// put adds one mutation. A name that already has another value is a conflict:
// no rule outranks another.
func (j *judge) put(o *Obligations, m *mutation) *Fault {
	value, fault := m.render(&j.facts)
	if fault != nil {
		return fault
	}
	for i := range o.SetQuery {
		if m.query && o.SetQuery[i].Name == m.name {
			return conflict(m, o.SetQuery[i].Value == value)
		}
	}
	for i := range o.SetHeaders {
		if !m.query && o.SetHeaders[i].Name == m.name {
			return conflict(m, o.SetHeaders[i].Value == value)
		}
	}
	if m.query {
		if j.set.beside == nil || j.set.beside(j.facts.req, m.name) {
			return Faultf(AmbiguousParameter, "the request has another spelling of %s, which a rule sets", m.name)
		}
		o.SetQuery = append(o.SetQuery, Param{m.name, value})
	} else {
		o.SetHeaders = append(o.SetHeaders, Header{m.name, value})
	}
	if why := o.Excess(); why != "" {
		return Faultf(MutationUnfit, "%s", why)
	}
	return nil
}

func conflict(m *mutation, same bool) *Fault {
	if same {
		return nil
	}
	return &Fault{Reason: MutationConflict, Detail: fmt.Sprintf("two values for %s", m.name)}
}

// Bounds on all that one allow sets. The proxy itself stops at 100 headers and
// 60 KiB, with those of the request.
const (
	maxSet      = 64       // headers, and as many parameters
	maxSetBytes = 32 << 10 // of names and values together
)

// Excess says why these are more changes than one answer may hold, or "". Which
// rules add up is the request's doing, so that is never a fault of ours.
func (o *Obligations) Excess() string {
	if len(o.SetHeaders) > maxSet || len(o.SetQuery) > maxSet {
		return fmt.Sprintf("%d headers and %d parameters to set, at most %d of each are", len(o.SetHeaders), len(o.SetQuery), maxSet)
	}
	total := 0
	for i := range o.SetHeaders {
		total += len(o.SetHeaders[i].Name) + len(o.SetHeaders[i].Value)
	}
	for i := range o.SetQuery {
		total += len(o.SetQuery[i].Name) + len(o.SetQuery[i].Value)
	}
	if total > maxSetBytes {
		return fmt.Sprintf("%d bytes to set, at most %d are", total, maxSetBytes)
	}
	return ""
}
