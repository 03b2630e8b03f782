package rpc

import "github.com/tiergate/tiergate/resolver/tree"

// fieldMask is the message by which a call says which fields it is about.
const fieldMask = "google.protobuf.FieldMask"

// Masks are the paths of every google.protobuf.FieldMask in a message that was read.
func (m *Method) Masks(message *tree.Value) []string { return m.input.masks(message, nil) }

func (m *message) masks(v *tree.Value, to []string) []string {
	for i, name := range v.Names {
		f := m.named(name)
		if f == nil { // what was read is declared
			continue
		}
		at := f.message
		if f.entry != nil {
			at = f.entry.fields[valueNumber].message
		}
		if at == nil {
			continue
		}
		values := v.Items[i : i+1]
		if f.list || f.entry != nil {
			values = v.Items[i].Items
		}
		for j := range values {
			if at.name == fieldMask {
				to = texts(&values[j], to)
			} else {
				to = at.masks(&values[j], to)
			}
		}
	}
	return to
}

func texts(v *tree.Value, to []string) []string {
	if v.Kind == tree.String {
		return append(to, v.Text)
	}
	for i := range v.Items {
		to = texts(&v.Items[i], to)
	}
	return to
}

// Has reports whether a path from the message of a call leads to a field, or into a
// map. Each may be left out.
func (m *Method) Has(path []string) bool {
	at := m.input
	for _, step := range path {
		if step == Each {
			continue
		}
		if at == nil {
			return false
		}
		f := at.named(step)
		if f == nil {
			return false
		}
		if f.entry != nil {
			return true
		}
		at = f.message
	}
	return true
}
