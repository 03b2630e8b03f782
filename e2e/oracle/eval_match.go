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
	if reason := e.headers(); reason != "" {
		return reason
	}
	raw, query, hasQuery := strings.Cut(e.front.path(e.req.Target), "?")
	if ambiguous(raw) {
		return "ambiguous_path"
	}
	for _, s := range strings.Split(raw[1:], "/") {
		decoded, err := url.PathUnescape(s)
		parts := strings.Split(decoded, "/")
		if err != nil || slices.ContainsFunc(parts, odd) || len(parts) > 1 && slices.Contains(parts, "") {
			return "ambiguous_path"
		}
		e.slash = e.slash || len(parts) > 1
		e.path, e.opaque = append(e.path, decoded), append(e.opaque, escapedAgain.ReplaceAllString(s, "?"))
	}
	if !hasQuery {
		return first(e.served(), e.form())
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
	return first(e.served(), e.form())
}

// escapedAgain finds escapes, and in decoded text what a server that decodes twice would read as one.
var escapedAgain = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)

// odd says whether a decoded segment is no segment to some server, or another one.
func odd(s string) bool {
	return dotted(s) || strings.ContainsAny(s, `\／＼;?#`) || strings.Trim(s, " ") != s || escapedAgain.MatchString(s) || !utf8.ValidString(s) || strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
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

// served finds the host, which is done before a body is looked at.
func (e *evaluation) served() string {
	name, _ := hostName(e.req.Host)
	host, served := e.w.hostOf(name)
	if !served {
		return "host_not_served"
	}
	if e.host = host; host == nil { // it has no lines, which section 2 is about
		return ""
	}
	if e.host.wild() {
		e.reach("host: below " + strings.Split(e.host.Name, ".")[1])
	}
	e.reachIf(!e.host.Served, "host: served by another's name")
	return ""
}

// match is section 2. It returns a reason that allows for open lines and preflights.
func (e *evaluation) match() string {
	if e.host == nil {
		return "no_route"
	}
	if n := len(e.path); e.host.Slash && n > 1 && e.path[n-1] == "" {
		e.path, e.opaque = e.path[:n-1], e.opaque[:n-1]
	}
	e.compare = asSent
	if e.host.Case {
		e.compare = ascii
	}
	if asked := e.req.header("access-control-request-method"); e.host.CORS && e.req.Method == http.MethodOptions && len(e.req.header("origin")) > 0 && len(asked) > 0 {
		if e.slash && !e.slashed(asked[0], e.narrowest(asked[0], e.path, e.compare)) {
			return "ambiguous_path"
		}
		return first(e.unread(), "preflight")
	}
	e.line = e.narrowest(e.req.Method, e.path, e.compare)
	switch {
	case e.slash && !e.slashed(e.req.Method, e.line):
		return "ambiguous_path"
	case e.line == nil:
		return "no_route"
	case e.line != e.narrowest(e.req.Method, e.path, lenient) || e.line.twice(e.path, e.compare):
		return "ambiguous_path"
	case e.reachIf(!fits(e.line.Path, e.opaque, e.compare), "path: text that came as an escape"):
		return "ambiguous_path"
	}
	if !e.line.Open && e.w.needsBody(e.line) {
		return ""
	}
	if e.reachIf(e.bodiless(), "body: of a GET") {
		return "malformed_request"
	}
	if e.line.Open {
		return first(e.unread(), "open_route")
	}
	return e.unread()
}

// narrowest is the line of a method and a path, by one way to compare text.
func (e *evaluation) narrowest(method string, path []string, form func(string) string) (found *Line) {
	for _, l := range e.host.Lines {
		if l.serves(method) && fits(l.Path, path, form) && (found == nil || narrower(l.Path, found.Path)) {
			found = l
		}
	}
	return found
}

func (l *Line) serves(method string) bool {
	return l.Method == "ANY" || slices.Contains(l.methods(), method) || l.Method == http.MethodGet && method == http.MethodHead
}

func (l *Line) methods() []string { return strings.Split(l.Method, "|") }

// narrower says whether a wins over b where both fit: by the first segment in
// which they differ, a literal before text with captures before a capture before a
// rest capture; else by what stands behind the rest.
func narrower(a, b []Segment) bool {
	rank := func(s Segment) int {
		switch {
		case s.Rest && s.Verb == "":
			return 4
		case s.Rest:
			return 3
		case s.Capture != "":
			return 2
		case len(s.Names) > 0:
			return 1
		}
		return 0
	}
	for i := range min(len(a), len(b)) {
		if rank(a[i]) != rank(b[i]) {
			return rank(a[i]) < rank(b[i])
		}
	}
	return len(a) > len(b)
}
