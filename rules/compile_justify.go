package rules

import (
	"slices"
	"strings"
)

// justifications are the keys by which a rule says why it is there, in the order in which
// rules have them.
var justifications = []string{"because", "owner", "ticket", "review_by"}

// unsaid returns those of the keys that the rule does not have.
func (d *RuleDecl) unsaid(keys ...string) (lacks []string) {
	for _, key := range keys {
		var said bool
		switch key {
		case "because":
			said = strings.TrimSpace(d.Because.V) != ""
		case "owner":
			said = strings.TrimSpace(d.Owner.V) != ""
		case "ticket":
			said = strings.TrimSpace(d.Ticket.V) != ""
		case "review_by":
			said = d.ReviewBy.given()
		}
		if !said {
			lacks = append(lacks, key)
		}
	}
	return lacks
}

// justifiable reads what a tier wants to be told by the rules that reach it.
func (c *compiler) justifiable(d *TierDecl) (keys []string) {
	for _, at := range d.Justify {
		switch {
		case !slices.Contains(justifications, at.V):
			c.unknownWord("justification", at, slices.Clone(justifications))
		case slices.Contains(keys, at.V):
			c.ms.Add(at.Pos, "%q stands twice in justify", at.V)
		default:
			keys = append(keys, at.V)
		}
	}
	return keys
}

// justified checks that an allow rule says what the tiers want to be told that it reaches,
// and warns of one that gives a right above broad_above and says nothing at all. What a
// caller may do with what is its own or its tenant's explains itself, and a purpose is a reason.
func (c *compiler) justified(r *rule) {
	s, d := c.set.schema, r.decl
	if r.effect != Allow || r.upTo == NoTier {
		return
	}
	top := NoTier
	for _, t := range r.types {
		top = max(top, min(r.upTo, s.Highest(t)))
	}
	var askers, lacks []string
	for tier := range top + 1 {
		if unsaid := d.unsaid(s.Tiers[tier].Justify...); len(unsaid) > 0 {
			askers, lacks = append(askers, s.Tiers[tier].Name), append(lacks, unsaid...)
		}
	}
	if len(lacks) > 0 {
		slices.Sort(lacks)
		c.ms.AddHint(d.ID.or(d.Pos), "justify of "+strings.Join(askers, ", ")+" asks for it",
			"a rule up to %s must say %s", s.TierName(top), strings.Join(slices.Compact(lacks), ", "))
		return
	}
	if top > s.BroadAbove && !d.Own.given() && !d.Same.given() && len(d.For) == 0 && len(d.unsaid(justifications...)) == len(justifications) {
		c.warnings.AddHint(d.ID.or(d.Pos), "add because, owner or ticket: who reviews the rules will ask",
			"nobody says why %s may %s %s up to %s", r.whom(), strings.Join(d.To.Values(), ", "), strings.Join(d.On.Values(), ", "), s.TierName(top))
	}
}

// whom is whom the rule is about, as it is written.
func (r *rule) whom() string {
	var all []string
	for i := range r.selectors {
		all = append(all, r.selectors[i].String())
	}
	return strings.Join(all, " or ")
}
