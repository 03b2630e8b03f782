package resolver

import "github.com/tiergate/tiergate/rules"

// protocol fills in what a line of a protocol has instead of a method and a path.
func (b *builder) protocol() {
	op := b.op
	if op.call == nil {
		return
	}
	op.Protocol, op.Method, op.Template = op.Method, post, op.call.String()
	switch op.Protocol {
	case protoRPC:
		op.Template = "/" + op.Template
	default:
		op.NeedsBody = true
	}
	if op.Open && op.Protocol != protoRPC {
		b.mistake(0, "open a path of its own", "an endpoint's calls are read behind its caller, so none of them can be open")
	}
	if given(b.decl.Purpose.Pos) && op.Protocol != protoRPC {
		b.mistakes.Add(b.decl.Purpose.Pos, "purpose is not supported yet on %s lines: the caller is known before its calls are", op.Protocol)
	}
	if len(b.line.query) > 0 {
		b.mistake(b.line.query[0].param.at, "", "a %s line has no query", op.Protocol)
	}
}

// resource defines the capture in the URI of an MCP resource. Who reads the call
// puts its value among the arguments.
func (b *builder) resource() {
	if c := b.line.call; c != nil && c.within != nil {
		b.define(*c.within, &source{kind: fromBody, steps: []step{{member: c.within.text}}, text: "{" + c.within.text + "}"})
	}
}

// fits refuses a capture that requests of the line do not bring.
func (b *builder) fits(e *expr) {
	var fit bool
	switch e.kind {
	case fromBody, fromQuery, fromForm:
		fit = b.op.Protocol == ""
	case fromArgs:
		fit = b.op.Protocol == protoGraphQL || b.op.Protocol == protoMCP
	case fromMessage:
		fit = b.op.Protocol == protoRPC
		b.op.NeedsBody = b.op.NeedsBody || fit
	case fromFixed, fromNamed, fromHeader, fromClaim, fromParts:
		fit = true
	}
	if fit {
		if e.kind == fromArgs || e.kind == fromMessage {
			b.op.paths = append(b.op.paths, callPath{b.at(e.at), e.path(), e.String()})
		}
		return
	}
	switch b.op.Protocol {
	case "":
		b.mistake(e.at, "write {body.member}", "%s is of another protocol's lines", e)
	case protoRPC:
		b.mistake(e.at, "write {message.field}", "an RPC line has no %s", e)
	default:
		b.mistake(e.at, "write {args.name}", "a line of %s has no %s", b.op.Protocol, e)
	}
}

// callPath is where in a call a capture looks, for whoever knows what calls hold.
type callPath struct {
	at   rules.Pos
	path []string // members, and "[]" for each element of a list
	text string   // the capture, as its source has it
}

func (b *builder) at(column int) rules.Pos {
	pos := b.decl.Pos
	pos.Col = faultAt(column, "", "").column(b.decl.Line, pos.Col)
	return pos
}

func (e *expr) path() []string {
	out := make([]string, len(e.steps))
	for i, s := range e.steps {
		if out[i] = s.member; s.each {
			out[i] = "[]"
		}
	}
	return out
}
