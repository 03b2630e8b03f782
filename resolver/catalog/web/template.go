package web

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/tiergate/tiergate/rules/dial"
)

// template is a URL with one place for an id.
type template struct{ before, after string }

const place = "{id}"

// parseTemplate wants the place in the path or the query, where an id that is
// encoded stays a part of them.
func parseTemplate(raw string, allowHTTP bool) (t template, err error) {
	before, after, found := strings.Cut(raw, place)
	if !found {
		return t, fmt.Errorf("url %q has no %s", dial.Printable(raw), place)
	}
	t = template{before, after}
	if strings.ContainsAny(before+after, "{}") {
		return t, fmt.Errorf("url %q: %s comes once, and nothing else stands in braces yet", dial.Printable(raw), place)
	}
	if err := dial.CheckURL(before+"x"+after, allowHTTP); err != nil {
		return t, err
	}
	u, err := url.Parse(before + "x" + after)
	if err != nil {
		return t, errors.New("url is none")
	}
	if start := u.Scheme + "://" + u.Host + "/"; !strings.HasPrefix(before, start) {
		return t, fmt.Errorf("url %q: %s stands in the path or the query", dial.Printable(raw), place)
	}
	return t, nil
}

// expand puts an id in its place. Every byte of it but letters, digits and -_~. is
// written %XX, so that none ends a segment, a path or a query. A segment that would
// be "." or ".." is another one to many servers however it is written: such an id
// cannot be asked for.
func (t template) expand(id string) (full string, ok bool) {
	var b strings.Builder
	b.WriteString(t.before)
	for i := range len(id) {
		if c := id[i]; unreserved(c) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	b.WriteString(t.after)
	full = b.String()
	onlyPath, _, _ := strings.Cut(full, "?")
	for segment := range strings.SplitSeq(onlyPath, "/") {
		if decoded, err := url.PathUnescape(segment); err != nil || decoded == "." || decoded == ".." {
			return "", false
		}
	}
	return full, true
}

// unreserved are the bytes that mean themselves everywhere in a URL (RFC 3986 section 2.3).
func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-_~.", c) >= 0
}
