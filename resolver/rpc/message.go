package rpc

import (
	"encoding/base64"
	"errors"
	"fmt"
	"unicode/utf8"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tiergate/tiergate/resolver/tree"
)

type protoNumber = protowire.Number

// message is a compiled message type.
type message struct {
	name     string
	fields   map[protoNumber]*field
	required []*field
	maps     map[string]bool // names of fields that are maps
}

// field is a compiled field of a message.
type field struct {
	name     string
	number   protoNumber
	slot     protoNumber // what at most one value may come for: of a oneof, that of its first field
	kind     protoreflect.Kind
	list     bool
	presence bool             // a zero is not the same as nothing
	defaults bool             // absent, it is read as a value that the .proto file names
	message  *message         // of a message
	entry    *message         // of a map: its entries
	enum     map[int32]string // of an enum: its names
	first    string           // of an enum: the name that stands for nothing
}

// read reads a message that stands depth levels deep.
func (m *message) read(b []byte, v *tree.Value, depth int) error {
	if depth > tree.MaxDepth {
		return fmt.Errorf("messages nest deeper than %d levels", tree.MaxDepth)
	}
	v.Kind = tree.Object
	var seen slots
	for len(b) > 0 {
		f, wire, n, err := m.tag(b)
		if err != nil {
			return err
		}
		b = b[n:]
		at, again := seen.place(f.slot)
		if again && !f.list && f.entry == nil {
			return fmt.Errorf("%s: %s comes twice, or with another of its oneof", m.name, f.name)
		}
		var out *tree.Value // a list or a map that has begun
		if *at > 0 {
			out = &v.Items[*at-1]
		}
		got, n, err := f.value(b, wire, out, depth)
		if err != nil {
			return fmt.Errorf("%s: %s: %w", m.name, f.name, err)
		}
		if b = b[n:]; got != nil && out == nil {
			v.Names, v.Items = append(v.Names, f.name), append(v.Items, *got)
			*at = len(v.Items)
		}
	}
	for i := range v.Items {
		if m.maps[v.Names[i]] && repeated(v.Items[i].Names) {
			return fmt.Errorf("%s: the map %s has a key twice", m.name, v.Names[i])
		}
	}
	for _, f := range m.required {
		if !seen.has(f.slot) {
			return fmt.Errorf("%s: the required field %s is absent", m.name, f.name)
		}
	}
	return nil
}

// tag reads what precedes a value and finds its field. A field that is not
// declared is refused, for the upstream may know it.
func (m *message) tag(b []byte) (f *field, wire protowire.Type, n int, err error) {
	v, n, err := varint(b)
	if err != nil {
		return nil, 0, 0, fmt.Errorf("%s: %w", m.name, err)
	}
	wire = protowire.Type(v & 7)
	if number := v >> 3; number >= 1 && number <= uint64(protowire.MaxValidNumber) {
		f = m.fields[protoNumber(number)]
	}
	switch {
	case f == nil:
		return nil, 0, 0, fmt.Errorf("%s: the descriptors have no field %d", m.name, v>>3)
	case wire == protowire.StartGroupType || wire == protowire.EndGroupType || f.kind == protoreflect.GroupKind:
		return nil, 0, 0, fmt.Errorf("%s: %s is a group", m.name, f.name)
	}
	return f, wire, n, nil
}

var errWire = errors.New("is not encoded as its type is")

// value reads one occurrence of a field and says how many bytes it took. Of a
// list or map that has begun it extends so; else it returns the new value, nil
// where the occurrence is the same as none.
func (f *field) value(b []byte, wire protowire.Type, so *tree.Value, depth int) (*tree.Value, int, error) {
	switch {
	case f.entry != nil:
		return f.inMap(b, wire, so, depth)
	case f.list:
		return f.inList(b, wire, so, depth)
	}
	v := &tree.Value{}
	zero, n, err := f.one(b, wire, v, depth)
	if err != nil || zero && !f.presence {
		return nil, n, err
	}
	return v, n, nil
}

// inList appends an element, or all of a packed run: senders may choose.
func (f *field) inList(b []byte, wire protowire.Type, so *tree.Value, depth int) (*tree.Value, int, error) {
	if so == nil {
		so = &tree.Value{Kind: tree.Array}
	}
	if wire == wireOf(f.kind) {
		var v tree.Value
		_, n, err := f.one(b, wire, &v, depth)
		so.Items = append(so.Items, v)
		return so, n, err
	}
	run, n, err := block(b, wire)
	if err != nil {
		return nil, 0, err
	}
	if len(run) == 0 && len(so.Items) == 0 {
		return nil, n, nil
	}
	for len(run) > 0 {
		var v tree.Value
		_, size, err := f.one(run, wireOf(f.kind), &v, depth)
		if err != nil {
			return nil, 0, err
		}
		so.Items = append(so.Items, v)
		run = run[size:]
	}
	return so, n, nil
}

// one reads one value of the field's kind; zero reports that it is what an
// absent one is read as.
func (f *field) one(b []byte, wire protowire.Type, v *tree.Value, depth int) (zero bool, n int, err error) {
	if wire != wireOf(f.kind) {
		return false, 0, errWire
	}
	if wire != protowire.BytesType {
		return f.scalar(b, wire, v)
	}
	text, n, err := block(b, wire)
	if err != nil {
		return false, 0, err
	}
	switch f.kind {
	case protoreflect.StringKind:
		if !utf8.Valid(text) {
			return false, 0, errors.New("is not UTF-8")
		}
		*v = tree.Value{Kind: tree.String, Text: string(text)}
	case protoreflect.BytesKind:
		*v = tree.Value{Kind: tree.String, Text: base64.StdEncoding.EncodeToString(text)}
	default: // no other kind is of this wire type
		return false, n, f.message.read(text, v, depth+1)
	}
	return len(text) == 0, n, nil
}

// block reads bytes with their length in front.
func block(b []byte, wire protowire.Type) ([]byte, int, error) {
	if wire != protowire.BytesType {
		return nil, 0, errWire
	}
	size, n, err := varint(b)
	if err != nil {
		return nil, 0, err
	}
	if size > uint64(len(b)-n) { //nolint:gosec // n is at most len(b)
		return nil, 0, errCut
	}
	end := n + int(size) //nolint:gosec // no more than len(b)
	return b[n:end], end, nil
}

// slots notes which fields came: by looking through few, by a map among many.
// Its size follows the bytes that came, not the fields that could.
type slots struct {
	numbers []protoNumber
	at      []int // the place of the member, from 1; 0 while it has none
	index   map[protoNumber]int
}

// place returns where the member of a slot is noted, and whether the slot came before.
func (s *slots) place(n protoNumber) (at *int, again bool) {
	i := s.find(n)
	if again = i >= 0; !again {
		i = len(s.numbers)
		s.numbers, s.at = append(s.numbers, n), append(s.at, 0)
		if s.index != nil {
			s.index[n] = i
		}
	}
	return &s.at[i], again
}

func (s *slots) has(n protoNumber) bool { return s.find(n) >= 0 }

const fewSlots = 16

func (s *slots) find(n protoNumber) int {
	if s.index == nil && len(s.numbers) > fewSlots {
		s.index = make(map[protoNumber]int, 4*fewSlots)
		for i, m := range s.numbers {
			s.index[m] = i
		}
	}
	if s.index != nil {
		if i, ok := s.index[n]; ok {
			return i
		}
		return -1
	}
	for i, m := range s.numbers {
		if m == n {
			return i
		}
	}
	return -1
}
