package resolver

import (
	"slices"
	"strings"
)

// line is a map line as written: an operation and what it does to which
// objects. Words carry their place in the line, in bytes from its start.
type line struct {
	method   word // or RPC, GRAPHQL, MCP
	call     *callSpec
	path     string // the template as written, without query captures
	segments []segment
	captures []pathCapture
	query    []queryCapture
	open     bool
	targets  []targetSpec
}

type word struct {
	text string
	at   int
}

// queryCapture is one ?param={name} of a template.
type queryCapture struct{ param, name word }

// targetSpec is one `action target`. Without an id it is a new object where the
// action is create, and a collection otherwise.
type targetSpec struct {
	action     word // of an upsert, create
	upsert     bool
	typ        word
	id         *expr
	bounds     []bound
	parentType word
	parent     *expr
}

// bound is one attr=value that limits a collection or describes a new object.
type bound struct {
	attr  word
	value expr
}

// expr is where a value comes from: a capture in braces or a fixed word.
type expr struct {
	kind     exprKind
	at       int    // of its first character, in bytes from the line's start
	name     word   // of the capture, parameter, header or claim; or the fixed word
	steps    []step // into the body
	split    bool   // [,]: a list separated by commas
	each     bool   // [] behind a query parameter: it may come more than once
	brackets bool   // [] once more: it is sent with [] behind its name
	optional bool   // ?: only if the member is present
	parts    []*expr
}

type exprKind uint8

const (
	fromFixed   exprKind = iota
	fromNamed            // {id}: a capture of the template
	fromQuery            // {query.x}
	fromHeader           // {header.x}
	fromBody             // {body.a.b}
	fromClaim            // {caller.claims.x}
	fromArgs             // {args.a.b}: of a GraphQL field or an MCP call
	fromMessage          // {message.a.b}: of a gRPC call
	fromForm             // {form.a.b}
	fromParts            // {owner}/{repo}: an id of several parts
)

// step goes into the body by one level: to a member, or to each element.
type step struct {
	member string
	each   bool
}

// list reports whether the expression may give more than one value.
func (e *expr) list() bool {
	for _, s := range e.steps {
		if s.each {
			return true
		}
	}
	return e.split || e.each || slices.ContainsFunc(e.parts, (*expr).list)
}

func (l *line) String() string {
	var b strings.Builder
	if l.call != nil {
		b.WriteString(l.method.text + " " + l.call.String())
	} else {
		b.WriteString(l.method.text + " " + l.path)
	}
	sep := "?"
	for _, q := range l.query {
		b.WriteString(sep + q.param.text + "={" + q.name.text + "}")
		sep = "&"
	}
	b.WriteString(" -> ")
	if l.open {
		b.WriteString("open")
	}
	for i := range l.targets {
		if i > 0 {
			b.WriteString(", ")
		}
		l.targets[i].write(&b)
	}
	return b.String()
}

func (t *targetSpec) write(b *strings.Builder) {
	b.WriteString(t.action.text)
	if t.upsert {
		b.WriteString("|update")
	}
	b.WriteString(" " + t.typ.text)
	if t.id != nil {
		b.WriteString("/" + t.id.String())
	}
	sep := "["
	for i := range t.bounds {
		b.WriteString(sep + t.bounds[i].attr.text + "=" + t.bounds[i].value.String())
		sep = ","
	}
	if len(t.bounds) > 0 {
		b.WriteString("]")
	}
	if t.parent != nil {
		b.WriteString(" in " + t.parentType.text + "/" + t.parent.String())
	}
}

func (e *expr) String() string {
	var b strings.Builder
	switch e.kind {
	case fromFixed:
		return e.name.text
	case fromParts:
		for i, part := range e.parts {
			b.WriteString("/"[:min(i, 1)] + part.String())
		}
		return b.String()
	default:
	}
	b.WriteString("{" + [...]string{fromNamed: "", fromQuery: "query.", fromHeader: "header.", fromBody: "body", fromClaim: "caller.claims.", fromArgs: "args", fromMessage: "message", fromForm: "form"}[e.kind])
	b.WriteString(e.name.text)
	for _, s := range e.steps {
		if s.each {
			b.WriteString("[]")
		} else {
			b.WriteString("." + s.member)
		}
	}
	if e.each {
		b.WriteString("[]")
	}
	if e.brackets {
		b.WriteString("[]")
	}
	if e.split {
		b.WriteString("[,]")
	}
	if e.optional {
		b.WriteString("?")
	}
	b.WriteString("}")
	return b.String()
}
