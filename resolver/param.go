package resolver

import (
	"bytes"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// ambiguousParameters refuses a path capture that the query or a form names
// too, and a captured query parameter that comes twice: servers disagree on
// which one counts. PHP and Rails also read id[] and id[0] as id, and some
// servers fold case.
func (r *resolution) ambiguousParameters() error {
	for i := range r.op.captured {
		name := r.op.captured[i].name
		for j := range r.req.Query {
			if paramAlike(r.req.Query[j].Name, name) {
				return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the query", name)
			}
		}
		if formHas(r.req, name) {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the form", name)
		}
	}
	for _, name := range r.op.Query {
		n := 0
		for j := range r.req.Query {
			if paramAlike(r.req.Query[j].Name, name) {
				n++
			}
		}
		if n > 1 {
			return rules.Faultf(rules.AmbiguousParameter, "the query has %s %d times", name, n)
		}
		if formHas(r.req, name) { // without one in the query, servers with one map for both read this one
			return rules.Faultf(rules.AmbiguousParameter, "%s is read from the query and stands in the form", name)
		}
	}
	return r.bodyInQuery()
}

// bodyInQuery refuses a parameter of the query that belongs in the body: servers
// with one map for both would read what nobody decided. One that the line captures
// was judged.
func (r *resolution) bodyInQuery() error {
	for j := range r.req.Query {
		param := r.req.Query[j].Name
		alike := func(name string) bool { return paramAlike(param, name) }
		if i := slices.IndexFunc(r.op.members, alike); i >= 0 && !slices.ContainsFunc(r.op.Query, alike) {
			return rules.Faultf(rules.AmbiguousParameter, "%s belongs in the body and stands in the query", r.op.members[i])
		}
	}
	return nil
}

// paramAlike reports whether some server reads param as name. What a name folds
// to is one reading. Another is the steps that brackets and dots divide it into,
// however they stand: [id], [[id]], id] and .id are id, a.b is a[b], and what only
// goes on further, as id[] and id.x do, is a part of it. PHP has _ for dots,
// spaces and a bracket that is never closed.
func paramAlike(param, name string) bool {
	if plainWord(param) && plainWord(name) {
		return strings.EqualFold(param, name)
	}
	var room [4][64]byte
	p, n := appendFold(room[0][:0], param), appendFold(room[1][:0], name)
	if bytes.Equal(p, n) || partOf(appendSteps(room[2][:0], p), appendSteps(room[3][:0], n)) {
		return true
	}
	if !bytes.ContainsAny(p, ". [") {
		return false
	}
	base, _, _ := bytes.Cut(p, []byte("["))
	underscore(n)
	underscore(p) // base is a part of it
	return bytes.Equal(p, n) || bytes.Equal(base, n)
}

// plainWord reports whether a parameter has one reading but for its case.
func plainWord(param string) bool {
	for i := range len(param) {
		if !isMember(param[i]) {
			return false
		}
	}
	return true
}

// appendSteps appends a folded name with one dot between its steps and none
// elsewhere: a[b], [a][b] and a.b come out as one.
func appendSteps(to, name []byte) []byte {
	for step := range bytes.FieldsFuncSeq(name, endsStep) {
		if step = bytes.Trim(step, " "); len(step) == 0 {
			continue
		}
		if len(to) > 0 {
			to = append(to, '.')
		}
		to = append(to, step...)
	}
	return to
}

func endsStep(r rune) bool { return r == '.' || r == '[' || r == ']' }

// partOf reports whether the steps of param are those of name, or begin with them.
func partOf(param, name []byte) bool {
	rest, ok := bytes.CutPrefix(param, name)
	return ok && len(name) > 0 && (len(rest) == 0 || rest[0] == '.')
}

func underscore(name []byte) {
	for i, c := range name {
		if c == '.' || c == ' ' || c == '[' {
			name[i] = '_'
		}
	}
}
