package graphql

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/tiergate/tiergate/resolver/tree"
)

type value = tree.Value

// coercion makes values what the schema says they are, as a server does
// (GraphQL, October 2021, section 6.4.1). It is stricter where servers differ: a
// number for an Int or an ID is an integer as every reader writes it back. Values
// that were coerced stay as they are. Its errors name words of the schema only.
type coercion struct{ left int } // values that may still be looked at

var errValues = errors.New("too many values")

func (c *coercion) value(s *shape, v *value, depth int) (value, error) {
	if c.left--; c.left < 0 {
		return value{}, errValues
	}
	switch {
	case depth > tree.MaxDepth:
		return value{}, errors.New("values are nested too deep")
	case v.Kind == tree.Null:
		if s.required {
			return value{}, fmt.Errorf("null for %v", s)
		}
		return *v, nil
	case s.list != nil:
		return c.list(s, v, depth)
	case s.named.kind == object:
		if v.Kind != tree.Object {
			return value{}, fmt.Errorf("no object for %v", s)
		}
		if s.named.oneOf && (len(v.Items) != 1 || v.Items[0].Kind == tree.Null) {
			return value{}, fmt.Errorf("not exactly one member for %v", s)
		}
		return c.members(s.named.name, s.named.members, v, depth)
	}
	return leaf(s.named, v)
}

// list takes a single value as a list of one, on each level.
func (c *coercion) list(s *shape, v *value, depth int) (value, error) {
	items := v.Items
	if v.Kind != tree.Array {
		items = []value{*v}
	}
	out := value{Kind: tree.Array, Items: make([]value, len(items))}
	for i := range items {
		item, err := c.value(s.list, &items[i], depth+1)
		if err != nil {
			return value{}, err
		}
		out.Items[i] = item
	}
	return out, nil
}

// members are those of v in the schema's order, with what counts for the ones
// that are not given.
func (c *coercion) members(of string, ms []member, v *value, depth int) (value, error) {
	for _, name := range v.Names {
		if find(ms, name) == nil {
			return value{}, fmt.Errorf("a member that %s has not", of)
		}
	}
	out := value{Kind: tree.Object}
	for i := range ms {
		m := &ms[i]
		given, _ := v.Member(m.name)
		one, err := value{}, error(nil)
		switch {
		case given != nil:
			one, err = c.value(m.shape, given, depth+1)
		case m.fallback != nil:
			one = *m.fallback
		case m.shape.required:
			err = fmt.Errorf("nothing for %v", m.shape)
		default:
			continue
		}
		if err != nil {
			return value{}, fmt.Errorf("%s.%s: %w", of, m.name, err)
		}
		out.Names, out.Items = append(out.Names, m.name), append(out.Items, one)
	}
	return out, nil
}

func leaf(t *input, v *value) (value, error) {
	ok := false
	switch t.kind {
	case scalarOwn:
		ok = true
	case scalarInt:
		ok = v.Kind == tree.Number && plainInteger(v.Text)
	case scalarFloat:
		ok = v.Kind == tree.Number
	case scalarString:
		ok = v.Kind == tree.String
	case scalarBool:
		ok = v.Kind == tree.Bool
	case scalarID:
		ok = v.Kind == tree.String || v.Kind == tree.Number && plainInteger(v.Text)
		if ok {
			return value{Kind: tree.String, Text: v.Text}, nil
		}
	case enum:
		ok = v.Kind == tree.String && t.values[v.Text]
	case object: // not a leaf
	}
	if !ok {
		return value{}, fmt.Errorf("no %s", t.name)
	}
	return *v, nil
}

// maxInteger is the largest n for which every reader tells n from n+1 (RFC 8259
// section 6).
const maxInteger = 1<<53 - 1

func plainInteger(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	return err == nil && strconv.FormatInt(n, 10) == text && -maxInteger <= n && n <= maxInteger
}
