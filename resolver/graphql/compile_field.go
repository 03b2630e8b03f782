package graphql

import (
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// fields notes of every field which calls a selection of it makes.
func (c *compiler) fields() {
	s := c.s
	for _, def := range c.composites() {
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			one := &field{name: name, args: c.arguments(name, f.Arguments)}
			s.fields[f], s.named[name] = one, one
		}
	}
	for _, def := range c.composites() {
		for _, f := range def.Fields {
			s.link(def, f.Name)
		}
	}
}

// composites are the types with fields, by name. A union has none of its own.
func (c *compiler) composites() []*ast.Definition {
	var out []*ast.Definition
	for _, name := range slices.Sorted(maps.Keys(c.s.ast.Types)) {
		if def := c.s.ast.Types[name]; def.Kind == ast.Object || def.Kind == ast.Interface {
			out = append(out, def)
		}
	}
	return out
}

// link finds the calls of a field that is selected on a type. Whoever answers may
// be any object of that type, and a line may name the field by the object or by
// any interface that has it: each name that a line is about is a call.
func (s *Schema) link(def *ast.Definition, name string) {
	f := s.named[def.Name+"."+name]
	if strings.HasPrefix(def.Name, "__") {
		f.covered = true // introspection: its arguments choose names of the schema
		return
	}
	own := s.isCall(def, name, true)
	if own {
		f.add(f.name, f.args)
	}
	f.covered = own || s.options.free(f.name)
	answers := s.answers(def)
	all := len(answers) > 0
	for _, o := range answers {
		all = s.linkAnswer(f, o, name) && all
	}
	f.covered = f.covered || all
}

// answers are the objects that may stand where the type is selected on.
func (s *Schema) answers(def *ast.Definition) []*ast.Definition {
	var out []*ast.Definition
	for _, o := range s.ast.PossibleTypes[def.Name] {
		if o.Kind == ast.Object {
			out = append(out, o)
		}
	}
	return out
}

// linkAnswer adds the calls that f is where the object o answers, and reports
// whether there is one, or its arguments are free.
func (s *Schema) linkAnswer(f *field, o *ast.Definition, name string) (covered bool) {
	of := s.named[o.Name+"."+name]
	if s.isCall(o, name, false) {
		covered = true
		f.add(of.name, of.args) // o's own arguments may have more defaults
	}
	for _, i := range s.ast.Implements[o.Name] {
		if s.named[i.Name+"."+name] != nil && s.isCall(i, name, false) {
			covered = true
			f.add(i.Name+"."+name, f.args)
		}
	}
	return covered || s.options.free(of.name)
}

// isCall reports whether a field is a call by that name: if a line is about it,
// and on the types of operations in any case, wherever they are reached. An
// interface of theirs reaches no field that is free.
func (s *Schema) isCall(def *ast.Definition, name string, selected bool) bool {
	full := def.Name + "." + name
	return s.options.mapped(full) || s.isRoot(def) && (selected || !s.options.free(full))
}

func (s *Schema) isRoot(def *ast.Definition) bool {
	return def == s.ast.Query || def == s.ast.Mutation || def == s.ast.Subscription
}

func (f *field) add(name string, args []member) {
	if !slices.ContainsFunc(f.calls, func(t target) bool { return t.name == name }) {
		f.calls = append(f.calls, target{name, args})
	}
}
