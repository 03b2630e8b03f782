package resolver

import (
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// brought reads what conditions may read of the body about a target, by slot of
// its type.
func (r *resolution) brought(t *target) ([]any, error) {
	if len(t.body) == 0 {
		return nil, nil
	}
	out := make([]any, len(t.typ.Body))
	for i := range t.body {
		m := &t.body[i]
		v, err := r.member(m)
		if err != nil {
			return nil, err
		}
		out[m.slot] = v
	}
	return out, nil
}

// member is the value of one member, nil where it is absent, null or an empty text.
func (r *resolution) member(m *memberSlot) (any, error) {
	v := r.body
	for _, s := range m.from.steps {
		if s.each {
			return r.listed(v, m)
		}
		next, err := r.into(v, &m.from, s.member)
		if err != nil || next == nil || next.Kind == tree.Null {
			return nil, err
		}
		v = next
	}
	if v.Kind == tree.String && v.Text == "" {
		return nil, nil
	}
	return r.typed(v, m)
}

// typed is a value in the kind that its member is declared with. Nothing is
// converted but what forms, and messages with numbers of 64 bits, have only as text.
func (r *resolution) typed(v *tree.Value, m *memberSlot) (any, error) {
	if v.Kind == tree.Null || v.Kind == tree.String && v.Text == "" {
		return nil, malformed(&m.from, "is null or empty in a list")
	}
	text, err := r.scalar(v, &m.from, rules.Bool)
	if err != nil {
		return nil, err
	}
	fits := false
	switch textual := m.from.form || r.op.rpc != nil; m.kind {
	case rules.String, rules.StringList:
		fits = v.Kind == tree.String
	case rules.Int, rules.IntList:
		fits = v.Kind == tree.Number || textual && v.Kind == tree.String
	case rules.Bool:
		fits = v.Kind == tree.Bool || m.from.form && v.Kind == tree.String
	case rules.NoKind:
	}
	out, ok := typed(m.kind, text)
	if !ok || !fits {
		return nil, malformed(&m.from, "is not of kind "+m.kind.String())
	}
	return out, nil
}

// listed is a list of texts or integers. An empty one is there, and empty.
func (r *resolution) listed(v *tree.Value, m *memberSlot) (any, error) {
	items := v.Items
	switch {
	case m.from.form && v.Kind == tree.String: // a list of one, as a form says it
		items = []tree.Value{*v}
	case v.Kind != tree.Array:
		return nil, malformed(&m.from, "is not a list")
	}
	texts, numbers := make([]string, 0, len(items)), []int64(nil)
	for i := range items {
		if err := noFile(&items[i], &m.from); err != nil {
			return nil, err
		}
		if items[i].Kind == tree.String && items[i].Text == "" && m.kind == rules.StringList {
			texts = append(texts, "")
			continue
		}
		one, err := r.typed(&items[i], m)
		if err != nil {
			return nil, err
		}
		switch one := one.(type) {
		case string:
			texts = append(texts, one)
		case int64:
			numbers = append(numbers, one)
		}
	}
	if m.kind == rules.IntList {
		return numbers, nil
	}
	return texts, nil
}
