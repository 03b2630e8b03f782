package resolver

import "github.com/tiergate/tiergate/rules"

// Settle replaces each upsert, once its object was looked up, by what it is: a
// create where the row is absent, an update where it is there, both where
// nothing proves either.
func Settle(targets []rules.Target) []rules.Target {
	for i := range targets {
		if targets[i].Upsert {
			return settle(targets, i)
		}
	}
	return targets
}

func settle(targets []rules.Target, from int) []rules.Target {
	out := append(make([]rules.Target, 0, len(targets)+1), targets[:from]...)
	for _, t := range targets[from:] {
		if !t.Upsert {
			out = append(out, t)
			continue
		}
		t.Upsert = false
		if t.Object.State != rules.Stored {
			t.Action = "create"
			out = append(out, t)
		}
		if t.Object.State != rules.Absent {
			t.Action = "update"
			out = append(out, t)
		}
	}
	return out
}
