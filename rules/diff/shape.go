package diff

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver"
)

// shape is what is done to what: everything that a target is but its object.
type shape struct {
	action, typ string
	collection  bool
	fresh       bool // an object without an id yet
	absent      bool // one whose id is free: the create of an upsert
	bounds      string
}

// key is the shape as text; it is shown too.
func (s shape) key() string { return s.action + " " + s.typ + " " + s.on() }

func (s shape) on() string {
	bounds := ""
	if s.bounds != "" {
		bounds = "[" + s.bounds + "]"
	}
	switch {
	case s.collection && s.bounds == "":
		return "collection, unbounded"
	case s.collection:
		return "collection" + bounds
	case s.fresh:
		return "new object" + bounds
	case s.absent:
		return "new object by id"
	}
	return "object"
}

func (s shape) bound(name string) bool { return slices.Contains(strings.Split(s.bounds, ","), name) }

// shapesOf are those that a touch can have: bounds that a request may leave out
// are there or not.
func shapesOf(t *resolver.Touch) (out []shape) {
	s := shape{
		action: t.Action, typ: t.Type, collection: t.Collection, fresh: t.New && !t.Upsert, absent: t.Upsert && t.Action == "create",
	}
	if !s.collection && !s.fresh {
		return []shape{s}
	}
	dims := make([]int, len(t.Bounds))
	for i, b := range t.Bounds {
		if dims[i] = 1; b.Optional {
			dims[i] = 2
		}
	}
	spread(dims, most, nil, func(at []int) {
		var names []string
		for i, b := range t.Bounds {
			if at[i] == 0 {
				names = append(names, b.Attribute)
			}
		}
		slices.Sort(names)
		s.bounds = strings.Join(names, ",")
		out = append(out, s)
	})
	return out
}
