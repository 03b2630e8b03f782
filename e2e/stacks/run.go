package stacks

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/e2e/scene"
)

// Result is what a run has shown.
type Result struct {
	Sent, Twins, Allowed, Reported int
	Statuses                       map[int]int
	Reports                        map[string]int // by stack
	Took                           time.Duration
	Violations                     []string // a stack acted on what was not decided
	Refused                        []string // legitimate requests that were
}

// Run sends the requests of a seed and compares what the stacks report with the
// decision log. The scene's tiergate is stopped for it.
func Run(ctx context.Context, s *scene.Scene, token string, seed, count uint64) (*Result, error) {
	out := &Result{Statuses: map[int]int{}, Reports: map[string]int{}}
	open := map[string]seen{} // by decision, until its record was read
	send := &sender{seed: seed, count: count, token: token, gateways: map[bool]string{false: s.Gateway(), true: s.Lax.Listener("api")}}
	send.got = func(q *request, got seen) {
		out.Sent++
		out.Statuses[got.status]++
		twin := len(q.odd) == 0
		if twin {
			out.Twins++
		}
		if twin && got.report == nil {
			out.Refused = append(out.Refused, fmt.Sprintf("%d, decision %q: %v", got.status, got.decision, q))
		}
		if got.report != nil {
			out.Reports[q.stack]++
			open[got.decision] = got
		}
	}
	began := time.Now()
	if err := send.run(ctx); err != nil {
		return nil, err
	}
	out.Took = time.Since(began)
	if err := s.Tiergate.Stop(); err != nil { // so that all records are written
		return nil, err
	}
	out.Reported = len(open)
	if err := out.compare(s.Tiergate.DecisionLog(), seed, open); err != nil {
		return nil, err
	}
	for id, got := range open {
		out.Violations = append(out.Violations, fmt.Sprintf("a stack was reached without a record (decision %q): %v", id, generate(seed, got.number)))
	}
	return out, nil
}

// record is what is read of a decision.
type record struct {
	ID      string `json:"id"`
	Effect  string `json:"effect"`
	Targets []struct {
		Action string `json:"action"`
		Type   string `json:"type"`
		ID     string `json:"id"`
	} `json:"targets"`
}

// compare takes the records of a log from what is open.
func (out *Result) compare(log string, seed uint64, open map[string]seen) error {
	file, err := os.Open(log)
	if err != nil {
		return err
	}
	defer file.Close() //nolint:errcheck // read only
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return fmt.Errorf("%s: %w", log, err)
		}
		if r.Effect == "allow" {
			out.Allowed++
		}
		got, ok := open[r.ID]
		if !ok {
			continue
		}
		delete(open, r.ID)
		if why := r.covers(got.report); why != "" {
			out.Violations = append(out.Violations, fmt.Sprintf("#%d: %s\ndecided: %s\n%v", got.number, why, lines.Text(), generate(seed, got.number)))
		}
	}
	return lines.Err()
}

// covers says what of a report was not decided, or "".
func (r *record) covers(did *report) string {
	if r.Effect != "allow" {
		return "the stack was reached after a denial"
	}
	var decided []string
	for _, t := range r.Targets {
		if t.Action == did.Action {
			decided = append(decided, t.Type+"/"+t.ID)
		}
	}
	for _, object := range did.Objects {
		if kind, id, _ := strings.Cut(object, "/"); id != "" && kind != "none" && !slices.Contains(decided, object) {
			return fmt.Sprintf("the stack did %s to %q, which was not decided", did.Action, object)
		}
	}
	return ""
}
