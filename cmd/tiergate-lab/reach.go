package main

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tiergate/tiergate/e2e"
)

// reach closes the demo: what each identity can do to which objects, asked of
// the running tiergate one by one.
func (d *demo) reach(ctx context.Context, w *e2e.World) error {
	x, err := w.BruteForce(ctx)
	if err != nil {
		return fmt.Errorf("reach: %w", err)
	}
	t := &table{widths: []int{18, 8, 8, 12, 12, 12, 16}}
	head := []cell{{"identity", dim}}
	for _, tier := range e2e.Tiers {
		head = append(head, cell{tier, dim})
	}
	t.add(append(head, cell{"blast radius", dim}, cell{"of", dim})...)
	all := x.All.Blast()
	for _, identity := range slices.Sorted(maps.Keys(x.Identities)) {
		r := x.Identities[identity]
		t.add(reachLine(identity, r, fmt.Sprintf("%.1f %%", 100*float64(r.Blast())/float64(all)))...)
	}
	t.add(reachLine("any valid token", x.All, "100 %")...)
	fmt.Fprintln(d.out, "\nIf a token leaks tonight: objects within reach by tier, and the weighted blast radius, against what any valid token reaches without object rules.")
	t.print(d.out)
	return nil
}

func reachLine(name string, r e2e.Reach, share string) []cell {
	line := []cell{{name, ""}}
	count := r.Objects()
	for _, tier := range e2e.Tiers {
		line = append(line, cell{fmt.Sprint(count[tier]), ""})
	}
	return append(line, cell{fmt.Sprint(r.Blast()), ""}, cell{share, ""})
}
