package diff

import (
	"cmp"
	"slices"

	"github.com/tiergate/tiergate/rules/review"
)

// Blast is what becomes of what identities reach, counted over the catalogs.
type Blast struct {
	NotComputed string   `json:"not_computed,omitempty"` // why nothing was counted
	Reweighed   bool     `json:"reweighed,omitempty"`    // the versions weigh tiers or actions differently
	Uncounted   []string `json:"uncounted,omitempty"`    // types whose objects could not be counted, and why
	Identities  []Reach  `json:"identities"`             // those whose figures change
}

// Reach is what an identity reaches in both versions: of a class, all of its
// subjects together.
type Reach struct {
	Identity string `json:"identity"` // with the claims, scopes and peer of its row
	Before   Figure `json:"before"`
	After    Figure `json:"after"`
	By       []Part `json:"by"` // what differs, by type, action and tier
}

// Figure is a reach in numbers.
type Figure struct {
	Objects     int `json:"objects"`
	Pairs       int `json:"pairs"` // of an object and an action
	BlastRadius int `json:"blast_radius"`
}

// Part is how many objects of a tier an action reaches.
type Part struct {
	Type   string `json:"type"`
	Action string `json:"action"`
	Tier   string `json:"tier"`
	Before int    `json:"before"`
	After  int    `json:"after"`
}

// NotCounted is the change of a blast radius that nobody could count.
func NotCounted(why string) *Blast { return &Blast{NotComputed: why, Identities: []Reach{}} }

// BlastOf compares what was counted of each version over the same catalogs.
func BlastOf(before, after *review.Report) *Blast {
	b := &Blast{Identities: []Reach{}, Reweighed: !before.Weights.Equal(&after.Weights)}
	for _, r := range []*review.Report{before, after} {
		for _, t := range r.Types {
			if text := t.Type + ": " + t.Uncounted; t.Uncounted != "" && !slices.Contains(b.Uncounted, text) {
				b.Uncounted = append(b.Uncounted, text)
			}
		}
	}
	var seen set[string]
	for _, r := range []*review.Report{after, before} { // who is new in the order of now, then who is gone
		for i := range r.Identities {
			row := &r.Identities[i]
			if seen.has(row.Name()) {
				continue
			}
			seen.add(row.Name())
			old, now := reachOf(before, row), reachOf(after, row)
			if by := differing(old.By, now.By); len(by) > 0 || figure(old) != figure(now) {
				b.Identities = append(b.Identities, Reach{row.Name(), figure(old), figure(now), by})
			}
		}
	}
	return b
}

// reachOf is what a row's identity reaches in a report: that of its row without
// claims, where what they add changed nothing then, and nothing where it was not
// known.
func reachOf(r *review.Report, row *review.Row) review.Reach {
	plain := review.Reach{}
	for i := range r.Identities {
		switch other := &r.Identities[i]; {
		case other.Name() == row.Name():
			return other.Reach
		case other.Name() == row.Identity:
			plain = other.Reach
		}
	}
	return plain
}

func figure(r review.Reach) Figure { return Figure{r.Objects, r.Pairs, r.BlastRadius} }

// differing are the counts that differ.
func differing(before, after []review.Count) []Part {
	out := []Part{}
	at := func(c review.Count) *Part {
		same := func(p Part) bool { return p.Type == c.Type && p.Action == c.Action && p.Tier == c.Tier }
		if i := slices.IndexFunc(out, same); i >= 0 {
			return &out[i]
		}
		out = append(out, Part{Type: c.Type, Action: c.Action, Tier: c.Tier})
		return &out[len(out)-1]
	}
	for _, c := range before {
		at(c).Before += c.Count
	}
	for _, c := range after {
		at(c).After += c.Count
	}
	out = slices.DeleteFunc(out, func(p Part) bool { return p.Before == p.After })
	slices.SortFunc(out, func(a, b Part) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Action, b.Action), cmp.Compare(a.Tier, b.Tier))
	})
	return out
}

// grows reports whether somebody reaches more than before, as counted: what the
// comparison of rules must have found already.
func (b *Blast) grows() bool {
	return b != nil && slices.ContainsFunc(b.Identities, func(r Reach) bool { return r.After.Pairs > r.Before.Pairs })
}
