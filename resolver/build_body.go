package resolver

import (
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// bodyKinds are the content types of the bodies that a line reads.
type bodyKinds uint8

const (
	plainJSON bodyKinds = 1 << iota
	mergePatch
	jsonPatch
	formBody // URL-encoded or multipart
)

// kindWords are what the option body calls them.
var kindWords = map[string]bodyKinds{"json": plainJSON, "merge-patch": mergePatch, "json-patch": jsonPatch, "form": formBody}

// body decides what bodies a line reads, and what in them is written.
func (b *builder) body() {
	d, op := b.decl, b.op
	if len(op.targets) < len(b.line.targets) || op.Open {
		b.withoutBody("an open line reads nothing of a request")
		return
	}
	written := b.kinds()
	captured := b.captured(written)
	if op.bodies = written; written == 0 {
		op.bodies = max(captured, plainJSON)
	}
	b.reads()
	b.written()
	b.asks()
	b.once()
	switch {
	case len(d.Body) == 0:
	case op.Protocol != "":
		b.mistakes.Add(d.Body[0].Pos, "the bodies of %s lines are of one kind", op.Protocol)
	case !op.NeedsBody && op.Method != fetch && op.Method != "ANY":
		b.mistakes.AddHint(d.Body[0].Pos, "leave it out", "nothing reads the body of the line's requests")
	case !op.NeedsBody:
		op.carries = true
	}
	if given(d.Integers.Pos) {
		if op.exact = true; d.Integers.V != "exact" {
			b.mistakes.AddHint(d.Integers.Pos, "write integers: exact", "integers is %q", d.Integers.V)
		} else if !op.NeedsBody || op.bodies == formBody || op.Protocol == protoRPC {
			b.mistakes.Add(d.Integers.Pos, "the line reads no JSON")
		}
	}
}

// once refuses a query parameter that one capture reads as a list and another as
// one value.
func (b *builder) once() {
	for _, name := range b.op.lists {
		times := func(names []string) (n int) {
			for _, other := range names {
				if other == name {
					n++
				}
			}
			return n
		}
		if times(b.op.Query) != times(b.op.lists) {
			b.mistake(0, "", "the query parameter %q is captured as a list, and as one value", name)
			return
		}
	}
}

// withoutBody refuses the options about bodies and properties.
func (b *builder) withoutBody(why string) {
	d := b.decl
	if len(d.Body) > 0 {
		b.without(d.Body[0].Pos, why)
	}
	for _, o := range []rules.At[string]{d.Reads, d.Writes, d.Fields, d.Select, d.Expand, d.Integers} {
		b.without(o.Pos, why)
	}
}

// kinds reads the option body.
func (b *builder) kinds() (all bodyKinds) {
	for _, w := range b.decl.Body {
		kind := kindWords[w.V]
		switch {
		case kind == 0:
			known := slices.Sorted(maps.Keys(kindWords))
			b.mistakes.AddHint(w.Pos, rules.DidYouMean(w.V, known), "unknown kind of body %q, want json, merge-patch, json-patch or form", w.V)
		case all&kind != 0:
			b.mistakes.Add(w.Pos, "%s is there twice", w.V)
		case kind == formBody && all != 0 || all&formBody != 0:
			b.mistakes.Add(w.Pos, "a line reads forms, or JSON of any kind")
		}
		all |= kind
	}
	return all
}

// captured is what kind of body the line's captures read, which must be a kind
// that the option body has, if it is there.
func (b *builder) captured(written bodyKinds) (all bodyKinds) {
	for i := range b.line.targets {
		for _, e := range b.line.targets[i].exprs() {
			kind := e.reads()
			switch {
			case kind == 0:
				continue
			case all != 0 && all != kind:
				b.mistake(e.at, "", "a line reads JSON or a form, %s is of the other one", e)
			case written&jsonPatch != 0:
				b.mistake(e.at, "name the object in the path", "a JSON patch holds no %s", e)
			case kind == formBody && written != 0 && written != formBody, kind == plainJSON && written&formBody != 0:
				b.mistake(e.at, "", "%s is of another kind of body than the line says", e)
			}
			all = kind
		}
	}
	return all
}

// reads is the kind of body that an expression is of, 0 for none.
func (e *expr) reads() bodyKinds {
	switch e.kind {
	case fromBody:
		return plainJSON
	case fromForm:
		return formBody
	default:
		return 0
	}
}

// place reads the value of an option that says where something is: a capture
// without its braces.
func (b *builder) place(at rules.At[string], option string) (*expr, bool) {
	s := &scanner{text: "{" + at.V + "}"}
	e, f := s.expr()
	switch {
	case f != nil:
		b.mistakes.AddHint(at.Pos, "write it as in a capture, without braces", "%s is %q: %s", option, at.V, f.text)
	case !s.end() || e.optional || e.split:
		b.mistakes.AddHint(at.Pos, "write it as in a capture, without braces", "%s is %q", option, at.V)
	default:
		e.at = 0
		return e, true
	}
	return nil, false
}

// String is what a line wants, for messages.
func (k bodyKinds) String() string {
	if k == formBody {
		return "application/x-www-form-urlencoded or multipart/form-data with a boundary"
	}
	var types []string
	for _, kind := range []bodyKinds{plainJSON, mergePatch, jsonPatch} {
		if k&kind != 0 {
			types = append(types, jsonTypes[kind])
		}
	}
	return strings.Join(types, " or ")
}
