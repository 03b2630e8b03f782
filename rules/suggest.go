package rules

import "fmt"

// DidYouMean returns `did you mean "x"?` for the known word nearest to the
// written one, or "" when none is near: a short word may differ in one letter, one
// of six letters or more in two. Two neighbours that changed places count as one.
func DidYouMean(written string, known []string) string {
	limit := 2
	if len(written) >= 6 {
		limit = 3
	}
	best, distance := "", min(limit, len(written))
	for _, k := range known {
		if d := editDistance(written, k, distance); d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// editDistance is how many letters must be put in, left out, changed or swapped
// with their neighbour to make b of a; it stops early when the lengths alone make
// it reach limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	rows := make([]int, 3*(len(b)+1))
	before, row, next := rows[:len(b)+1], rows[len(b)+1:2*(len(b)+1)], rows[2*(len(b)+1):]
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		next[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			next[j+1] = min(row[j+1]+1, next[j]+1, row[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				next[j+1] = min(next[j+1], before[j-1]+1)
			}
		}
		before, row, next = row, next, before
	}
	return row[len(b)]
}
