package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// clash is a pair of lines that both match some request, neither being
// narrower. It is fine only if a third line is for exactly those requests.
type clash struct {
	host  *host
	line  *Operation // the later one
	other *Operation
}

// insert puts an operation into its host's trie and notes what it clashes with.
func (c *compiler) insert(h *host, op *Operation) {
	if op.onEndpoint() {
		return
	}
	var same *Operation // same method, same template
	h.root.overlapping(op.segments, func(other *Operation) {
		switch {
		case !sameMethods(op.Method, other.Method):
		case compare(op, other) == equal:
			same = other
		case compare(op, other) == crossing:
			c.clashes = append(c.clashes, clash{h, op, other})
		}
	})
	if same != nil {
		c.mistakes.AddHint(op.Pos, "both match "+example(op.segments)+": names of captures and the query are no part of the match",
			"%q is already mapped at %v", op.Method+" "+op.Template, same.Pos)
		return
	}
	at := h.root.leaves(op.segments)
	*at = append(*at, leaf{op.Method, op})
	h.lines[shape(op.Method, op.segments)] = true
}

// overlaps reports the clashes that no third line settles, one for each line.
func (c *compiler) overlaps() {
	for i := range c.clashes {
		if x := &c.clashes[i]; x.line.Pos.Less(x.other.Pos) {
			x.line, x.other = x.other, x.line
		}
	}
	slices.SortFunc(c.clashes, func(x, y clash) int {
		return cmp.Or(order(x.line, y.line), order(x.other, y.other))
	})
	var last *Operation
	for _, x := range c.clashes {
		method, both := narrower(x.line.Method, x.other.Method), meet(x.line.segments, x.other.segments)
		if x.line == last || x.host.lines[shape(method, both)] {
			continue
		}
		last = x.line
		c.mistakes.AddHint(x.line.Pos,
			fmt.Sprintf("both match %s %s, neither is narrower: add a line for %s %s", method, example(both), method, show(both)),
			"%q overlaps %q (%v)", x.line.Method+" "+x.line.Template, x.other.Method+" "+x.other.Template, x.other.Pos)
	}
}

func order(a, b *Operation) int {
	switch {
	case a.Pos.Less(b.Pos):
		return -1
	case b.Pos.Less(a.Pos):
		return 1
	}
	return 0
}

// shape is a method and a template without the names of its captures.
func shape(method string, segs []segment) string {
	var b strings.Builder
	b.WriteString(method)
	for _, s := range segs {
		b.WriteString([...]string{literal: "/" + s.text, capture: "/{}", rest: "/{=**}"}[s.kind])
	}
	return b.String()
}

// sameMethods reports whether some method is in both.
func sameMethods(a, b string) bool { return a == b || a == "ANY" || b == "ANY" }

// narrower returns the narrower of two methods that overlap.
func narrower(a, b string) string {
	if a == "ANY" {
		return b
	}
	return a
}

// relation of the requests that two overlapping lines match.
type relation uint8

const (
	equal    relation = 0
	inside   relation = 1 // the first matches only what the second does
	outside  relation = 2
	crossing relation = inside | outside
)

// compare relates two operations that are known to overlap.
func compare(a, b *Operation) relation {
	r := compareTemplates(a.segments, b.segments)
	if a.Method != b.Method {
		if b.Method == "ANY" {
			r |= inside
		} else {
			r |= outside
		}
	}
	return r
}

// compareTemplates relates two templates that are known to overlap: they are
// of one length, or the shorter ends in a rest capture.
func compareTemplates(a, b []segment) relation {
	var r relation
	for i := range min(len(a), len(b)) {
		switch {
		case a[i].kind < b[i].kind:
			r |= inside
		case a[i].kind > b[i].kind:
			r |= outside
		}
		if a[i].kind == rest || b[i].kind == rest {
			break
		}
	}
	switch {
	case len(a) > len(b):
		r |= inside
	case len(a) < len(b):
		r |= outside
	}
	return r
}

// meet is the template of the paths that both templates match.
func meet(a, b []segment) []segment {
	if len(a) < len(b) {
		a, b = b, a
	}
	out := make([]segment, len(a))
	for i := range a {
		out[i] = a[i]
		if i < len(b) && b[i].kind < a[i].kind {
			out[i] = b[i]
		}
	}
	return out
}

// example is a path that a template matches.
func example(segs []segment) string {
	var out strings.Builder
	for _, s := range segs {
		if s.kind != literal {
			s.text = "x"
		}
		out.WriteString("/" + s.text)
	}
	return out.String()
}

func show(segs []segment) string { return (&line{segments: segs}).template() }
