package graphql

import (
	"errors"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// Call is one field that a request calls, with its arguments.
type Call struct {
	// Name is Type.field, with the type as the schema declares it.
	Name string
	// Args is an object of the arguments in the schema's order: variables are put
	// in, defaults apply, a single value for a list is a list, an ID is a string and
	// an enum its name. What is neither given nor has a default is absent.
	Args tree.Value
	// Fields are the fields selected below, by the schema's names, as dotted paths:
	// sorted, each once, with those of every fragment, without __typename.
	Fields []string
}

// walk collects the calls of one operation. Everything counts, whatever
// directives say. The limits are those of the HTTP request.
type walk struct {
	s       *Schema
	limits  *limits
	args    literals
	doc     *ast.QueryDocument
	calls   []Call
	within  []open // calls whose selections we are in
	visited string // the path of the field we are in, "" above all
}

// open is a call whose fields are being collected: what of a path is behind from.
type open struct{ call, from int }

// limits are what is left for the rest of an HTTP request.
type limits struct {
	aliases, calls, selections int
	coercion                   coercion
}

func (w *walk) selections(set ast.SelectionSet, depth int) error {
	for _, one := range set {
		if w.limits.selections--; w.limits.selections < 0 {
			return rules.Faultf(rules.TooManyTargets, "graphql: more than %d selections, counted where fragments are spread", maxSelections)
		}
		var err error
		switch one := one.(type) {
		case *ast.Field:
			err = w.field(one, depth+1)
		case *ast.InlineFragment:
			err = w.selections(one.SelectionSet, depth)
		case *ast.FragmentSpread:
			// Validation has refused unknown fragments and cycles.
			err = w.selections(w.doc.Fragments.ForName(one.Name).SelectionSet, depth)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) field(f *ast.Field, depth int) error {
	if depth > w.s.options.MaxDepth {
		return malformed("more than %d fields within each other%s", w.s.options.MaxDepth, at(f.Position))
	}
	if f.Alias != f.Name {
		if w.limits.aliases--; w.limits.aliases < 0 {
			return rules.Faultf(rules.TooManyTargets, "graphql: more than %d aliases", w.s.options.MaxAliases)
		}
	}
	if f.Name == "__typename" {
		return nil
	}
	known := w.s.fields[f.Definition]
	if known == nil {
		return rules.Faultf(rules.Internal, "graphql: a valid field that was not compiled")
	}
	if len(f.Arguments) > 0 && !known.covered {
		return rules.Faultf(rules.NoRoute, "graphql: %s has arguments, and no line is about it for every type that may answer", known.name)
	}

	above, outside := w.visited, len(w.within)
	defer func() { w.visited, w.within = above, w.within[:outside] }()
	w.visited += "." + f.Name
	for _, o := range w.within {
		w.calls[o.call].Fields = append(w.calls[o.call].Fields, w.visited[o.from:])
	}
	for _, t := range known.calls {
		if err := w.call(&t, f); err != nil {
			return err
		}
	}
	return w.selections(f.SelectionSet, depth)
}

func (w *walk) call(t *target, f *ast.Field) error {
	if w.limits.calls--; w.limits.calls < 0 {
		return rules.Faultf(rules.TooManyTargets, "graphql: more than %d calls", w.s.options.MaxCalls)
	}
	given := value{Kind: tree.Object}
	for _, a := range f.Arguments {
		v, present, err := w.args.value(a.Value, 0)
		if err != nil {
			return malformed("%s: %v%s", t.name, err, at(a.Position))
		}
		if present {
			given.Names, given.Items = append(given.Names, a.Name), append(given.Items, v)
		}
	}
	args, err := w.limits.coercion.members(t.name, t.args, &given, 0)
	switch {
	case errors.Is(err, errValues):
		return rules.Faultf(rules.TooManyTargets, "graphql: more than %d values", maxValues)
	case err != nil:
		return malformed("%v%s", err, at(f.Position))
	}
	w.within = append(w.within, open{call: len(w.calls), from: len(w.visited) + 1})
	w.calls = append(w.calls, Call{Name: t.name, Args: args})
	return nil
}

// result are the calls, with their fields in order.
func (w *walk) result() []Call {
	for i := range w.calls {
		slices.Sort(w.calls[i].Fields)
		w.calls[i].Fields = slices.Compact(w.calls[i].Fields)
	}
	return w.calls
}
