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
	Constructs  map[string]int // likewise, of those listed
	Again       int            // answers "too busy" for which a request was sent again
	Slips       map[string]int // of the pen, tried; what was missed is a difference
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

// Count adds what is wanted of one request.
func (r *Result) Count(want Answer) {
	r.Sent++
	r.Reasons[outcome(want)]++
	for _, c := range want.Reached {
		r.Constructs[c]++
	}
	if want.Effect == "allow" {
		r.Allows++
	}
}

// slipped adds the slips that were tried, and as differences those that nobody noticed.
func (r *Result) slipped(tried, missed []string) {
	for _, name := range tried {
		r.Slips[name]++
	}
	for _, what := range missed {
		r.Differences = append(r.Differences, Difference{Number: -1, What: what})
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
	for slip, n := range other.Slips {
		r.Slips[slip] += n
	}
	for construct, n := range other.Constructs {
		r.Constructs[construct] += n
	}
}

// NewResult returns one without any request.
func NewResult(seed uint64) *Result {
	return &Result{Seed: seed, Reasons: map[string]int{}, Constructs: map[string]int{}, Slips: map[string]int{}}
}

// Reached lists how often each construct was reached, most frequent first; those
// that never were come last, with 0.
func (r *Result) Reached() string {
	all := map[string]int{}
	for _, c := range constructs {
		all[c] = r.Constructs[c]
	}
	return histogram(all)
}

// Slipped lists how often each slip was tried, as Reached does.
func (r *Result) Slipped() string {
	all := map[string]int{}
	for _, s := range slips {
		all[s.name] = r.Slips[s.name]
	}
	return histogram(all)
}

// Histogram lists the reasons, most frequent first.
func (r *Result) Histogram() string { return histogram(r.Reasons) }

func histogram(counts map[string]int) string {
	names := sortedKeys(counts)
	slices.SortStableFunc(names, func(a, b string) int { return counts[b] - counts[a] })
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("%s %d", name, counts[name])
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
