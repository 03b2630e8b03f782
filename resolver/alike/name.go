package alike

import (
	"bytes"
	"strings"
)

// Name reports whether some server reads param as name. What a name folds
// to is one reading. Another is the steps that brackets and dots divide it into,
// however they stand: [id], [[id]], id] and .id are id, a.b is a[b], and what only
// goes on further, as id[] and id.x do, is a part of it. PHP has _ for dots,
// spaces and a bracket that is never closed.
func Name(param, name string) bool {
	if plainWord(param) && plainWord(name) {
		return strings.EqualFold(param, name)
	}
	var room [4][64]byte
	n := Append(room[1][:0], name)
	p, ok := appendBeginning(room[0][:0], param, n)
	if !ok {
		return false
	}
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
		if !isPlain(param[i]) {
			return false
		}
	}
	return true
}

func isPlain(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("_-$@", c) >= 0
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
