package e2e

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Decision is what the laboratory reads of a decision record.
type Decision struct {
	ID      string    `json:"id"`
	Time    time.Time `json:"time"`
	Effect  string    `json:"effect"`
	Status  int       `json:"status"`
	Reason  string    `json:"reason"`
	Detail  string    `json:"detail"`
	Targets []struct {
		Action string `json:"action"`
		Type   string `json:"type"`
		ID     string `json:"id"`
		Tier   string `json:"tier"`
		Effect string `json:"effect"`
		Reason string `json:"reason"`
		Rule   string `json:"rule"`
	} `json:"targets"`
}

// Why is what decided: the rule that allows or denies, or the reason of a
// denial by no rule.
func (d *Decision) Why() string {
	if d.Effect == "allow" || d.Reason == "denied_by_rule" {
		for _, t := range d.Targets {
			if t.Rule != "" && t.Effect == d.Effect {
				return t.Rule
			}
		}
	}
	return d.Reason
}

// Decision waits for the record of that id in the decision log: records are
// written behind the answers.
func (t *Tiergate) Decision(ctx context.Context, id string) (*Decision, error) {
	return t.DecisionWhere(ctx, "decision "+id, func(d *Decision) bool { return d.ID == id })
}

// DecisionWhere waits for a record that is the one meant, which what says.
func (t *Tiergate) DecisionWhere(ctx context.Context, what string, meant func(*Decision) bool) (*Decision, error) {
	ctx, cancel := context.WithTimeout(ctx, StartTimeout)
	defer cancel()
	var found *Decision
	err := t.until(ctx, "the record of "+what, func() (bool, error) {
		all, err := t.Decisions()
		if err != nil {
			return false, err
		}
		for _, d := range all {
			if meant(d) {
				found = d
				return true, nil
			}
		}
		return false, nil
	})
	return found, err
}

const decisionLog = "decisions.jsonl" // as the examples call it

// DecisionLog is the path of the decision log.
func (t *Tiergate) DecisionLog() string {
	return filepath.Join(t.dir, decisionLog)
}

// Decisions reads all whole records of the decision log, by id.
func (t *Tiergate) Decisions() (map[string]*Decision, error) {
	file, err := os.Open(t.DecisionLog())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close() //nolint:errcheck // read only
	all := map[string]*Decision{}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var d Decision
		if err := json.Unmarshal(lines.Bytes(), &d); err != nil {
			break // the last line, half written
		}
		if d.ID != "" {
			all[d.ID] = &d
		}
	}
	return all, lines.Err()
}

// DecisionHeader carries the decision's id to the upstream and to the client.
const DecisionHeader = "X-Tiergate-Decision"

// decisionID returns the id that came back with an answer, or "".
func decisionID(h http.Header) string { return strings.TrimSpace(h.Get(DecisionHeader)) }
