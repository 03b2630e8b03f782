package rules

// denied applies the deny rules. What they cannot evaluate denies. The first that
// holds is named; one that hides what it denies is heard wherever it stands.
func (j *judge) denied(v *Verdict) bool {
	t, found := j.facts.target, false
	j.set.deny.find(&j.query, j.facts.caller, v.Type, t.Action)
	for c := j.query.next(); c != nil; c = j.query.next() {
		if !j.take(c) || found && !c.refusal.hides() || !j.reaches(c) {
			continue
		}
		j.note(v, c)
		holds, stopped := evaluate(c.conditions, &j.facts)
		if holds == no {
			continue
		}
		if !found {
			v.Rule, v.Pos, v.Reason = c.decl.ID.V, c.decl.Pos, DeniedByRule
			if holds == absent || holds == failed {
				v.Reason = holds.reason()
				v.Missing = stopped
			}
		}
		j.refusal, found = c.refusal, true
		if c.refusal.hides() || !j.set.hides {
			return true
		}
	}
	return found
}

// reaches reports whether a fitting deny rule is about the target at all, before
// its conditions are asked.
func (j *judge) reaches(c *clause) bool {
	return j.facts.tier >= c.fromTier && !c.misses(j.facts.categories) && c.forPurpose(j.facts.caller) == "" && c.window.outside(j.facts.req.Now) == ""
}
