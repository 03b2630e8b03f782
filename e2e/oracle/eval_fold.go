package oracle

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// param is a parameter of the query: its name as it was sent, and decoded.
type param struct{ Raw, Name, Value string }

// between is what stands between the steps of a name.
var between = regexp.MustCompile(`[.\[\] ]*[.\[\]][.\[\] ]*`)

// steps divides a name, folded, by its brackets and dots; empty ones do not count.
func steps(name string) []string {
	return slices.DeleteFunc(between.Split(name, -1), func(s string) bool { return s == "" })
}

// php are the characters that PHP does not have in names.
var php = strings.NewReplacer(".", "_", " ", "_", "[", "_")

// foldsTo says whether some server reads a name as the other one (section 1).
func foldsTo(name, other string) bool {
	name, other = lenient(name), lenient(other)
	if name == other {
		return true
	}
	if want, have := steps(other), steps(name); len(want) > 0 && len(have) >= len(want) && slices.Equal(have[:len(want)], want) {
		return true
	}
	base, _, _ := strings.Cut(name, "[")
	return php.Replace(name) != name && (php.Replace(name) == php.Replace(other) || php.Replace(base) == php.Replace(other))
}

// wrapped says whether a name of several steps folds to the other one behind its first.
func wrapped(name, other string) bool {
	have, want := steps(lenient(name)), steps(lenient(other))
	return len(want) > 0 && len(have) > len(want) && slices.Equal(have[1:1+len(want)], want)
}

// lenient writes a name without case, width and what nobody sees. It knows as many
// characters as the traffic has.
func lenient(name string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～': // the wide forms of ! to ~
			r -= '！' - '!'
		case r == 'ı':
			r = 'i'
		case unicode.In(r, unicode.Cc, unicode.Cf):
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r))
	}, name))
}

// folding returns the parameters of the query that count as name.
func (e *evaluation) folding(name string) (found []param) {
	for _, p := range e.query {
		if foldsTo(p.Name, name) {
			found = append(found, p)
		}
	}
	return found
}

// inForm says whether the form has a field that counts as name.
func (e *evaluation) inForm(name string) bool {
	return slices.ContainsFunc(e.fields, func(field string) bool { return foldsTo(field, name) })
}

// beside says whether a value of the client's would reach the upstream beside the
// one that a rule sets (section 6): the proxy replaces those sent in the very
// bytes of the name.
func (e *evaluation) beside(name string) bool {
	return e.inForm(name) || e.member(name) || slices.ContainsFunc(e.query, func(p param) bool {
		return p.Raw != name && (foldsTo(p.Name, name) || foldsTo(name, p.Name))
	})
}
