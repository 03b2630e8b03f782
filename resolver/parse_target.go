package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
)

// targets reads `open`, or one or more targets separated by commas.
func (s *scanner) targets(l *line) *fault {
	for {
		s.spaces()
		t, f := s.target()
		if f != nil {
			return f
		}
		if t.action.text == "open" && t.typ.text == "" && len(l.targets) == 0 {
			l.open = true
			break
		}
		if t.typ.text == "" {
			return faultAt(s.at, lineForm, "want the type that %q is about, found %s", t.action.text, s.next())
		}
		l.targets = append(l.targets, *t)
		if s.spaces(); !s.take(",") {
			break
		}
	}
	if s.spaces(); !s.end() {
		return faultAt(s.at, "", "want a comma or the end of the line, found %s", s.next())
	}
	return nil
}

// target reads `action type/{id}`, `action type[attr=value] in parent/{id}`.
// Without a type it returns after the action.
func (s *scanner) target() (*targetSpec, *fault) {
	t := &targetSpec{action: s.while(isWord)}
	if t.action.text == "" {
		return nil, faultAt(s.at, lineForm, "want an action, found %s", s.next())
	}
	if s.take("|") {
		second := s.while(isWord)
		if t.action.text != "create" || second.text != "update" {
			return nil, faultAt(t.action.at, "only create|update is decided by existence", "%s|%s is no action", t.action.text, second.text)
		}
		t.upsert = true
	}
	s.spaces()
	if t.typ = s.while(isWord); t.typ.text == "" {
		return t, nil
	}
	var f *fault
	if s.take("/") {
		if t.id, f = s.id(t.typ.text); f != nil {
			return nil, f
		}
	}
	if s.take("[") {
		if t.bounds, f = s.bounds(); f != nil {
			return nil, f
		}
	}
	return t, s.parent(t)
}

// maxParts bounds those of one id.
const maxParts = 8

// id reads what stands behind `type/`: a capture or a fixed word, or several of them.
func (s *scanner) id(typ string) (*expr, *fault) {
	whole := &expr{kind: fromParts, at: s.at}
	for {
		part, f := s.expr()
		if f != nil {
			return nil, f
		}
		if !s.end() && s.text[s.at] == '{' {
			return nil, faultAt(s.at, "write "+typ+"/{a}/{b}", "a slash stands between the parts of an id")
		}
		whole.parts = append(whole.parts, part)
		whole.optional = whole.optional || part.optional
		if !s.take("/") {
			break
		}
	}
	switch n := len(whole.parts); {
	case n == 1:
		return whole.parts[0], nil
	case n > maxParts:
		return nil, faultAt(whole.parts[maxParts].at, "", "more than %d parts in one id", maxParts)
	case whole.list():
		return nil, faultAt(whole.at, "", "a part of an id has one value, one of %s may give several", whole)
	}
	return whole, nil
}

func (s *scanner) bounds() ([]bound, *fault) {
	var out []bound
	for {
		s.spaces()
		b := bound{attr: s.while(isWord)}
		if b.attr.text == "" {
			return nil, faultAt(s.at, "write [attribute={capture}]", "want an attribute, found %s", s.next())
		}
		if !s.take("=") {
			return nil, faultAt(s.at, "write ["+b.attr.text+"={capture}]", "want =, found %s", s.next())
		}
		e, f := s.expr()
		if f != nil {
			return nil, f
		}
		b.value = *e
		out = append(out, b)
		if s.spaces(); s.take("]") {
			return out, nil
		}
		if !s.take(",") {
			return nil, faultAt(s.at, "", "want ] or a comma, found %s", s.next())
		}
	}
}

// parent reads ` in type/{id}`, if it comes next.
func (s *scanner) parent(t *targetSpec) *fault {
	here := s.at
	s.spaces()
	if s.at == here || !s.take("in ") && !s.take("in\t") {
		s.at = here
		return nil
	}
	s.spaces()
	t.parentType = s.while(isWord)
	if t.parentType.text == "" || !s.take("/") {
		return faultAt(s.at, "write in type/{id}", "want the parent of a new object or a collection, found %s", s.next())
	}
	var f *fault
	t.parent, f = s.id(t.parentType.text)
	return f
}

