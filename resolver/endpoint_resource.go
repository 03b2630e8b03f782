package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/mcp"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// resource finds the line of a URI: the one that is just that, else the one whose
// text around its capture is. Lines with captures have no URI in common. One that
// has no line is known by its method alone, for its URI may hold an id.
func (r *mcpReader) resource(msg *mcp.Message, one *call) error {
	if op := r.endpoint.lines[one.name]; op != nil && op.call.within == nil {
		return nil
	}
	uri, name := folded(msg.Name), msg.Method
	for key, op := range r.endpoint.lines {
		c := op.call
		if c.method.text != msg.Method {
			continue
		}
		if c.within == nil && folded(c.name.text) == uri {
			return rules.Faultf(rules.AmbiguousParameter, "the resource may be read as %s", c.name.text)
		}
		if id, ok := c.captured(msg.Name); ok {
			name = key
			one.args = tree.Value{
				Kind: tree.Object, Names: []string{c.within.text}, Items: []tree.Value{{Kind: tree.String, Text: id}},
			}
		}
	}
	one.name = name
	return nil
}

// folded is text as the most lenient server compares it.
func folded(text string) string { return string(alike.Append(nil, text)) }

// captured is the text of a URI that a line captures: one segment as it is. In the
// place of a host, text may not divide it: user@host and host:port name a host alone.
func (c *callSpec) captured(uri string) (string, bool) {
	if c.within == nil {
		return "", false
	}
	id, ok := strings.CutPrefix(uri, c.before)
	if !ok {
		return "", false
	}
	id, ok = strings.CutSuffix(id, c.after)
	if c.inHost() && strings.ContainsAny(id, "@:") {
		return "", false
	}
	return id, ok && id != "" && id != "." && id != ".." && oneSegment(id)
}

// oneSegment reports whether text is a part of a segment to every server. One would
// decode escapes, and read what is behind a ? or a # as something else.
func oneSegment(text string) bool { return !strings.ContainsAny(text, `/\?#%;`) }

// inHost reports whether the capture is where URIs have a host (RFC 3986 section 3.2).
func (c *callSpec) inHost() bool {
	_, authority, found := strings.Cut(c.before, "://")
	return found && !strings.Contains(authority, "/")
}

// webSchemes are those of which servers write hosts anew: without case, by other
// dots, as numbers, and with any number of slashes in front of them.
var webSchemes = map[string]bool{"http": true, "https": true, "ws": true, "wss": true, "ftp": true}

// rewritten reports whether the capture is in a host that servers write anew.
func (c *callSpec) rewritten() bool {
	scheme, rest, _ := strings.Cut(c.before, ":")
	scheme = strings.ToLower(scheme)
	if scheme == "file" { // whose host may be empty, and stands behind two slashes only
		host, found := strings.CutPrefix(rest, "//")
		return found && !strings.Contains(host, "/")
	}
	return webSchemes[scheme] && !strings.Contains(strings.TrimLeft(rest, "/"), "/")
}

// meets reports whether two lines with captures have a URI in common, as servers
// compare text: each of them would decide on its own object.
func (c *callSpec) meets(d *callSpec) bool {
	if c.within == nil || d.within == nil || c.method.text != d.method.text {
		return false
	}
	before, x, ok := extends(folded(c.before), folded(d.before), strings.CutPrefix)
	after, y, fits := extends(folded(c.after), folded(d.after), strings.CutSuffix)
	switch {
	case !ok || !fits:
		return false
	case oneSegment(x) && oneSegment(y): // x, anything and y
		return true
	case before == after: // all of x and y would be in the other's capture
		return false
	}
	for k := range min(len(x), len(y)) + 1 { // the end of x is the begin of y
		ofC, ofD := x[:len(x)-k], y[k:]
		if x[len(x)-k:] == y[:k] && ofC != "" && ofD != "" && oneSegment(ofC) && oneSegment(ofD) {
			return true
		}
	}
	return false
}

// extends reports whether one of two texts goes on where the other ends, in the
// direction of cut: which, by what, and whether any does.
func extends(a, b string, cut func(s, part string) (string, bool)) (first bool, by string, ok bool) {
	if by, ok = cut(a, b); ok {
		return true, by, true
	}
	by, ok = cut(b, a)
	return false, by, ok
}
