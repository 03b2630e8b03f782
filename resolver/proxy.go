package resolver

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A proxy decides which bodies it holds back before anybody has matched a request,
// so it is told in its own terms which paths that is for. It may take a path for
// one of a line's that is not: then a body is sent that nobody reads.

// InProxyOrder are all operations, endpoints as what they are on their paths, the
// narrower ones first: whoever takes the first that fits takes what the line does.
func (r *Routes) InProxyOrder() []*Operation {
	var all []*Operation
	for _, op := range r.ops {
		if !op.onEndpoint() {
			all = append(all, op)
		}
	}
	all = append(all, r.endpoints...)
	slices.SortStableFunc(all, func(a, b *Operation) int {
		return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.height, b.height))
	})
	return all
}

// Methods are those that the operation is for; none for every method.
func (op *Operation) Methods() []string {
	if op.Method == "ANY" {
		return nil
	}
	all := op.methods()
	if slices.Contains(all, fetch) {
		all = append(slices.Clone(all), head)
	}
	return all
}

// PathRegexp is a regular expression (RE2) that whole paths of the operation match,
// as a client may send them: without query, and with escapes.
func (r *Routes) PathRegexp(op *Operation) string {
	var b strings.Builder
	h := r.hosts[op.Host]
	if h.anyCase {
		b.WriteString("(?i)")
	}
	for i := range op.segments {
		s := &op.segments[i]
		switch s.kind {
		case front: // none or more segments, each with its slash
			b.WriteString("(?:/[^/]+)*")
		case literal:
			b.WriteString("/" + spelt(s.text))
		case capture:
			b.WriteString("/[^/]+")
		case rest:
			b.WriteString("/.+")
		case mixed:
			b.WriteByte('/')
			for n, text := range s.pattern.text {
				if n > 0 {
					b.WriteString("[^/]+")
				}
				b.WriteString(spelt(text))
			}
		}
	}
	if h.anySlash && len(op.segments) > 1 {
		b.WriteString("/?")
	}
	return b.String()
}

// spelt matches a text as a request may have it: escaped where it cannot stand as
// it is, for text that comes escaped without need is refused.
func spelt(text string) string {
	var b strings.Builder
	for i := range len(text) {
		c := text[i]
		if standsInPath(c) {
			b.WriteString(regexp.QuoteMeta(string(c)))
			continue
		}
		escaped := fmt.Sprintf("%%(?i:%02x)", c)
		if c < 0x80 {
			escaped = regexp.QuoteMeta(string(c)) + "|" + escaped
		}
		b.WriteString("(?:" + escaped + ")")
	}
	return b.String()
}

// PathGlobs are the paths in the form of templates that meshes know: {*} for a
// segment, {**} for the rest of the path. Meshes mind case and slashes, so where
// the host does not they are wider, or two.
func (r *Routes) PathGlobs(op *Operation) []string {
	h := r.hosts[op.Host]
	var b strings.Builder
	for i := range op.segments {
		switch s := &op.segments[i]; {
		case s.kind.many():
			return []string{b.String() + "/{**}"}
		case s.kind == literal && plainSegment(s.text, h.anyCase):
			b.WriteString("/" + s.text)
		default:
			b.WriteString("/{*}")
		}
	}
	all := []string{b.String()}
	if h.anySlash && len(op.segments) > 1 {
		all = append(all, b.String()+"/")
	}
	return all
}

// plainSegment reports whether a text is sent in one spelling alone, of what globs
// take for itself (RFC 3986 section 2.3).
func plainSegment(text string, anyCase bool) bool {
	for i := range len(text) {
		if !isLetter(text[i]) && !isDigit(text[i]) && strings.IndexByte("-._~", text[i]) < 0 {
			return false
		}
	}
	return (!anyCase || strings.ToLower(text) == strings.ToUpper(text))
}
