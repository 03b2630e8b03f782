package rpc

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/tiergate/tiergate/resolver/tree"
)

// A map is a list of entries, messages with a key and a value (Protocol Buffers
// Language Guide, "Maps: Backwards Compatibility").
const (
	keyNumber   protoNumber = 1
	valueNumber protoNumber = 2
)

// inMap adds an entry. Whether its key came before is asked once the message is read.
func (f *field) inMap(b []byte, wire protowire.Type, so *tree.Value, depth int) (*tree.Value, int, error) {
	text, n, err := block(b, wire)
	if err != nil {
		return nil, 0, err
	}
	var entry tree.Value
	if err := f.entry.read(text, &entry, depth); err != nil {
		return nil, 0, err
	}
	key, err := f.entry.fields[keyNumber].of(&entry, depth)
	if err != nil {
		return nil, 0, err
	}
	value, err := f.entry.fields[valueNumber].of(&entry, depth)
	if err != nil {
		return nil, 0, err
	}
	if so == nil {
		so = &tree.Value{Kind: tree.Object}
	}
	so.Names, so.Items = append(so.Names, key.Text), append(so.Items, value)
	return so, n, nil
}

// of is the part of an entry, which is the zero of its kind where it is absent.
func (f *field) of(entry *tree.Value, depth int) (tree.Value, error) {
	for i, name := range entry.Names {
		if name == f.name {
			return entry.Items[i], nil
		}
	}
	v := tree.Value{Kind: kindOf(f.kind)}
	switch f.kind {
	case protoreflect.StringKind, protoreflect.BytesKind:
	case protoreflect.BoolKind:
		v.Text = "false"
	case protoreflect.EnumKind:
		v.Text = f.first
	case protoreflect.MessageKind:
		return v, f.message.read(nil, &v, depth+1)
	default: // a number
		v.Text = "0"
	}
	return v, nil
}

// repeated reports whether a map has a key twice: the last one would win.
func repeated(keys []string) bool {
	if len(keys) < 2 {
		return false
	}
	seen := make(map[string]struct{}, len(keys))
	for _, k := range keys {
		seen[k] = struct{}{}
	}
	return len(seen) < len(keys)
}
