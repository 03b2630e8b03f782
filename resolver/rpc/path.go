package rpc

import (
	"fmt"
	"maps"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
)

// Leaf is a field that a path leads to.
type Leaf struct {
	Kind     LeafKind
	Presence bool // a zero is not the same as nothing
	Default  bool // where it is absent, receivers read a value of the .proto file's choice
}

// LeafKind is what a leaf's value can be used for.
type LeafKind uint8

// Texts, integers and names of enums can be ids.
const (
	LeafOther LeafKind = iota
	LeafID
	LeafBool
)

// PathError says why a path leads nowhere. Known are the names that Name may be
// a slip of.
type PathError struct {
	Text, Name string
	Known      []string
}

func (e *PathError) Error() string { return e.Text }

// Each is the step of a path into every element of a repeated field.
const Each = "[]"

// Leaf follows a path from the message of a call: names of fields, and Each
// behind those that are repeated. Its error is a *PathError.
func (m *Method) Leaf(path []string) (Leaf, error) {
	at := m.input
	for i := 0; i < len(path); i++ {
		f := at.named(path[i])
		switch {
		case path[i] == Each:
			return Leaf{}, &PathError{Text: fmt.Sprintf("%s is not repeated", at.name)}
		case f == nil:
			return Leaf{}, &PathError{Text: fmt.Sprintf("%s has no field %q", at.name, path[i]), Name: path[i], Known: at.names()}
		case f.entry != nil:
			return Leaf{}, &PathError{Text: fmt.Sprintf("the field %s is a map, of which no entry can be captured", f.name)}
		case f.kind == protoreflect.GroupKind:
			return Leaf{}, &PathError{Text: fmt.Sprintf("the field %s is encoded as a group, which is not read", f.name)}
		}
		each := i+1 < len(path) && path[i+1] == Each
		if each != f.list {
			return Leaf{}, repeatedOrNot(f)
		}
		if each {
			i++
		}
		switch last := i+1 == len(path); {
		case last && f.message != nil:
			return Leaf{}, &PathError{Text: fmt.Sprintf("the field %s is a message, name one of its fields: %v", f.name, f.message.names())}
		case last:
			return f.leaf(), nil
		case f.message == nil:
			return Leaf{}, &PathError{Text: fmt.Sprintf("the field %s is no message, nothing is in it", f.name)}
		}
		at = f.message
	}
	return Leaf{}, &PathError{Text: "an empty path"}
}

func repeatedOrNot(f *field) error {
	if f.list {
		return &PathError{Text: fmt.Sprintf("the field %s is repeated, write %s%s", f.name, f.name, Each)}
	}
	return &PathError{Text: fmt.Sprintf("the field %s is not repeated, write it without %s", f.name, Each)}
}

func (f *field) leaf() Leaf {
	l := Leaf{Presence: f.presence, Default: f.defaults}
	switch f.kind {
	case protoreflect.BoolKind:
		l.Kind = LeafBool
	case protoreflect.BytesKind, protoreflect.FloatKind, protoreflect.DoubleKind, protoreflect.MessageKind, protoreflect.GroupKind:
	case protoreflect.StringKind, protoreflect.EnumKind, protoreflect.Int32Kind, protoreflect.Sint32Kind, protoreflect.Uint32Kind,
		protoreflect.Int64Kind, protoreflect.Sint64Kind, protoreflect.Uint64Kind, protoreflect.Sfixed32Kind, protoreflect.Fixed32Kind,
		protoreflect.Sfixed64Kind, protoreflect.Fixed64Kind:
		l.Kind = LeafID
	}
	return l
}

func (m *message) named(name string) *field {
	for _, f := range m.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

// names are those of the fields, in the order of their numbers.
func (m *message) names() []string {
	var out []string
	for _, n := range slices.Sorted(maps.Keys(m.fields)) {
		out = append(out, m.fields[n].name)
	}
	return out
}
