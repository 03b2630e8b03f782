package budget

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// TestShortForAMoment: a shorter window forgets nothing that the longer one counts.
func TestShortForAMoment(t *testing.T) {
	const long, short = time.Hour, time.Second
	for name, b := range map[string]rules.Budget{
		"objects": {Rule: "r", Counts: rules.Objects, Most: 2, Per: long},
		"writes":  {Rule: "r", Counts: rules.Writes, Most: 2, Per: long},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			l := opened(t, dir, new(bytes.Buffer))
			for i, c := range []struct {
				after time.Duration
				per   time.Duration
				want  bool
			}{
				{0, long, true},
				{time.Minute, long, true},
				{2 * time.Minute, short, false},
				{3 * time.Minute, long, false},
				{10 * time.Minute, short, false},
				{50 * time.Minute, short, false},
				{63 * time.Minute, short, true}, // both are over
				{63*time.Minute + 2*time.Second, short, true},
				{63*time.Minute + 4*time.Second, short, true},
			} {
				if i == 5 {
					l = opened(t, killed(t, dir), new(bytes.Buffer))
				}
				b := b
				b.Per = c.per
				o := amount(&b, 1)
				if b.Counts == rules.Objects {
					o = option(&b, fmt.Sprint(i))
				}
				if got := charge(t, l, start.Add(c.after), o); got != c.want {
					t.Errorf("%v, per %v: room %v, want %v", c.after, c.per, got, c.want)
				}
			}
		})
	}
}

// TestShorterAppliesAtLast: once the longer window is over since it was made shorter,
// though something was counted all the time.
func TestShorterAppliesAtLast(t *testing.T) {
	l := New()
	for _, c := range []struct {
		after time.Duration
		per   time.Duration
		id    string
		want  bool
	}{
		{0, time.Hour, "a", true},
		{time.Minute, time.Second, "b", true},
		{30 * time.Minute, time.Second, "b", true},
		{59 * time.Minute, time.Second, "b", true},
		{59 * time.Minute, time.Second, "c", false},
		{60*time.Minute + 30*time.Second, time.Second, "c", true}, // a is over
		{60*time.Minute + 40*time.Second, time.Second, "d", false},
		{61*time.Minute + time.Second, time.Second, "d", true},
		{61*time.Minute + 3*time.Second, time.Second, "e", true},
		{61*time.Minute + 3*time.Second, time.Second, "f", true},
		{61*time.Minute + 3*time.Second, time.Second, "g", false},
	} {
		b := objects("r", 2)
		b.Per = c.per
		if got := charge(t, l, start.Add(c.after), option(b, c.id)); got != c.want {
			t.Errorf("%v, per %v, %s: room %v, want %v", c.after, c.per, c.id, got, c.want)
		}
	}
}
