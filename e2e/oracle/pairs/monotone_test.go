package pairs

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/rules"
)

// How many changes are tried, each on a world of its own: a thirtieth of what TIERGATE_FULL=1
// runs. One that a world has nothing for, or does not load with, is tried again by chance.
const (
	changes     = 100
	fullChanges = 3_000
	chances     = 8
)

// TestChangesThatNarrowNeverAllowMore: whatever the oracle's generator makes of rules, a
// change that only narrows turns no denial into an allow; one in shadow changes nothing.
func TestChangesThatNarrowNeverAllowMore(t *testing.T) {
	n := changes
	if os.Getenv("TIERGATE_FULL") == "1" {
		n = fullChanges
	}
	m := monotone{t: t, dir: t.TempDir(), made: map[string]int{}, felt: map[string]int{}}
	for i := range n {
		m.try(uint64(i), &narrowings[i%len(narrowings)])
	}
	for _, c := range narrowings {
		if m.made[c.name] == 0 {
			t.Errorf("%q was never made", c.name)
		}
	}
	t.Logf("made %v; answers that changed %v", m.made, m.felt)
}

// monotone tries changes, and counts those that were made and the answers that differ.
type monotone struct {
	t          *testing.T
	dir        string
	made, felt map[string]int
}

func (m *monotone) try(seed uint64, c *change) {
	world := func() *oracle.World {
		w := oracle.GenerateDirect(seed)
		if c.raises {
			withoutTierConditions(w)
		}
		return w
	}
	was := world()
	before, err := load(was, m.dir)
	if err != nil {
		m.t.Errorf("seed %d does not load: %v", seed, err)
		return
	}
	for chance := range uint64(chances) {
		is := world()
		if !c.make(is, rand.New(rand.NewPCG(seed, chance))) {
			continue
		}
		after, err := load(is, m.dir)
		if err != nil { // it may have come to be broad, or to select nobody
			continue
		}
		m.made[c.name]++
		m.compare(c, before, after)
		return
	}
}

func (m *monotone) compare(c *change, before, after *engine) {
	for i, r := range oracle.Pairs(before.w, requests) {
		was, is := before.check(r), after.check(r)
		if is.Effect != was.Effect || is.Reason != was.Reason {
			m.felt[c.name]++
		}
		if what := c.wrong(was, is); what != "" {
			m.t.Errorf("seed %d request %d: %s: %s\n  %s", before.w.Seed, i, c.name, what, strings.ReplaceAll(r.String(), "\n", "\n  "))
		}
	}
}

// change makes one change to a world, or reports that there is nothing to change.
type change struct {
	name   string
	raises bool // a tier
	shadow bool // nothing may come of it
	make   func(w *oracle.World, r *rand.Rand) bool
}

// wrong says what an answer must not be, or "".
func (c *change) wrong(was, is *rules.Outcome) string {
	if c.shadow {
		return unequal(was, is)
	}
	if was.Effect == rules.Allow || is.Effect != rules.Allow || owing(was) || overdrawn(was) {
		return ""
	}
	return fmt.Sprintf("denied with %s (%s) before, allowed with %s now", was.Reason, was.Detail, is.Reason)
}

// owing reports whether rules allowed all targets, and what they set on the way to the
// upstream made the denial: two values for one name, or an absent one. Of that alone
// less can be more.
func owing(o *rules.Outcome) bool {
	return slices.ContainsFunc(o.Targets, func(v rules.Verdict) bool { return v.Effect != rules.Allow && strings.HasPrefix(v.Missing, "then ") })
}

// overdrawn reports whether rules allowed all targets, and found no room for them
// together. A rule that is about fewer of them wants less.
func overdrawn(o *rules.Outcome) bool {
	return slices.ContainsFunc(o.Targets, func(v rules.Verdict) bool { return v.Reason == rules.ObjectBudgetExceeded })
}

func unequal(was, is *rules.Outcome) string {
	said := func(o *rules.Outcome) string {
		for i := range o.Targets {
			o.Targets[i].Pos = rules.Pos{} // another rule may stand above
		}
		return fmt.Sprintf("%v %s %d %v %+v", o.Effect, o.Reason, o.Status(), o.Targets, o.Obligations)
	}
	if a, b := said(was), said(is); a != b {
		return fmt.Sprintf("it was\n  %s\nand is\n  %s", a, b)
	}
	return ""
}

// withoutTierConditions takes out the rules that compare object.tier: those alone may
// allow more of an object with another tier, as they say.
func withoutTierConditions(w *oracle.World) {
	w.Rules = slices.DeleteFunc(w.Rules, func(r *oracle.Rule) bool { return r.When != nil && strings.Contains(written(w, r.When), "object.tier") })
}

// written is a condition with its names written out.
func written(w *oracle.World, c *oracle.Cond) string {
	text := c.String()
	for range w.Defines { // each may name others
		for _, d := range w.Defines {
			if more := d.Cond.String(); strings.Contains(text, d.Name) && !strings.Contains(text, more) {
				text += " " + more
			}
		}
	}
	return text
}
