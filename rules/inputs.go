package rules

// note records what the conditions of an evaluated rule read.
func (j *judge) note(v *Verdict, c *clause) {
	for i := range c.conditions {
		for k := range c.conditions[i].reads {
			j.input(v, &c.conditions[i].reads[k])
		}
	}
}

func (j *judge) input(v *Verdict, r *variableRef) {
	for i := range v.Inputs {
		if v.Inputs[i].Name == r.name {
			return
		}
	}
	value, _ := r.value(&j.facts)
	in := Input{Name: r.name, Value: value, Sensitive: r.sensitive}
	if v.Inputs == nil && j.used < len(j.inputs) {
		// The first target's inputs need no allocation of their own.
		v.Inputs = j.inputs[j.used:j.used]
		j.used = len(j.inputs)
	}
	v.Inputs = append(v.Inputs, in)
}
