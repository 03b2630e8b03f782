package resolver

import (
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

	members []*expr // of the body, that conditions read
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
	b.path()
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

// path reads what the line says of encoded slashes. Whether they arrive at all is
// the proxy's part, so the line says what it believes of it.
func (b *builder) path() {
	p := &b.decl.Path
	switch {
	case !given(p.Pos):
	case b.op.Protocol != "":
		b.mistakes.Add(p.Pos, "a line of %s has no path", b.op.Protocol)
	case !given(p.EncodedSlash.Pos):
		b.mistakes.AddHint(p.Pos, "write path: { encoded_slash: in_capture, proxy: KEEP_UNCHANGED }", "path says nothing of encoded slashes")
	case p.EncodedSlash.V != "in_capture":
		b.mistakes.AddHint(p.EncodedSlash.Pos, "in_capture, or leave it out: they are denied", "encoded_slash is %q", p.EncodedSlash.V)
	case p.Proxy.V != "KEEP_UNCHANGED":
		at := p.Proxy.Pos
		if !given(at) {
			at = p.Pos
		}
		b.mistakes.AddHint(at, "write proxy: KEEP_UNCHANGED once the proxy's path_with_escaped_slashes_action is that; any other one takes them away", "encoded_slash: in_capture relies on proxy: KEEP_UNCHANGED, found %q", p.Proxy.V)
	case !slices.ContainsFunc(b.line.captures, func(c pathCapture) bool { return !c.several }):
		b.mistakes.Add(p.EncodedSlash.Pos, "no capture of the line is one segment, in which an encoded slash could stand")
	default:
		b.op.EncodedSlash = true
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
	b.op.captures = b.line.captures
	for i := range b.op.captures {
		c := &b.op.captures[i]
		b.define(c.word, &source{kind: fromNamed, path: c, text: "{" + c.text + "}"})
	}
	b.resource()
	params := map[string]bool{}
	for _, q := range b.line.query {
		if params[q.param.text] {
			b.mistake(q.param.at, "", "the query parameter %q is captured twice", q.param.text)
		}
		params[q.param.text] = true
		b.define(q.name, &source{kind: fromQuery, name: q.param.text, text: "{" + q.name.text + "}"})
		b.op.Query = append(b.op.Query, q.param.text)
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
	for _, c := range b.line.captures {
		if !b.uses[c.text] && !b.op.Open {
			b.mistake(c.at, "use it in a target", "nothing uses the capture {%s}", c.text)
		}
	}
	if c := b.line.call; c != nil && c.within != nil && !b.uses[c.within.text] {
		b.mistake(c.within.at, "use it in a target", "nothing uses the capture {%s}", c.within.text)
	}
	for _, q := range b.line.query {
		if !b.uses[q.name.text] {
			b.mistake(q.name.at, "use it in a target", "nothing uses the capture {%s}", q.name.text)
		}
	}
}
