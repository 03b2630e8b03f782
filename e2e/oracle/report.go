package oracle

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Result is what comparing one seed gave.
type Result struct {
	Seed        uint64
	Sent        int
	Allows      int
	Reasons     map[string]int // of the expected answers
	Again       int            // answers "too busy" for which a request was sent again
	Differences []Difference
	Took        time.Duration
	Dir         string // the case's files, kept when there are differences
}

// Difference is one answer that is not what the evaluator says.
type Difference struct {
	Number  int // of the request, -1 when it belongs to none
	Request *Request
	Token   *Token
	Want    Answer
	What    string
}

func (r *Result) count(want Answer) {
	r.Sent++
	r.Reasons[outcome(want)]++
	if want.Effect == "allow" {
		r.Allows++
	}
}

// Add sums the counts of another seed into r.
func (r *Result) Add(other *Result) {
	r.Sent += other.Sent
	r.Allows += other.Allows
	r.Again += other.Again
	r.Took += other.Took
	r.Differences = append(r.Differences, other.Differences...)
	for reason, n := range other.Reasons {
		r.Reasons[reason] += n
	}
}

// Histogram lists the reasons, most frequent first.
func (r *Result) Histogram() string {
	reasons := sortedKeys(r.Reasons)
	slices.SortStableFunc(reasons, func(a, b string) int { return r.Reasons[b] - r.Reasons[a] })
	parts := make([]string, len(reasons))
	for i, reason := range reasons {
		parts[i] = fmt.Sprintf("%s %d", reason, r.Reasons[reason])
	}
	return strings.Join(parts, ", ")
}

// shown is how many differences a report spells out.
const shown = 20

// Report spells out the differences of a seed, each with how to see it again.
func (r *Result) Report(o Options) string {
	var b strings.Builder
	for i, d := range r.Differences {
		if i == shown {
			fmt.Fprintf(&b, "… and %d more\n", len(r.Differences)-shown)
			break
		}
		fmt.Fprintf(&b, "seed %d request %d: %s\n", r.Seed, d.Number, d.What)
		if d.Request == nil {
			continue
		}
		fmt.Fprintf(&b, "  %s\n", strings.ReplaceAll(d.Request.String(), "\n", "\n  "))
		if d.Token != nil {
			fmt.Fprintf(&b, "    = %+v\n", *d.Token)
		}
		fmt.Fprintf(&b, "  want %+v\n", d.Want)
		fmt.Fprintf(&b, "  again: tiergate-lab oracle --seed %d --requests %d --proxy %s --only %d\n", r.Seed, o.Requests, o.Proxy, d.Number)
	}
	return b.String()
}
