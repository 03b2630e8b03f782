package shape

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Dialect is the version of JSON Schema that is written.
const Dialect = "https://json-schema.org/draft/2020-12/schema"

// JSONSchema is a shape as a JSON Schema. Known keys come in the order of their
// declaration, and no other key is valid. It demands no key: what must be there
// depends on the rest, and the loader says it better.
func (s Shape) JSONSchema(id, title string) []byte {
	w := schemaWriter{names: make(map[*Mapping]string)}
	root := object{{"$schema", Dialect}, {"$id", id}, {"title", title}}
	root = append(root, w.shape(s)...)
	defs := object{}
	for i := 0; i < len(w.queue); i++ { // grows while structs are met
		m := w.queue[i]
		defs = append(defs, member{w.names[m], w.mapping(m)})
	}
	if len(defs) > 0 {
		root = append(root, member{"$defs", defs})
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	_ = e.Encode(root) // of strings, lists and objects: it cannot fail
	return out.Bytes()
}

// object is a JSON object that keeps its order.
type object []member

type member struct {
	name  string
	value any
}

// MarshalJSON implements json.Marshaler.
func (o object) MarshalJSON() ([]byte, error) {
	out := []byte{'{'}
	for i, m := range o {
		if i > 0 {
			out = append(out, ',')
		}
		name, err := json.Marshal(m.name)
		if err != nil {
			return nil, err
		}
		var value bytes.Buffer
		e := json.NewEncoder(&value)
		e.SetEscapeHTML(false)
		if err := e.Encode(m.value); err != nil {
			return nil, err
		}
		out = append(append(append(out, name...), ':'), bytes.TrimSpace(value.Bytes())...)
	}
	return append(out, '}'), nil
}

// schemaWriter gives each struct one definition, to which all places refer.
type schemaWriter struct {
	names map[*Mapping]string
	queue []*Mapping
}

func (w *schemaWriter) shape(s Shape) object {
	if s.Any {
		return object{}
	}
	var forms []object
	if c := s.Scalar; c != nil {
		forms = append(forms, c.schema())
	}
	if s.List != nil {
		form := object{{"type", "array"}, {"items", w.shape(*s.List)}}
		if s.Some {
			form = append(form, member{"minItems", 1})
		}
		forms = append(forms, form)
	}
	switch m := s.Mapping; {
	case m == nil:
	case m.Values != nil:
		form := w.mapping(m)
		if s.Some {
			form = append(form, member{"minProperties", 1})
		}
		forms = append(forms, form)
	default:
		forms = append(forms, object{{"$ref", "#/$defs/" + w.name(m)}})
	}
	if s.Null {
		forms = append(forms, object{{"type", "null"}})
	}
	if len(forms) == 1 {
		return forms[0]
	}
	return object{{"anyOf", forms}}
}

func (c *Scalar) schema() (out object) {
	if len(c.OneOf) > 0 {
		return object{{"enum", c.OneOf}}
	}
	out = object{{"type", c.Types}}
	if len(c.Types) == 1 {
		out = object{{"type", c.Types[0]}}
	}
	if c.Pattern != "" {
		out = append(out, member{"pattern", c.Pattern})
	}
	return out
}

func (w *schemaWriter) mapping(m *Mapping) object {
	if m.Values != nil {
		return object{{"type", "object"}, {"additionalProperties", w.shape(*m.Values)}}
	}
	keys := object{}
	for _, k := range m.Keys {
		s := w.shape(k.Shape)
		if k.About != "" {
			s = append(object{{"description", k.About}}, s...)
		}
		keys = append(keys, member{k.Name, s})
	}
	return object{{"type", "object"}, {"properties", keys}, {"additionalProperties", false}}
}

// name is the definition's name: the Go type's without what tells types of one
// package apart, with a number where two structs share it.
func (w *schemaWriter) name(m *Mapping) string {
	if n := w.names[m]; n != "" {
		return n
	}
	base := strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(m.Name, "Decl"), "Config"))
	if base == "" {
		base = "part"
	}
	taken := make(map[string]bool)
	for _, n := range w.names {
		taken[n] = true
	}
	name := base
	for i := 2; taken[name]; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	w.names[m] = name
	w.queue = append(w.queue, m)
	return name
}
