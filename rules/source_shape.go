package rules

import (
	"reflect"

	"github.com/tiergate/tiergate/rules/shape"
)

// Shape is what a rules file may hold.
func Shape() shape.Shape {
	b := shape.Builder{About: about}
	return b.Of(reflect.TypeFor[sections]())
}

// Read reports what is wrong with the form of a rules file by itself.
func Read(n *Node) Mistakes {
	d := Decoder{}
	d.Into(n, new(sections))
	return d.Mistakes
}

// Shape implements shape.Shaped.
func (At[T]) Shape(b *shape.Builder) shape.Shape { return b.Of(reflect.TypeFor[T]()) }

// Shape implements shape.Shaped.
func (Entries[T]) Shape(b *shape.Builder) shape.Shape {
	s := EntriesOrNone[T]{}.Shape(b)
	s.Some = true
	return s
}

// Shape implements shape.Shaped.
func (EntriesOrNone[T]) Shape(b *shape.Builder) shape.Shape {
	return shape.Free(b.Of(reflect.TypeFor[T]()))
}

// Shape implements shape.Shaped.
func (Strings) Shape(b *shape.Builder) shape.Shape {
	s := StringsOrNone{}.Shape(b)
	s.Some = true
	return s
}

// Shape implements shape.Shaped.
func (StringsOrNone) Shape(*shape.Builder) shape.Shape {
	return shape.Text().Or(shape.ListOf(shape.Text()))
}

// Shape implements shape.Shaped.
func (PropertyDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(b.Of(reflect.TypeFor[propertyParts]()))
}

// Shape implements shape.Shaped.
func (CategoryDecl) Shape(b *shape.Builder) shape.Shape { return StringsOrNone{}.Shape(b) }

// Shape implements shape.Shaped.
func (LimitDecls) Shape(b *shape.Builder) shape.Shape {
	one := b.Of(reflect.TypeFor[LimitDecl]())
	s := one.Or(shape.ListOf(one))
	s.Some = true
	return s
}

// Shape implements shape.Shaped.
func (LineDecl) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(shape.Free(b.Of(reflect.TypeFor[lineOptions]())))
}

// Shape implements shape.Shaped.
func (Demand) Shape(b *shape.Builder) shape.Shape {
	s := b.Of(reflect.TypeFor[bool]())
	s.Null = true
	return s
}

// Shape implements shape.Shaped.
func (KindDecl) Shape(*shape.Builder) shape.Shape {
	return shape.OneOf("string", "int", "bool").Or(shape.ListOf(shape.OneOf("string", "int")))
}

// Shape implements shape.Shaped.
func (Selector) Shape(b *shape.Builder) shape.Shape {
	return shape.Text().Or(b.Struct(reflect.TypeFor[Selector]()))
}

// Shape implements shape.Shaped.
func (Selectors) Shape(b *shape.Builder) shape.Shape {
	one := Selector{}.Shape(b)
	return one.Or(shape.ListOf(one))
}
