package main

import (
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// unserved says which hosts have lines and no listener that serves them, so that
// each of their requests is denied before its line is looked for.
func (c *config) unserved(src *rules.Source) (odd rules.Mistakes) {
	var served []string
	for i := range c.Listen.GRPC {
		served = append(served, c.Listen.GRPC[i].Serves.Values()...)
	}
	said := map[string]bool{}
	for i := range src.Routes {
		h := src.Routes[i].Host
		if said[h.V] || rules.NewHostSet(served...).Has(h.V) || slices.ContainsFunc(served, rules.NewHostSet(h.V).Has) {
			continue
		}
		said[h.V] = true
		odd.Add(h.Pos, "no listener serves %q, so its lines are for nobody", h.V)
	}
	return odd
}
