package diff

import (
	"fmt"
	"slices"
	"time"
)

// maxMoments bounds how many moments are looked at.
const maxMoments = 12

// moments are now and when rules and identities begin or end behind it.
func (p *pass) moments() []time.Time {
	all := []time.Time{p.o.Now}
	add := func(times ...time.Time) {
		for _, t := range times {
			if t.After(p.o.Now) && !slices.ContainsFunc(all, t.Equal) {
				all = append(all, t)
			}
		}
	}
	for _, s := range p.sides {
		for i := range s.rules {
			add(s.rules[i].NotBefore, s.rules[i].End)
		}
		for _, id := range s.Set.Identities() {
			add(id.NotBefore, id.Expires, id.Overdue)
		}
		if s.Source.Overdue.V == "deny" {
			for i := range s.rules {
				if by := s.rules[i].ReviewBy; !by.IsZero() {
					add(by, by.AddDate(0, 0, 1))
				}
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) > maxMoments {
		p.note(fmt.Sprintf("what begins or ends after %s is not looked at", all[maxMoments-1].Format(time.RFC3339)))
		all = all[:maxMoments]
	}
	return all
}
