package resolver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// builder turns one parsed line into an operation and reports all that is
// wrong with it against the schema.
type builder struct {
	*compiler
	decl *rules.LineDecl
	line *line
	op   *Operation
	from map[string]*source // the template's captures by name
	uses map[string]bool
}

func (b *builder) mistake(at int, hint, format string, args ...any) {
	b.fault(b.decl, faultAt(at, hint, format, args...))
}

// Defaults and bounds of the option max.
const (
	defaultMax = 100
	highestMax = 1000
)

func (b *builder) options() {
	d, op := b.decl, b.op
	if op.Open {
		if strings.TrimSpace(op.Because) == "" || strings.TrimSpace(op.Owner) == "" {
			b.mistake(0, "write -> open: { because: …, owner: … }", "an open line needs because and owner")
		}
		b.without(d.Max.Pos, "an open line has no max")
		b.without(d.Purpose.Pos, "an open line has no purpose")
		return
	}
	b.without(d.Because.Pos, "only an open line has because: say it on the rule that allows")
	b.without(d.Owner.Pos, "only an open line has an owner: say it on the rule that allows")
	if !given(d.Max.Pos) {
		op.Max = defaultMax
	} else if op.Max < 1 || op.Max > highestMax {
		b.mistakes.Add(d.Max.Pos, "max is %d, want 1 to %d", op.Max, highestMax)
	}
	if given(d.Purpose.Pos) && strings.TrimSpace(op.Purpose) == "" {
		b.mistakes.Add(d.Purpose.Pos, "an empty purpose")
	}
}

// without refuses an option that means nothing on the line.
func (b *builder) without(at rules.Pos, text string) {
	if given(at) {
		b.mistakes.Add(at, "%s", text)
	}
}

// given reports whether a key was written.
func given(at rules.Pos) bool { return at != rules.Pos{} }

// captures notes where the template's captures come from.
func (b *builder) captures() {
	b.from, b.uses = map[string]*source{}, map[string]bool{}
	for i, s := range b.line.segments {
		if s.kind == literal {
			continue
		}
		b.define(s.word, &source{kind: fromNamed, index: i, rest: s.kind == rest, text: "{" + s.text + "}"})
		b.op.captured = append(b.op.captured, pathCapture{name: s.text, index: i, rest: s.kind == rest})
	}
	params := map[string]bool{}
	for _, q := range b.line.query {
		if params[q.param.text] {
			b.mistake(q.param.at, "", "the query parameter %q is captured twice", q.param.text)
		}
		params[q.param.text] = true
		b.define(q.name, &source{kind: fromQuery, name: q.param.text, text: "{" + q.name.text + "}"})
		b.op.query = append(b.op.query, q.param.text)
	}
}

func (b *builder) define(name word, s *source) {
	if b.from[name.text] != nil {
		b.mistake(name.at, "give it another name", "the capture {%s} is already defined", name.text)
		return
	}
	b.from[name.text] = s
}

// unused refuses captures that no target reads: the writer meant something by
// them, and no rule would see it. An open line has no target to use one.
func (b *builder) unused() {
	for _, s := range b.line.segments {
		if s.kind != literal && !b.uses[s.text] && !b.op.Open {
			b.mistake(s.at, "use it in a target", "nothing uses the capture {%s}", s.text)
		}
	}
	for _, q := range b.line.query {
		if !b.uses[q.name.text] {
			b.mistake(q.name.at, "use it in a target", "nothing uses the capture {%s}", q.name.text)
		}
	}
}

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
		out.id = b.source(t.id, typ)
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
	if e == nil || e.kind != fromFixed {
		return ""
	}
	return e.name.text
}

// exprs are all expressions of a target, its id first.
func (t *targetSpec) exprs() []*expr {
	var out []*expr
	for _, e := range []*expr{t.id, t.parent} {
		if e != nil {
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

// source compiles an expression. typ, if not nil, is the type whose id it gives.
func (b *builder) source(e *expr, typ *rules.Type) *source {
	s := &source{kind: e.kind, name: e.name.text, steps: e.steps, split: e.split, optional: e.optional, text: e.String()}
	switch e.kind {
	case fromFixed:
		if typ != nil && typ.ID != nil && !typ.ID.MatchString(e.name.text) {
			b.mistake(e.name.at, "", "%q is no id of %s, which are %s", e.name.text, typ.Name, typ.ID)
		}
	case fromNamed:
		def := b.from[e.name.text]
		b.uses[e.name.text] = true
		if def == nil {
			b.mistake(e.name.at, b.hintUndefined(e.name.text), "the capture {%s} is not defined", e.name.text)
			return s
		}
		if def.kind == fromNamed && e.optional {
			b.mistake(e.name.at, "", "a path capture is always present, it takes no ?")
		}
		s.kind, s.index, s.rest, s.name = def.kind, def.index, def.rest, def.name
	case fromQuery:
		b.op.query = append(b.op.query, e.name.text)
	case fromHeader:
		if why := unfitHeader(e.name.text); why != "" {
			b.mistake(e.name.at, "", "the header %s %s", e.name.text, why)
		}
	}
	return s
}

func (b *builder) hintUndefined(name string) string {
	if hint := rules.DidYouMean(name, slices.Sorted(maps.Keys(b.from))); hint != "" {
		return hint
	}
	return fmt.Sprintf("write {%s} in the path, or {query.%s}, {header.%s}, {body.%s}", name, name, name, name)
}

// unfitHeader says why a header cannot name an object, or returns "".
func unfitHeader(name string) string {
	switch _, read := readHeaders[name]; {
	case !validName(name) || dashed(name) != name:
		return "is not a plain header name"
	case read, overrides[name], name == "cookie", name == "forwarded", name == "x-original-url", name == "x-rewrite-url":
		return "cannot name an object"
	case strings.HasPrefix(name, "x-envoy-"), strings.HasPrefix(name, "x-forwarded-"), strings.HasPrefix(name, "x-tiergate-"):
		return "is the proxy's or ours, not the client's"
	}
	return ""
}

func (b *builder) bound(t *target, w *bound) {
	slot := t.typ.Slot(w.attr.text)
	if w.value.list() {
		b.mistake(w.value.at, "", "a bound has one value, %s may give several", w.value.String())
	}
	from := b.source(&w.value, nil)
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
	from := b.source(t.parent, p)
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
		pos := b.decl.Pos
		pos.Col = faultAt(e.at, "", "").column(b.decl.Line, pos.Col)
		for _, a := range actions {
			b.op.CallerDerived = append(b.op.CallerDerived, Derived{Pos: pos, Action: a, Type: t.typ.text, Expr: "caller.claims." + e.name.text})
		}
	}
}

// needsBody decides at load whether requests must come with their body: for a
// capture, or for the members that the first target writes.
func (b *builder) needsBody(t *targetSpec, typ *rules.Type, actions []string) {
	for _, e := range t.exprs() {
		if e.kind == fromBody {
			b.op.NeedsBody = true
		}
	}
	if len(b.op.targets) > 0 {
		return
	}
	for _, a := range actions {
		_, limited := typ.Writable[a]
		if (a == "create" || a == "update") && (limited || len(typ.Properties) > 0) {
			b.op.NeedsBody, b.op.named = true, true
		}
	}
}
