package diff

import (
	"fmt"
	"testing"
)

// Few combinations are all tried, once each and the plainest first; of many, every
// two values that come together.
func TestSpreadTriesAllOrPairs(t *testing.T) {
	for _, c := range []struct {
		dims []int
		all  bool
		want int
	}{
		{nil, true, 1},
		{[]int{3}, true, 3},
		{[]int{2, 3, 2}, true, 12},
		{[]int{10, 10, 10, 10}, false, 1 + 4*9 + 6*81},
	} {
		seen := make(map[string]bool)
		calls, first := 0, ""
		all := spread(c.dims, 3_000, nil, func(at []int) {
			if calls++; calls == 1 {
				first = fmt.Sprint(at)
			}
			seen[fmt.Sprint(at)] = true
		})
		if all != c.all || calls != c.want || len(seen) != c.want || first != fmt.Sprint(make([]int, len(c.dims))) {
			t.Errorf("%v: all %t, %d calls, %d different, first %s; want all %t, %d", c.dims, all, calls, len(seen), first, c.all, c.want)
		}
	}
}

// Of many, what is near each base is tried too; once that were many, the bases alone.
func TestSpreadAroundBases(t *testing.T) {
	dims := []int{10, 10, 10, 10}
	const near = 1 + 4*9 + 6*81
	var bases [][]int
	for n := range 9 {
		bases = append(bases, []int{9, 9, 9, n})
	}
	seen, calls := make(map[string]bool), 0
	if spread(dims, 3_000, func() [][]int { return bases }, func(at []int) {
		calls++
		seen[fmt.Sprint(at)] = true
	}) {
		t.Error("all are tried")
	}
	if want := 6*near + 4; calls != want { // the sixth passes 3,000
		t.Errorf("%d calls, want %d", calls, want)
	}
	for _, want := range []string{"[0 0 3 4]", "[9 9 9 8]", "[9 2 9 3]", "[8 9 9 1]"} {
		if !seen[want] {
			t.Errorf("%s is not tried", want)
		}
	}
	if seen["[1 2 3 4]"] {
		t.Error("what is near nothing is tried")
	}
}

// A pattern's example is one of its texts.
func TestExampleMatches(t *testing.T) {
	for pattern, want := range map[string]string{
		`^(?:[A-Z]{2}[0-9]{6})$`: "AA000000", `card-\d+`: "card-0", `(a|b)c?`: "a", `.+`: "x",
	} {
		if got := example(pattern); got != want {
			t.Errorf("%s: %q, want %q", pattern, got, want)
		}
	}
}
