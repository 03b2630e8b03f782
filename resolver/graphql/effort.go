package graphql

import "github.com/vektah/gqlparser/v2/ast"

// maxEffort is how many nodes of a document its validation may look at. That looks
// at a fragment once for each operation and each fragment that reaches it, so
// that a document could cost the square of its size.
const maxEffort = 40_000

// weight is what a definition costs: its own nodes, and the fragments it spreads.
type weight struct {
	nodes   int
	spreads []string
}

// cheap reports whether validating a document costs no more than maxEffort.
func cheap(doc *ast.QueryDocument) bool {
	fragments := make(map[string]*weight, len(doc.Fragments))
	roots := make([]*weight, 0, len(doc.Fragments)+len(doc.Operations))
	for _, f := range doc.Fragments {
		w := &weight{nodes: 1}
		w.directives(f.Directives)
		w.selections(f.SelectionSet)
		if fragments[f.Name] == nil {
			fragments[f.Name] = w
		}
		roots = append(roots, w)
	}
	for _, o := range doc.Operations {
		w := &weight{nodes: 1}
		w.directives(o.Directives)
		w.selections(o.SelectionSet)
		roots = append(roots, w)
	}
	left := maxEffort
	for _, w := range roots {
		if left = reach(w, fragments, map[string]bool{}, left); left < 0 {
			return false
		}
	}
	return true
}

// reach takes what w and all fragments within it cost, each once, from left.
func reach(w *weight, fragments map[string]*weight, seen map[string]bool, left int) int {
	left -= w.nodes
	for _, name := range w.spreads {
		if next := fragments[name]; left >= 0 && next != nil && !seen[name] {
			seen[name] = true
			left = reach(next, fragments, seen, left)
		}
	}
	return left
}

func (w *weight) selections(set ast.SelectionSet) {
	for _, one := range set {
		w.nodes++
		switch one := one.(type) {
		case *ast.Field:
			w.arguments(one.Arguments)
			w.directives(one.Directives)
			w.selections(one.SelectionSet)
		case *ast.InlineFragment:
			w.directives(one.Directives)
			w.selections(one.SelectionSet)
		case *ast.FragmentSpread:
			w.directives(one.Directives)
			w.spreads = append(w.spreads, one.Name)
		}
	}
}

func (w *weight) directives(all ast.DirectiveList) {
	for _, d := range all {
		w.nodes++
		w.arguments(d.Arguments)
	}
}

func (w *weight) arguments(all ast.ArgumentList) {
	for _, a := range all {
		w.value(a.Value)
	}
}

// value counts a list or an object once more for each one around it, for each of
// them is looked at as a whole.
func (w *weight) value(v *ast.Value) (size int) {
	size = 1
	for _, child := range v.Children {
		size += w.value(child.Value)
	}
	w.nodes += size
	return size
}
