package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"slices"
)

// Review is what the laboratory reads of `tiergate review reach -o json`.
type Review struct {
	AnyToken   Counted       `json:"any_valid_token"`
	Identities []ReviewedRow `json:"identities"`
}

// ReviewedRow is one identity, with the claims that its token has in this row.
type ReviewedRow struct {
	Identity  string            `json:"identity"`
	Claims    map[string]string `json:"claims"`
	Class     bool              `json:"class"`
	Reach     Counted           `json:"reach"` // of all subjects together
	Largest   *Largest          `json:"largest"`
	Uncounted []string          `json:"uncounted"` // what it may do to objects that nobody can list
}

// Largest is the member of a class who reaches most.
type Largest struct {
	Subject string  `json:"subject"`
	Reach   Counted `json:"reach"`
}

// Counted is a reach in numbers.
type Counted struct {
	Objects     int     `json:"objects"`
	Pairs       int     `json:"pairs"`
	BlastRadius int     `json:"blast_radius"`
	Tiers       []Count `json:"tiers"`
	By          []Count `json:"by"`
}

// Count is how many pairs, or objects, there are of a kind.
type Count struct {
	Type   string `json:"type"`
	Action string `json:"action"`
	Tier   string `json:"tier"`
	Count  int    `json:"count"`
}

// Review runs `tiergate review reach` on the configuration of the running
// tiergate.
func (w *World) Review(ctx context.Context) (*Review, error) {
	cmd := exec.CommandContext(ctx, w.programs.Tiergate, "review", "reach", "-c", w.Tiergate.Config, "-o", "json")
	out, err := cmd.Output()
	if err != nil {
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			return nil, fmt.Errorf("tiergate review reach: %w: %s", err, exit.Stderr)
		}
		return nil, fmt.Errorf("tiergate review reach: %w", err)
	}
	var r Review
	if err := json.Unmarshal(out, &r); err != nil {
		return nil, fmt.Errorf("tiergate review reach: %w", err)
	}
	return &r, nil
}

// CheckReview compares a review with brute force over the catalog, number by
// number, and says where they differ.
func (w *World) CheckReview(ctx context.Context, r *Review) (problems []string, err error) {
	var callers []Caller
	for _, row := range r.Identities {
		members, err := row.members()
		if err != nil {
			return nil, err
		}
		callers = append(callers, members...)
	}
	x, err := w.BruteForce(ctx, callers)
	if err != nil {
		return nil, err
	}
	note := func(what, problem string) {
		if problem != "" {
			problems = append(problems, "review reach: "+what+": "+problem)
		}
	}
	note("any valid token", r.AnyToken.differs(x.All, x.All))
	for _, row := range r.Identities {
		members, err := row.members()
		if err != nil {
			return nil, err
		}
		note(row.String(), row.check(members, x))
	}
	return problems, nil
}

// String is the identity and its claims.
func (row ReviewedRow) String() string {
	name := row.Identity
	for _, claim := range slices.Sorted(maps.Keys(row.Claims)) {
		name += fmt.Sprintf(" with %s=%s", claim, row.Claims[claim])
	}
	return name
}

// members are the callers whose union the row is: for a class, every subject
// that owns something, and one that does not.
func (row ReviewedRow) members() ([]Caller, error) {
	subjects := map[string]Caller{
		"auditors": auditor, "staff": person("sam", "backoffice"), "acme": partner,
		"svc-billing": billing, "svc-reports": reports, "svc-campaigns": machine("svc-campaigns"),
	}
	members := []Caller{subjects[row.Identity]}
	if row.Identity == "customers" {
		members = nil
		for _, subject := range []string{"ada", "bob", "cleo", "dan", "eve", "zoe"} {
			members = append(members, person(subject, "web"))
		}
	}
	for i, m := range members {
		if m.Token == nil {
			return nil, fmt.Errorf("review reach: nobody is known to be %q", row.Identity)
		}
		for claim, value := range row.Claims {
			m = m.claiming(claim, value)
		}
		m.Name = row.String() + "/" + m.Name
		members[i] = m
	}
	return members, nil
}

// check compares one row, and for a class the largest reach of one subject.
func (row ReviewedRow) check(members []Caller, x *Exposure) string {
	var reaches []Reach
	var largest Reach
	for _, m := range members {
		reach := x.By[m.Name]
		reaches = append(reaches, reach)
		if largest == nil || reach.Blast() > largest.Blast() {
			largest = reach
		}
	}
	if problem := row.Reach.differs(union(reaches...), x.All); problem != "" {
		return problem
	}
	if row.Largest == nil {
		return ""
	}
	if got, want := row.Largest.Reach.BlastRadius, largest.Blast(); got != want {
		return fmt.Sprintf("the largest blast radius of one subject is %d (%s), by brute force %d", got, row.Largest.Subject, want)
	}
	return ""
}

// differs says what is not as brute force found it, or "".
func (c Counted) differs(found, all Reach) string {
	got, want := map[kindOfPair]int{}, found.count()
	for _, n := range c.By {
		got[kindOfPair{n.Type, n.Action, n.Tier}] = n.Count
	}
	if !maps.Equal(got, want) {
		return fmt.Sprintf("pairs are %v, by brute force %v", got, want)
	}
	tiers, objects := map[string]int{}, found.objects(all)
	for _, n := range c.Tiers {
		if n.Count != 0 {
			tiers[n.Tier] = n.Count
		}
	}
	if !maps.Equal(tiers, objects) {
		return fmt.Sprintf("objects are %v, by brute force %v", tiers, objects)
	}
	if want := found.Blast(); c.BlastRadius != want {
		return fmt.Sprintf("the blast radius is %d, by brute force %d", c.BlastRadius, want)
	}
	return ""
}
