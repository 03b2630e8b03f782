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
		all := spread(c.dims, func(at []int) {
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
