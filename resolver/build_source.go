package resolver

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// id compiles what gives the id of an object. All ids of a type have the same
// number of parts, and no part holds a slash, so that no two ids are one text.
func (b *builder) id(e *expr, typ *rules.Type) *source {
	if typ != nil {
		b.parts(e, typ)
	}
	if text := e.fixed(); text != "" && typ != nil && typ.ID != nil && !typ.ID.MatchString(text) {
		b.mistake(e.at, "", "%q is no id of %s, which are %s", text, typ.Name, idPattern(typ.ID))
	}
	if e.kind != fromParts {
		return b.source(e)
	}
	s := &source{kind: fromParts, optional: e.optional, text: e.String()}
	for _, part := range e.parts {
		from := b.source(part)
		if from.path != nil && from.path.several {
			b.mistake(part.at, "", "%s may hold slashes, a part of an id does not", part)
		}
		s.parts = append(s.parts, from)
	}
	return s
}

// parts compares the number of an id's parts with that of the type's first one.
func (b *builder) parts(e *expr, typ *rules.Type) {
	n := max(1, len(e.parts))
	first, known := b.idParts[typ.Name]
	if !known {
		b.idParts[typ.Name] = idParts{n, b.at(e.at)}
	} else if first.n != n {
		b.mistake(e.at, "", "an id of %s has %d parts at %v, and %d here", typ.Name, first.n, first.at, n)
	}
}

// idParts is of how many parts the ids of a type are, and where that is said first.
type idParts struct {
	n  int
	at rules.Pos
}

// source compiles an expression of one part.
func (b *builder) source(e *expr) *source {
	s := &source{kind: e.kind, name: e.name.text, steps: e.steps, split: e.split, each: e.each, brackets: e.brackets, optional: e.optional, text: e.String()}
	b.fits(e)
	switch e.kind {
	case fromFixed, fromParts:
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
		s.kind, s.path, s.name, s.steps = def.kind, def.path, def.name, def.steps
	case fromQuery:
		b.op.Query = append(b.op.Query, e.name.text)
		if e.each {
			b.op.lists = append(b.op.lists, e.name.text)
		}
	case fromBody, fromClaim: // any member and any claim may be named
	case fromForm:
		s.kind, s.form = fromBody, true
	case fromArgs, fromMessage:
		s.kind = fromBody // of a call, what it brings is the body
	case fromHeader:
		if why := unfitHeader(e.name.text); why != "" {
			b.mistake(e.name.at, "", "the header %s %s", e.name.text, why)
		}
		b.op.Headers = append(b.op.Headers, e.name.text)
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
	case read, overrides[name], removed[name], name == "cookie", name == "forwarded":
		return "cannot name an object"
	case strings.HasPrefix(name, "x-envoy-"), strings.HasPrefix(name, "x-forwarded-"), strings.HasPrefix(name, "x-tiergate-"):
		return "is the proxy's or ours, not the client's"
	}
	return ""
}
