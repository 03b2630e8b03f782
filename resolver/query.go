package resolver

import (
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// maxParams is how many parameters a query or a form may have, empty ones too:
// beyond a thousand Express and PHP read no further and say nothing, so that
// padding would hide the one that counts.
const maxParams = 256

// manyParams counts as the most generous server does, from the separators.
func manyParams(text string) bool { return strings.Count(text, "&") >= maxParams }

// splitQuery returns the decoded parameters in order. A semicolon is refused,
// for some servers separate parameters by it. + is a space, as in forms; a
// captured parameter in which that matters is refused later, see plainQuery.
func splitQuery(query string) ([]rules.Param, error) {
	if query == "" {
		return nil, nil
	}
	for i := range len(query) {
		if c := query[i]; c <= ' ' || c >= 0x7f || c == '#' || c == ';' {
			return nil, rules.Faultf(rules.AmbiguousQuery, "the query has byte %q at %d", c, i)
		}
	}
	if manyParams(query) {
		return nil, rules.Faultf(rules.AmbiguousQuery, "the query has more than %d parameters", maxParams)
	}
	params := make([]rules.Param, 0, 1+strings.Count(query, "&"))
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, ok := decodePair(part)
		if !ok {
			return nil, rules.Faultf(rules.AmbiguousQuery, "parameter %d has a bad escape, a NUL or bytes that are not UTF-8", len(params)+1)
		}
		if alike.Name(name, methodParam) {
			return nil, rules.Faultf(rules.MethodOverride, "query parameter %d", len(params)+1)
		}
		params = append(params, rules.Param{Name: name, Value: value})
	}
	return params, nil
}

// decodePair decodes one name=value of a query or a form.
func decodePair(part string) (name, value string, ok bool) {
	rawName, rawValue, _ := strings.Cut(part, "=")
	name, ok1 := unescape(rawName, true)
	value, ok2 := unescape(rawValue, true)
	ok = ok1 && ok2 && utf8.ValidString(name) && utf8.ValidString(value) &&
		strings.IndexByte(name, 0) < 0 && strings.IndexByte(value, 0) < 0
	return name, value, ok
}

// plainQuery reports whether every server reads the captured parameter alike.
// It has been decoded to a value with a space or an exclamation mark.
func plainQuery(req *rules.Request, name string) bool {
	for part := range strings.SplitSeq(req.RawQuery, "&") {
		if n, _, ok := decodePair(part); ok && n == name {
			_, value, _ := strings.Cut(part, "=")
			return plainValue(req, value)
		}
	}
	return false
}

// plainValue reports whether a value of the query, as it was sent, is one text: a
// space is plain only as %20, and an exclamation mark where it stands for no other
// byte, or as %21.
func plainValue(req *rules.Request, value string) bool {
	return strings.IndexByte(value, '+') < 0 && (req.Exact || strings.IndexByte(value, '!') < 0)
}
