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
	found, err := w.BruteForce(ctx)
	if err != nil {
		return fmt.Errorf("reach: %w", err)
	}
	t := &table{widths: []int{20, 10, 14}}
	t.add(cell{"identity", dim}, cell{"objects", dim}, cell{"actions on them", dim})
	for _, identity := range slices.Sorted(maps.Keys(found)) {
		objects := map[string]bool{}
		for pair := range found[identity] {
			objects[pair.Type+"/"+pair.ID] = true
		}
		t.add(cell{identity, ""}, cell{fmt.Sprint(len(objects)), ""}, cell{fmt.Sprint(len(found[identity])), ""})
	}
	fmt.Fprintln(d.out, "\nWhat each identity can reach:")
	t.print(d.out)
	return nil
}
