package budget

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tiergate/tiergate/rules"
)

var start = time.Date(2027, 1, 15, 12, 0, 0, 0, time.UTC)

// naive is a budget as a list of all that was ever taken.
type naive struct{ taken []taking }

type taking struct {
	at     time.Duration
	object string
	amount int64
}

// within is what was taken in a stretch of time that ends now.
func (n *naive) within(now, per time.Duration) (objects map[string]bool, sum int64) {
	objects = map[string]bool{}
	for _, t := range n.taken {
		if now-t.at < per {
			objects[t.object] = true
			sum += t.amount
		}
	}
	return objects, sum
}

// TestObjectsAreThoseOfTheNaiveList: a request has room exactly if the list says so.
func TestObjectsAreThoseOfTheNaiveList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rules.Budget{Rule: "r", Counts: rules.Objects, Most: rapid.Int64Range(1, 4).Draw(t, "most"), Per: 10 * time.Second}
		l, list, now := New(), naive{}, time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			now += time.Duration(rapid.Int64Range(0, 4_000).Draw(t, "later")) * time.Millisecond
			var targets []string
			seen, _ := list.within(now, b.Per)
			for range rapid.IntRange(1, 3).Draw(t, "targets") {
				id := fmt.Sprint(rapid.IntRange(0, 6).Draw(t, "id"))
				targets = append(targets, id)
				seen[id] = true
			}
			var claims []rules.Claim
			for _, id := range targets {
				claims = append(claims, claim(option(&b, id)))
			}
			short, err := l.Charge(start.Add(now), claims)
			if err != nil {
				t.Fatal(err)
			}
			if want := int64(len(seen)) <= b.Most; (short < 0) != want {
				t.Fatalf("at %v, %v: short %d, the list has room: %v", now, targets, short, want)
			}
			for _, id := range targets {
				if short < 0 {
					list.taken = append(list.taken, taking{at: now, object: id})
				}
			}
		}
	})
}

// TestSumsAreNoMoreThanTheNaiveList: no stretch of time has more than the budget, and
// what is refused would have been too much within a sixtieth more.
func TestSumsAreNoMoreThanTheNaiveList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := rules.Budget{Rule: "r", Counts: rules.Amounts, Most: rapid.Int64Range(1, 50).Draw(t, "most"), Per: time.Minute}
		l, list, now := New(), naive{}, time.Duration(0)
		for range rapid.IntRange(1, 40).Draw(t, "requests") {
			now += time.Duration(rapid.Int64Range(0, 20_000).Draw(t, "later")) * time.Millisecond
			n := rapid.Int64Range(0, 20).Draw(t, "amount")
			short, err := l.Charge(start.Add(now), []rules.Claim{claim(amount(&b, n))})
			if err != nil {
				t.Fatal(err)
			}
			_, sum := list.within(now, b.Per)
			_, more := list.within(now, b.Per+b.Per/parts)
			switch {
			case short < 0 && sum+n > b.Most:
				t.Fatalf("at %v: took %d on top of %d, of %d", now, n, sum, b.Most)
			case short >= 0 && more+n <= b.Most:
				t.Fatalf("at %v: refused %d on top of %d, of %d", now, n, more, b.Most)
			case short < 0:
				list.taken = append(list.taken, taking{at: now, amount: n})
			}
		}
	})
}

// TestKeepsNoMoreThanTheBudget: memory is bounded by what a budget allows, and what is
// over is forgotten.
func TestKeepsNoMoreThanTheBudget(t *testing.T) {
	l := New()
	objects := rules.Budget{Rule: "r", Counts: rules.Objects, Most: 5, Per: time.Minute}
	writes := rules.Budget{Rule: "r", Counts: rules.Writes, Most: 1_000_000, Per: time.Minute}
	for i := range 1_000 {
		now := start.Add(time.Duration(i) * 100 * time.Millisecond)
		charge(t, l, now, option(&objects, fmt.Sprint(i)))
		charge(t, l, now, amount(&writes, 1))
	}
	if got := l.Stats(); got.Entries > 5+parts+1 || got.Accounts != 2 {
		t.Errorf("%+v, want at most %d entries", got, 5+parts+1)
	}
	l.sweep(start.Add(time.Hour), 10)
	if got := l.Stats(); got.Entries != 0 || got.Accounts != 0 || len(l.crowds) != 0 {
		t.Errorf("%+v an hour later, want nothing", got)
	}
}
