package rules

import (
	"fmt"
	"strings"
	"time"
)

// lacksTime asks not_before and until.
func (cl *clause) lacksTime(_ *Set, f *facts) *Lack {
	bound := cl.window.outside(f.req.Now)
	if bound == "" {
		return nil
	}
	l := &Lack{Kind: bound, Had: []string{stamp(f.req.Now)}, Stage: stageTime}
	at := cl.window.from
	if bound == "until" {
		at = cl.window.end
	}
	l.Want, l.says = []string{stamp(at)}, bound+" "+at.Format(time.RFC3339)
	if bound == "until" {
		l.Tries = timesBefore(at, f.req.Now)
		return l
	}
	l.Tries = [][]string{{"at=" + stamp(at)}}
	for day := range 8 {
		l.Tries = append(l.Tries, []string{"at=" + stamp(sameHour(at, f.req.Now).AddDate(0, 0, day))})
	}
	return l
}

// timesBefore are times before an end: just before it, and at the hour of now on the days before.
func timesBefore(end, now time.Time) [][]string {
	out := [][]string{{"at=" + stamp(end.Add(-time.Second))}}
	for day := range 8 {
		if at := sameHour(end, now).AddDate(0, 0, -day); at.Before(end) {
			out = append(out, []string{"at=" + stamp(at)})
		}
	}
	return out
}

// sameHour is the hour of now on the day of another time.
func sameHour(day, now time.Time) time.Time {
	return day.UTC().Truncate(24 * time.Hour).Add(now.Sub(now.Truncate(24 * time.Hour)))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// lacksGrade asks for the tier and the categories of the target, and for its bounds.
func (cl *clause) lacksGrade(_ *Set, f *facts) *Lack {
	tier := f.schema.TierName(f.tier)
	has := f.schema.spell(f.categories)
	switch {
	case cl.effect == Deny && f.tier < cl.fromTier:
		return &Lack{Kind: "from_tier", Want: []string{cl.decl.FromTier.V}, Had: []string{tier}, Stage: stageTier, says: "from_tier " + cl.decl.FromTier.V}
	case cl.effect == Allow && f.tier > cl.upTo:
		return &Lack{
			Kind: "up_to", Want: []string{cl.decl.UpTo.V}, Had: []string{tier}, Stage: stageTier, says: fmt.Sprintf("up_to %s, this is %s", cl.decl.UpTo.V, tier),
			Tries: [][]string{{"tier=" + cl.decl.UpTo.V}},
		}
	case cl.misses(f.categories) && cl.effect == Deny:
		return &Lack{Kind: "category", Want: cl.decl.Category.List.Values(), Had: has, Stage: stageCategory, says: "category " + strings.Join(cl.decl.Category.List.Values(), ", ")}
	case cl.misses(f.categories):
		return &Lack{
			Kind: "category", Want: cl.decl.Category.List.Values(), Had: has, Stage: stageCategory,
			says:  fmt.Sprintf("category %s, this is %s", cl.decl.Category.spelt(), strings.Join(has, ", ")),
			Tries: [][]string{{"category=" + strings.Join(f.schema.spell(f.categories&cl.category), ",")}},
		}
	case cl.effect == Allow && f.target.Unbounded && !cl.unbounded:
		return &Lack{Kind: "unbounded", Want: []string{"true"}, Stage: stageUnbounded, says: "unbounded: true", Tries: bounds(f.target.Object.Type)}
	}
	return nil
}

// bounds are what may bound a list of a type.
func bounds(t *Type) (out [][]string) {
	for _, a := range t.Attributes {
		out = append(out, []string{"object." + a.Name + "=" + anyOf(a.Kind)})
	}
	if t.Parent != "" {
		out = append(out, []string{"object.parent.id=p1"})
	}
	return out
}

// anyOf is the text of some value of a kind.
func anyOf(k Kind) string {
	switch k {
	case Bool:
		return "true"
	case Int, IntList:
		return "1"
	default:
		return "x"
	}
}
