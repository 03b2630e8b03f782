package diff

import (
	"fmt"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// maxMoments bounds how many moments are looked at.
const maxMoments = 12

// moments are now and when something that is about callers of an identity begins or
// ends behind it.
func (p *pass) moments(id *rules.Identity) []time.Time {
	all := []time.Time{p.o.Now}
	add := func(times ...time.Time) {
		for _, t := range times {
			if t.After(p.o.Now) && !slices.ContainsFunc(all, t.Equal) {
				all = append(all, t)
			}
		}
	}
	seen := make(map[*kin]bool)
	for _, w := range p.callers(id, p.o.Now) {
		for _, s := range p.sides {
			k := s.kinOf(w)
			if seen[k] {
				continue
			}
			seen[k] = true
			if k.identity != nil {
				add(k.identity.NotBefore, k.identity.Expires, k.identity.Overdue)
			}
			for _, i := range k.rules {
				r := &s.rules[i]
				add(r.NotBefore, r.End)
				if s.Source.Overdue.V == "deny" && !r.ReviewBy.IsZero() {
					add(r.ReviewBy, r.ReviewBy.AddDate(0, 0, 1))
				}
			}
		}
	}
	slices.SortFunc(all, time.Time.Compare)
	if len(all) > maxMoments {
		p.note(fmt.Sprintf("identity %s: what begins or ends after %s is not looked at", id.Name, all[maxMoments-1].Format(time.RFC3339)))
		all = all[:maxMoments]
	}
	return all
}
