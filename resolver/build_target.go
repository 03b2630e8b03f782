package resolver

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// target compiles one target of the line against its type.
func (b *builder) target(t *targetSpec) {
	typ := b.typ(t.typ)
	if typ == nil {
		b.useAll(t)
		return
	}
	out := target{action: t.action.text, upsert: t.upsert, typ: typ}
	actions := []string{t.action.text}
	if t.upsert {
		out.action, actions = "update", []string{"create", "update"}
	}
	b.action(t, typ)
	b.shape(t)
	if t.id != nil {
		out.id = b.id(t.id, typ)
	}
	out.collection = t.id == nil && t.action.text != "create"
	for i := range t.bounds {
		b.bound(&out, &t.bounds[i])
	}
	if t.parent != nil {
		out.parentType, out.parent = b.parent(t, typ)
	}
	b.derived(t, actions)
	b.needsBody(t, typ, actions)
	b.bodyNames(t, typ, actions)
	for _, a := range actions {
		b.op.Touches = append(b.op.Touches, Touch{
			Action: a, Type: typ.Name, Collection: out.collection, New: t.id == nil && !out.collection, Upsert: t.upsert,
			Unbounded: out.collection && len(t.bounds) == 0 && t.parent == nil,
			Optional:  t.id != nil && t.id.optional, FixedID: t.id.fixed(), Bounds: t.fixes(),
		})
	}
	b.op.targets = append(b.op.targets, out)
}

// useAll counts the captures of a target whose type is unknown as used: one
// mistake is enough.
func (b *builder) useAll(t *targetSpec) {
	for _, e := range t.exprs() {
		b.uses[e.name.text] = true
	}
}

// fixes says what a target's request fixes besides an id.
func (t *targetSpec) fixes() []Bound {
	var out []Bound
	if t.parent != nil {
		out = append(out, Bound{"parent", t.parent.optional, t.parent.fixed()})
	}
	for i := range t.bounds {
		out = append(out, Bound{t.bounds[i].attr.text, t.bounds[i].value.optional, t.bounds[i].value.fixed()})
	}
	return out
}

// fixed is the word that stands in the line itself, "" for a capture.
func (e *expr) fixed() string {
	switch {
	case e == nil:
		return ""
	case e.kind == fromFixed:
		return e.name.text
	case e.kind != fromParts || slices.ContainsFunc(e.parts, func(p *expr) bool { return p.kind != fromFixed }):
		return ""
	}
	return e.String()
}

// exprs are all expressions of a target, its id first, those of several parts by their parts.
func (t *targetSpec) exprs() []*expr {
	var out []*expr
	for _, e := range []*expr{t.id, t.parent} {
		if e != nil && e.kind == fromParts {
			out = append(out, e.parts...)
		} else if e != nil {
			out = append(out, e)
		}
	}
	for i := range t.bounds {
		out = append(out, &t.bounds[i].value)
	}
	return out
}

func (b *builder) typ(w word) *rules.Type {
	if t := b.schema.Types[w.text]; t != nil {
		return t
	}
	b.mistake(w.at, rules.DidYouMean(w.text, slices.Sorted(maps.Keys(b.schema.Types))), "unknown object type %q", w.text)
	return nil
}

// usual are the actions whose weights are built in.
var usual = []string{"read", "list", "create", "update", "delete", "admin"}

// action refuses an action that nobody gave a meaning: most are slips, and the
// rest would count for nothing in a review.
func (b *builder) action(t *targetSpec, typ *rules.Type) {
	a := t.action.text
	known := slices.Concat(usual, slices.Sorted(maps.Keys(typ.Actions)), slices.Sorted(maps.Keys(b.schema.Weights)))
	if slices.Contains(known, a) {
		return
	}
	hint := rules.DidYouMean(a, known)
	if hint == "" {
		hint = fmt.Sprintf("give it a weight: weights: { %s: 4 }", a)
	}
	b.mistake(t.action.at, hint, "unknown action %q on %s", a, typ.Name)
}

// shape refuses targets that mean nothing.
func (b *builder) shape(t *targetSpec) {
	switch {
	case t.upsert && t.id == nil:
		b.mistake(t.typ.at, fmt.Sprintf("write %s/{id}", t.typ.text), "create|update needs the id that decides between them")
	case t.id != nil && len(t.bounds) > 0:
		b.mistake(t.bounds[0].attr.at, "", "bounds on an object with an id are not supported yet")
	case t.id != nil && t.parent != nil:
		b.mistake(t.parentType.at, "", "a parent of an object with an id is not supported yet")
	}
}

