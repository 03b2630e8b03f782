package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/tiergate/tiergate/e2e"
)

// reach closes the demo: what each identity reaches with these rules, against
// any valid token, as `tiergate review reach` counts it, and as asking the
// running server about everything finds it.
func (d *demo) reach(ctx context.Context, w *e2e.World) error {
	review, err := w.Review(ctx)
	if err != nil {
		return err
	}
	t := &table{widths: []int{28, 8, 8, 12, 12, 12, 12, 40}}
	head := []cell{{"", dim}}
	for _, tier := range e2e.Tiers {
		head = append(head, cell{tier, dim})
	}
	t.add(append(head, cell{"blast radius", dim}, cell{"of any token", dim}, cell{"and, not countable", dim})...)
	all := review.AnyToken.BlastRadius
	t.add(reachLine("any valid token", review.AnyToken, all, nil)...)
	for _, row := range review.Identities {
		one := row.Reach
		if row.Largest != nil {
			one = row.Largest.Reach
		}
		t.add(reachLine(row.String(), one, all, row.Uncounted)...)
		if one.BlastRadius != row.Reach.BlastRadius {
			t.add(reachLine("  all of them together", row.Reach, all, nil)...)
		}
	}
	fmt.Fprintln(d.out, "\nIf one token leaks tonight: the objects within its reach by tier, and the weighted blast radius, as `tiergate review reach` counts them.")
	t.print(d.out)

	problems, err := w.CheckReview(ctx, review)
	if err != nil {
		return err
	}
	d.problems = append(d.problems, problems...)
	if len(problems) == 0 {
		fmt.Fprintln(d.out, "Equal to brute force: every identity asked the running server for every action on every object of the catalog.")
	}
	return nil
}

// reachLine is one token's worth, or a class's.
func reachLine(name string, c e2e.Counted, all int, uncounted []string) []cell {
	line := []cell{{name, ""}}
	for _, tier := range e2e.Tiers {
		count := 0
		for _, n := range c.Tiers {
			if n.Tier == tier {
				count = n.Count
			}
		}
		line = append(line, cell{fmt.Sprint(count), ""})
	}
	share := "none"
	if all > 0 {
		share = fmt.Sprintf("%.1f %%", 100*float64(c.BlastRadius)/float64(all))
	}
	var besides []string
	for _, u := range uncounted {
		what, _, _ := strings.Cut(u, ":")
		besides = append(besides, what)
	}
	return append(line, cell{fmt.Sprint(c.BlastRadius), ""}, cell{share, ""}, cell{strings.Join(besides, ", "), ""})
}
