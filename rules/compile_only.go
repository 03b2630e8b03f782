package rules

import (
	"slices"
	"strconv"
	"strings"
)

// only compiles `only`, a condition a member. They are what `when` would say with ==,
// in and startsWith(): the same is known of a collection, and absent is absent.
func (c *compiler) only(cl *clause, sc *scope) {
	d := &cl.decl.Only
	if d.Pos == (Pos{}) {
		return
	}
	if len(d.ID) == 0 && len(d.Prefix) == 0 && len(d.Parent) == 0 && len(d.Label) == 0 {
		c.ms.AddHint(d.Pos, "give id, id_prefix, parent or label, or leave only out", "only says nothing")
	}
	id := sc.builtin("object.id")
	if len(d.ID) > 0 {
		c.ids(cl, d)
		cl.conditions = append(cl.conditions, oneOf("only: id", *id, c.values("id", d.ID)))
	}
	if len(d.Prefix) > 0 {
		cl.conditions = append(cl.conditions, beginsWith("only: id_prefix", *id, c.values("id_prefix", d.Prefix)))
	}
	if len(d.Parent) > 0 {
		parent, _, problem, hint := sc.lookup([]string{"object", "parent", "id"})
		if problem != "" {
			c.ms.AddHint(d.Parent[0].Pos, hint, "%s", problem)
			return
		}
		cl.conditions = append(cl.conditions, oneOf("only: parent", *parent, c.values("parent", d.Parent)))
	}
	for _, e := range d.Label {
		c.label(cl, sc, e)
	}
}

// values reads a list of texts that are compared to the letter.
func (c *compiler) values(key string, list Strings) []string {
	instead := map[string]string{"id": "leave id out, or write id_prefix", "id_prefix": "it is a beginning already: leave the * out", "parent": "leave parent out"}[key]
	for _, at := range list {
		c.exact(key, at, instead)
	}
	return list.Values()
}

// ids refuses those that no object of the type can have: a denial of one would deny
// nothing.
func (c *compiler) ids(cl *clause, d *OnlyDecl) {
	if cl.typ == nil || cl.typ.ID == nil || len(cl.types) > 1 {
		return
	}
	for _, at := range d.ID {
		if at.V != "" && !cl.typ.ID.MatchString(at.V) {
			c.ms.AddHint(at.Pos, "it must match "+strconv.Quote(strings.TrimSuffix(strings.TrimPrefix(cl.typ.ID.String(), "^(?:"), ")$")),
				"no %s has the id %q", cl.typ.Name, at.V)
		}
	}
}

// label compiles the values that an attribute may have, or as a list may contain.
func (c *compiler) label(cl *clause, sc *scope, e Entry[Strings]) {
	ref := c.attribute("label", At[string]{e.Pos, e.Key}, sc)
	if ref == nil {
		return
	}
	says := "only: label " + e.Key
	if ref.kind == String || ref.kind == StringList {
		for _, at := range e.V {
			c.readable("label", at)
		}
		cl.conditions = append(cl.conditions, oneOf(says, *ref, e.V.Values()))
		return
	}
	values := make([]any, 0, len(e.V))
	for _, at := range e.V {
		v, ok := ref.kind.ParseScalar(at.V)
		if !ok {
			c.ms.Add(at.Pos, "attribute %q is %v, %q is not", e.Key, ref.kind, at.V)
			return
		}
		values = append(values, v)
	}
	if ref.kind == Bool && len(values) > 1 {
		c.ms.AddHint(e.Pos, "leave it out", "attribute %q is a bool: true and false are all that it can be", e.Key)
	}
	cl.conditions = append(cl.conditions, picks(says, *ref, values, func(v any) bool { return slices.Contains(values, v) }))
}

// oneOf makes the condition that a text, or one of a list of texts, is among some.
func oneOf(says string, r variableRef, values []string) condition {
	among := make(map[string]bool, len(values))
	for _, v := range values {
		among[v] = true
	}
	if r.kind == StringList {
		return picks(says, r, boxed(values), func(v any) bool { s, ok := v.(string); return ok && among[s] })
	}
	return ofText(says, r, values, func(s string) bool { return among[s] })
}

// beginsWith makes the condition that a text begins with one of some.
func beginsWith(says string, r variableRef, prefixes []string) condition {
	return ofText(says, r, prefixes, func(s string) bool {
		for _, p := range prefixes {
			if strings.HasPrefix(s, p) {
				return true
			}
		}
		return false
	})
}

func ofText(says string, r variableRef, values []string, holds func(string) bool) condition {
	return condition{says: says, reads: []variableRef{r}, literals: boxed(values), closure: true, narrows: true, test: func(f *facts) truth {
		s, got := r.text(f)
		if got != yes {
			return got
		}
		return truthOf(holds(s))
	}}
}

// picks makes the condition that a value holds, or one of a list.
func picks(says string, r variableRef, values []any, holds func(any) bool) condition {
	return condition{says: says, reads: []variableRef{r}, literals: values, closure: true, narrows: true, test: func(f *facts) truth {
		v, got := r.stored(f)
		if got != yes {
			return got
		}
		switch v := v.(type) {
		case []string:
			for _, item := range v {
				if holds(item) {
					return yes
				}
			}
			return no
		case []int64:
			for _, item := range v {
				if holds(item) {
					return yes
				}
			}
			return no
		}
		return truthOf(holds(v))
	}}
}

func boxed(values []string) []any {
	out := make([]any, len(values))
	for i, v := range values {
		out[i] = v
	}
	return out
}
