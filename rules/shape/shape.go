// Package shape tells, of a Go type that a file is decoded into, what may stand
// in the file: for an editor as a JSON Schema, for a formatter as the order of keys.
// It asks the declarations themselves, so that it never knows less than they do.
package shape

import (
	"reflect"
	"slices"
	"time"
)

// Shape is what may stand in one place: for each kind of YAML node at most one
// form, and nothing at all where there is none.
type Shape struct {
	Any     bool // whatever
	Scalar  *Scalar
	List    *Shape // of its elements
	Mapping *Mapping
	Some    bool // a list or a mapping has at least one entry
	Null    bool // the key may stand alone
}

// Scalar is a value that is written as one word.
type Scalar struct {
	Types   []string // as JSON Schema calls what YAML makes of it
	Pattern string   // of one that YAML takes for a string; empty for any
	OneOf   []string // all that it may be; empty for any
}

// Mapping is a mapping with known keys, or one whose keys are free.
type Mapping struct {
	Name   string // of the Go type; empty for free keys
	Keys   []Key  // in the order of their declaration
	Values *Shape // of free keys
}

// Key is one known key.
type Key struct {
	Name  string
	About string
	Shape Shape
}

// Shaped is a type that reads itself from a node and says what it reads.
type Shaped interface {
	// Shape is asked of the zero value.
	Shape(b *Builder) Shape
}

// Builder makes shapes of Go types. It meets each struct once, so types may
// contain themselves.
type Builder struct {
	// About says what a key of a struct is for, and which words it may be.
	// It may be nil.
	About func(t reflect.Type, key string) (text string, oneOf []string)

	// Opaque are the types met that read themselves and do not say what.
	Opaque []reflect.Type

	met map[reflect.Type]*Mapping
}

// Text is any word, number or truth value: all are taken as they are written.
func Text() Shape { return Shape{Scalar: &Scalar{Types: []string{"string", "number", "boolean"}}} }

// OneOf is one of some words.
func OneOf(words ...string) Shape {
	return Shape{Scalar: &Scalar{Types: []string{"string"}, OneOf: words}}
}

// Free is a mapping from free keys to values of one shape.
func Free(values Shape) Shape { return Shape{Mapping: &Mapping{Values: &values}} }

// ListOf is a list of elements of one shape.
func ListOf(elements Shape) Shape { return Shape{List: &elements} }

// Or is what either shape admits. Where both have a form for one kind of node,
// that of s counts.
func (s Shape) Or(other Shape) Shape {
	s.Any = s.Any || other.Any
	if s.Scalar == nil {
		s.Scalar = other.Scalar
	}
	if s.List == nil {
		s.List = other.List
	}
	if s.Mapping == nil {
		s.Mapping = other.Mapping
	}
	s.Null = s.Null || other.Null
	return s
}

// decodes is the method of types that read themselves.
const decodes = "DecodeNode"

// Of is the shape of a type.
func (b *Builder) Of(t reflect.Type) Shape {
	if s, ok := reflect.New(t).Interface().(Shaped); ok {
		return s.Shape(b)
	}
	if _, ok := reflect.PointerTo(t).MethodByName(decodes); ok {
		if !slices.Contains(b.Opaque, t) {
			b.Opaque = append(b.Opaque, t)
		}
		return Shape{Any: true}
	}
	switch t {
	case reflect.TypeFor[time.Time]():
		return Shape{Scalar: &Scalar{Types: []string{"string"}, Pattern: `^\d{4}-\d{2}-\d{2}(T.+)?$`}}
	case reflect.TypeFor[time.Duration]():
		return Shape{Scalar: &Scalar{Types: []string{"string", "integer"}, Pattern: `^[-+]?([0-9.]+(ns|us|µs|ms|s|m|h|d))+$|^0$`}}
	}
	switch t.Kind() {
	case reflect.Pointer:
		return b.Of(t.Elem())
	case reflect.Struct:
		return Shape{Mapping: b.mapping(t)}
	case reflect.Slice:
		return ListOf(b.Of(t.Elem()))
	case reflect.Map:
		return Free(b.Of(t.Elem()))
	case reflect.Bool:
		return Shape{Scalar: &Scalar{Types: []string{"boolean"}}}
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return Shape{Scalar: &Scalar{Types: []string{"integer", "string"}, Pattern: `^[-+]?[0-9]+$`}}
	case reflect.String:
		return Text()
	default:
		return Shape{Any: true} // an interface takes whatever is there
	}
}

func (b *Builder) mapping(t reflect.Type) *Mapping {
	if m := b.met[t]; m != nil {
		return m
	}
	if b.met == nil {
		b.met = make(map[reflect.Type]*Mapping)
	}
	m := &Mapping{Name: t.Name()}
	b.met[t] = m
	for f := range t.Fields() {
		name := f.Tag.Get("yaml")
		if name == "" {
			continue
		}
		k := Key{Name: name, Shape: b.Of(f.Type)}
		if b.About != nil {
			var words []string
			if k.About, words = b.About(t, name); len(words) > 0 && k.Shape.Scalar != nil {
				k.Shape.Scalar = &Scalar{Types: k.Shape.Scalar.Types, OneOf: words}
			}
		}
		m.Keys = append(m.Keys, k)
	}
	return m
}

// Struct is the mapping that a struct's keys are, for one that reads itself and
// takes such a mapping besides other forms.
func (b *Builder) Struct(t reflect.Type) Shape { return Shape{Mapping: b.mapping(t)} }

// Part is the mapping that some of a struct's keys are.
func (b *Builder) Part(t reflect.Type, keys ...string) Shape {
	m := &Mapping{Name: t.Name()}
	for _, k := range b.mapping(t).Keys {
		if slices.Contains(keys, k.Name) {
			m.Keys = append(m.Keys, k)
		}
	}
	return Shape{Mapping: m}
}
