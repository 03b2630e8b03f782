package resolver

import "github.com/tiergate/tiergate/resolver/alike"

// vain refuses captures that no request can bring, alone or together: the line
// would load and deny everything that it is for.
func (b *builder) vain() {
	var all []*expr
	for i := range b.line.targets {
		all = append(all, b.line.targets[i].exprs()...)
	}
	all = append(all, b.members...)
	for i, e := range all {
		if name := e.first(); name != "" && alike.Name(name, "_method") {
			b.mistake(e.at, "", "%s asks for another method to some servers, so each request with it is denied", e)
		}
		if e.kind == fromQuery || e.kind == fromForm {
			b.inPath(e)
		}
		for _, other := range all[:i] {
			if !e.goesWith(other) {
				b.mistake(e.at, "", "no request brings both %s and %s", other, e)
				break
			}
		}
	}
	for _, q := range b.line.query {
		if alike.Name(q.param.text, "_method") {
			b.mistake(q.param.at, "", "%s asks for another method to some servers, so each request with it is denied", q.param.text)
		}
		b.inPath(&expr{kind: fromQuery, at: q.param.at, name: q.param})
	}
}

// first is the parameter or the outermost member that an expression reads, or "".
func (e *expr) first() string {
	switch {
	case e.kind == fromQuery:
		return e.name.text
	case (e.kind == fromBody || e.kind == fromForm) && len(e.steps) > 0:
		return e.steps[0].member
	}
	return ""
}

// inPath refuses a parameter that has the name of a path capture, for servers read
// both as one.
func (b *builder) inPath(e *expr) {
	for _, c := range b.line.captures {
		if alike.Name(e.first(), c.text) {
			b.mistake(e.at, "give the capture of the path another name", "%s has the name of {%s}, so each request with it is denied", e, c.text)
		}
	}
}

// goesWith reports whether a request can bring what two expressions read.
func (e *expr) goesWith(other *expr) bool {
	switch {
	case e.kind == fromQuery && other.kind == fromForm, e.kind == fromForm && other.kind == fromQuery:
		return !twins(e.first(), other.first()) // servers with one map for both read either
	case e.kind != other.kind:
		return true
	case e.kind == fromQuery:
		return e.name.text == other.name.text && e.brackets == other.brackets || !twins(e.name.text, other.name.text)
	}
	for i := range min(len(e.steps), len(other.steps)) {
		a, b := e.steps[i], other.steps[i]
		switch {
		case a == b:
			continue
		case a.each != b.each: // a list and no list
			return e.kind == fromForm // one value is a list of one
		}
		return !twins(a.member, b.member)
	}
	return len(e.steps) == len(other.steps) || e.kind == fromForm || len(e.steps)*len(other.steps) == 0 // else a text and what is in it
}

// twins reports whether some server reads one name as the other.
func twins(a, b string) bool { return alike.Name(a, b) || alike.Name(b, a) }
