package graphql

import (
	"maps"
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// inputs builds the types that values may have. Types come before members, for
// members refer to types, and defaults last, for they are made of members.
func (c *compiler) inputs() {
	s := c.s
	for name, def := range s.ast.Types {
		if !def.IsInputType() {
			continue
		}
		t := &input{name: name, oneOf: def.Directives.ForName("oneOf") != nil}
		switch def.Kind {
		case ast.Enum:
			t.kind, t.values = enum, map[string]bool{}
			for _, v := range def.EnumValues {
				t.values[v.Name] = true
			}
		case ast.InputObject:
			t.kind = object
		default:
			t.kind = builtIn[name]
		}
		s.inputs[name] = t
	}
	for name, t := range s.inputs {
		if t.kind == object {
			for _, f := range s.ast.Types[name].Fields {
				t.members = append(t.members, member{name: f.Name, shape: s.shape(f.Type)})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.inputs)) {
		c.defaultsOf(s.inputs[name])
	}
}

// shape is a type as we know it. All names in it are input types of the schema:
// who validated the document or the schema has seen to it.
func (s *Schema) shape(t *ast.Type) *shape {
	if t.Elem != nil {
		return &shape{required: t.NonNull, list: s.shape(t.Elem)}
	}
	return &shape{required: t.NonNull, named: s.inputs[t.NamedType]}
}

// defaultsOf works out the defaults of an input object's members, each type once.
func (c *compiler) defaultsOf(t *input) {
	if t.kind != object || c.defaults[t] == done {
		return
	}
	c.defaults[t] = begun
	for i, f := range c.s.ast.Types[t.name].Fields {
		if f.DefaultValue != nil {
			t.members[i].fallback = c.fallback(f.DefaultValue, t.members[i].shape, t.name+"."+f.Name)
		}
	}
	c.defaults[t] = done
}

type progress uint8

const (
	begun progress = iota + 1
	done
)

// fallback is the value of a default. nil was reported.
func (c *compiler) fallback(v *ast.Value, s *shape, what string) *value {
	if !c.settle(v, s) {
		c.mistakes.Add(c.place(v.Position), "the default of %s is made of itself", what)
		return nil
	}
	out, _, err := (&literals{}).value(v, 0)
	if err == nil {
		work := coercion{left: maxValues}
		out, err = work.value(s, &out, 0)
	}
	if err != nil {
		c.mistakes.Add(c.place(v.Position), "the default of %s: %v", what, err)
		return nil
	}
	return &out
}

// settle works out the defaults of all objects within a value. It reports false if
// one of them waits for this one: some servers would never end.
func (c *compiler) settle(v *ast.Value, s *shape) bool {
	for s.list != nil {
		s = s.list
	}
	if v.Kind == ast.ObjectValue && s.named.kind == object {
		if c.defaults[s.named] == begun {
			return false
		}
		c.defaultsOf(s.named)
	}
	for _, child := range v.Children {
		inner := s
		if m := find(s.named.members, child.Name); m != nil {
			inner = m.shape
		}
		if !c.settle(child.Value, inner) {
			return false
		}
	}
	return true
}

// arguments are those that a field declares, with their defaults.
func (c *compiler) arguments(of string, defs ast.ArgumentDefinitionList) []member {
	var out []member
	for _, a := range defs {
		m := member{name: a.Name, shape: c.s.shape(a.Type)}
		if a.DefaultValue != nil {
			m.fallback = c.fallback(a.DefaultValue, m.shape, of+"."+a.Name)
		}
		out = append(out, m)
	}
	return out
}