func (b *builder) bound(t *target, w *bound) {
	slot := t.typ.Slot(w.attr.text)
	if w.value.list() {
		b.mistake(w.value.at, "", "a bound has one value, %s may give several", w.value.String())
	}
	from := b.source(&w.value)
	if slot < 0 {
		b.mistake(w.attr.at, b.hintAttribute(t.typ, w.attr.text), "%s has no attribute %q", t.typ.Name, w.attr.text)
		return
	}
	kind := t.typ.Attributes[slot].Kind
	if kind == rules.StringList || kind == rules.IntList {
		b.mistake(w.attr.at, "", "the attribute %s is a list, it cannot bound", w.attr.text)
		return
	}
	for _, other := range t.bounds {
		if other.slot == slot {
			b.mistake(w.attr.at, "", "the attribute %s is bound twice", w.attr.text)
		}
	}
	if w.value.kind == fromFixed {
		if _, ok := typed(kind, w.value.name.text); !ok {
			b.mistake(w.value.name.at, "", "the attribute %s is %v, %q is not", w.attr.text, kind, w.value.name.text)
		}
	}
	t.bounds = append(t.bounds, boundSlot{slot: slot, attr: w.attr.text, kind: kind, from: *from})
}

func (b *builder) hintAttribute(t *rules.Type, name string) string {
	known := make([]string, len(t.Attributes))
	for i := range t.Attributes {
		known[i] = t.Attributes[i].Name
	}
	if hint := rules.DidYouMean(name, known); hint != "" || len(known) == 0 {
		return hint
	}
	return "it has " + strings.Join(known, ", ")
}

func (b *builder) parent(t *targetSpec, typ *rules.Type) (*rules.Type, *source) {
	if t.parent.list() {
		b.mistake(t.parent.at, "", "a parent has one id, %s may give several", t.parent.String())
	}
	p := b.typ(t.parentType)
	from := b.id(t.parent, p)
	switch {
	case p == nil:
		return nil, from
	case typ.Parent == "":
		b.mistake(t.parentType.at, "declare it with the type: parent: "+p.Name, "%s has no parent", typ.Name)
	case typ.Parent != p.Name:
		b.mistake(t.parentType.at, "write in "+typ.Parent+"/{…}", "the parent of %s is %s, not %s", typ.Name, typ.Parent, p.Name)
	}
	return p, from
}

// derived notes what the caller's token names.
func (b *builder) derived(t *targetSpec, actions []string) {
	for _, e := range t.exprs() {
		if e.kind != fromClaim {
			continue
		}
		pos := b.at(e.at)
		for _, a := range actions {
			b.op.CallerDerived = append(b.op.CallerDerived, Derived{Pos: pos, Action: a, Type: t.typ.text, Expr: "caller.claims." + e.name.text})
		}
	}
}

// bodyNames notes what the body is to say, and not the query: the members that
// captures read, and where the first target is created or updated whatever its
// type says of members and attributes. A name may come twice.
func (b *builder) bodyNames(t *targetSpec, typ *rules.Type, actions []string) {
	for _, e := range t.exprs() {
		b.bodyName(e)
	}
	if len(b.op.targets) > 0 {
		return
	}
	for _, a := range actions {
		if a != "create" && a != "update" {
			continue
		}
		for _, names := range []iter.Seq[string]{maps.Keys(typ.Writable[a]), maps.Keys(typ.Properties)} {
			for path := range names {
				if steps, ok := rules.PropertyPath(path); ok {
					b.op.members = append(b.op.members, steps[0])
				}
			}
		}
		for i := range typ.Attributes {
			b.op.members = append(b.op.members, typ.Attributes[i].Name)
		}
	}
}

// bodyName notes the outermost member that an expression reads, if it is of a body.
func (b *builder) bodyName(e *expr) {
	if e.reads() != 0 && len(e.steps) > 0 && !e.steps[0].each {
		b.op.members = append(b.op.members, e.steps[0].member)
	}
}

// needsBody decides at load whether requests must come with their body: for a
// capture, or for the members that the first target writes.
func (b *builder) needsBody(t *targetSpec, typ *rules.Type, actions []string) {
	for _, e := range t.exprs() {
		if e.reads() != 0 {
			b.op.NeedsBody = true
		}
	}
	if len(b.op.targets) > 0 {
		return
	}
	for _, a := range actions {
		_, limited := typ.Writable[a]
		if (a == "create" || a == "update") && (limited || len(typ.Properties) > 0) {
			b.op.NeedsBody, b.op.written = true, new(writing)
		}
	}
}
