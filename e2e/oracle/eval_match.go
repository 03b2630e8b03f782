package oracle

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// decode is section 1: one reading of the request or none.
func (e *evaluation) decode() string {
	for _, name := range overrides {
		if len(e.req.header(name)) > 0 {
			return "method_override"
		}
	}
	raw, query, hasQuery := strings.Cut(e.front.path(e.req.Target), "?")
	if ambiguous(raw) {
		return "ambiguous_path"
	}
	for _, s := range strings.Split(raw[1:], "/") {
		decoded, err := url.PathUnescape(s)
		if err != nil || odd(decoded) {
			return "ambiguous_path"
		}
		e.path = append(e.path, decoded)
	}
	if !hasQuery {
		return e.form()
	}
	if strings.Count(query, "&") >= 256 {
		return "ambiguous_query"
	}
	for _, pair := range strings.Split(query, "&") {
		raw, value, _ := strings.Cut(pair, "=")
		name, err1 := url.QueryUnescape(raw)
		value, err2 := url.QueryUnescape(value)
		if err1 != nil || err2 != nil || strings.Contains(pair, ";") {
			return "ambiguous_query"
		}
		if foldsTo(name, "_method") {
			return "method_override"
		}
		e.query = append(e.query, param{raw, name, value})
	}
	return e.form()
}

// escapedAgain finds what a server that decodes twice would read as another byte.
var escapedAgain = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// odd says whether a decoded segment is no segment to some server, or another one.
func odd(s string) bool {
	return dotted(s) || strings.ContainsAny(s, `/\／＼`) || escapedAgain.MatchString(s) || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// dotted says whether a segment is made of dots alone, wide ones and leaders
// among them, and of spaces between them.
func dotted(s string) bool { return s != "" && strings.Trim(s, ".．․‥ ") == "" }

// ambiguous says whether another server might read the raw path as another one.
func ambiguous(raw string) bool {
	if !strings.HasPrefix(raw, "/") || strings.Contains(raw, "//") || strings.Contains(raw, ";") || strings.Contains(raw, "\\") {
		return true
	}
	for _, b := range []byte(raw) {
		if b <= ' ' || b >= 0x7f {
			return true
		}
	}
	return false
}

// match is section 2. It returns a reason that allows for open lines and preflights.
func (e *evaluation) match() string {
	name := strings.ToLower(e.req.Host)
	if i := strings.LastIndex(name, ":"); i >= 0 {
		name = name[:i]
	}
	name = strings.TrimSuffix(name, ".")
	for _, h := range e.w.Hosts {
		if h.Name == name && h.Served {
			e.host = h
		}
	}
	if e.host == nil {
		return "host_not_served"
	}
	if e.host.CORS && e.req.Method == http.MethodOptions && len(e.req.header("origin")) > 0 && len(e.req.header("access-control-request-method")) > 0 {
		return first(e.unread(), "preflight")
	}
	same := func(a, b string) bool { return a == b }
	if e.line = e.narrowest(same); e.line == nil {
		return "no_route"
	}
	if e.line != e.narrowest(func(a, b string) bool { return lenient(a) == lenient(b) }) {
		return "ambiguous_path"
	}
	if e.line.Open {
		return first(e.unread(), "open_route")
	}
	if !e.w.needsBody(e.line) {
		return e.unread()
	}
	return ""
}

// narrowest is the line of the request, by one way to compare literals.
func (e *evaluation) narrowest(same func(a, b string) bool) (found *Line) {
	for _, l := range e.host.Lines {
		if l.serves(e.req.Method) && fits(l.Path, e.path, same) && (found == nil || narrower(l.Path, found.Path)) {
			found = l
		}
	}
	return found
}

func (l *Line) serves(method string) bool {
	return l.Method == "ANY" || l.Method == method || l.Method == http.MethodGet && method == http.MethodHead
}

// fits compares a template with a path, segment by segment.
func fits(template []Segment, path []string, same func(a, b string) bool) bool {
	for i, s := range template {
		if s.Rest {
			return i < len(path) && path[len(path)-1] != "" && !slices.Contains(path[i:], "")
		}
		if i >= len(path) || s.Capture == "" && !same(s.Literal, path[i]) || s.Capture != "" && path[i] == "" {
			return false
		}
	}
	return len(template) == len(path)
}

// narrower says whether a wins over b where both fit: by the first segment in
// which they differ, a literal before a capture before a rest capture.
func narrower(a, b []Segment) bool {
	rank := func(s Segment) int {
		switch {
		case s.Rest:
			return 2
		case s.Capture != "":
			return 1
		}
		return 0
	}
	for i := range min(len(a), len(b)) {
		if rank(a[i]) != rank(b[i]) {
			return rank(a[i]) < rank(b[i])
		}
	}
	return false
}