// expr reads a capture in braces or a fixed word.
func (s *scanner) expr() (*expr, *fault) {
	e := &expr{at: s.at}
	if !s.take("{") {
		e.name = s.while(isFixed)
		if e.name.text == "" {
			return nil, faultAt(s.at, "write {name}", "want a capture, found %s", s.next())
		}
		return e, nil
	}
	if f := s.source(e); f != nil {
		return nil, f
	}
	if s.take("[,]") {
		if e.kind != fromQuery || e.each {
			return nil, faultAt(s.at-3, "write {query.name[,]}", "only a query parameter that comes once is a list separated by commas")
		}
		e.split = true
	}
	if s.take("?") {
		if e.kind == fromClaim {
			return nil, faultAt(s.at-1, "", "a claim of the caller cannot be optional")
		}
		e.optional = true
	}
	return e, s.brace()
}

// roots are what a capture with steps goes down from.
var roots = map[string]exprKind{"body": fromBody, "args": fromArgs, "message": fromMessage, "form": fromForm}

// source reads where a capture's value comes from.
func (s *scanner) source(e *expr) *fault {
	switch {
	case s.take("query."):
		return s.named(e, fromQuery, isParam)
	case s.take("header."):
		return s.named(e, fromHeader, isParam)
	case s.take("caller.claims."):
		return s.named(e, fromClaim, isClaim)
	case s.take("caller."):
		return faultAt(e.at+1, "write {caller.claims.name}", "caller-derived targets other than claims are not supported yet")
	}
	for word, kind := range roots {
		if strings.HasPrefix(s.rest(), word+".") || strings.HasPrefix(s.rest(), word+"[") {
			s.at += len(word)
			e.kind = kind
			return s.steps(e)
		}
	}
	e.kind = fromNamed
	var f *fault
	e.name, f = s.name()
	return f
}

func (s *scanner) named(e *expr, kind exprKind, fits func(byte) bool) *fault {
	e.kind, e.name = kind, s.while(fits)
	if e.name.text == "" {
		return faultAt(s.at, "", "want a name, found %s", s.next())
	}
	e.each = kind == fromQuery && s.take("[]")
	e.brackets = e.each && s.take("[]")
	if kind == fromHeader && e.name.text != strings.ToLower(e.name.text) {
		return faultAt(e.name.at, "write "+strings.ToLower(e.name.text), "header names are lower-case")
	}
	return nil
}

// steps reads .a.b[].c behind `body`, and behind `form` .a[b], too.
func (s *scanner) steps(e *expr) *fault {
	for {
		switch {
		case s.take("[]"):
			if e.kind == fromForm && len(e.steps) == 0 {
				return faultAt(s.at-2, "write {form.name[]}", "a form is no list, its fields may be")
			}
			e.steps = append(e.steps, step{each: true})
		case e.kind == fromForm && len(e.steps) > 0 && !strings.HasPrefix(s.rest(), "[,") && s.take("["):
			m := s.while(isMember)
			if m.text == "" || !s.take("]") {
				return faultAt(s.at, "write {form.customer[email]}", "want a name in brackets, found %s", s.next())
			}
			e.steps = append(e.steps, step{member: m.text})
		case s.take("."):
			m := s.while(isMember)
			if m.text == "" {
				return faultAt(s.at, "", "want the name of a member, found %s", s.next())
			}
			e.steps = append(e.steps, step{member: m.text})
		case len(e.steps) == 0:
			return faultAt(s.at, "write {body.member}", "want a member, found %s", s.next())
		default:
			return nil
		}
		if len(e.steps) > tree.MaxDepth {
			return faultAt(s.at, "", "deeper than %d levels, which no accepted body is", tree.MaxDepth)
		}
	}
}
