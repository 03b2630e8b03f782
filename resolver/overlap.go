package resolver

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// crossed is a pair of lines that both match some request, neither being
// narrower. It is fine only if further lines, narrower than both, are for
// exactly those requests.
type crossed struct {
	host  *host
	line  *Operation // the later one
	other *Operation
}

// insert puts an operation into its host's trie and notes how it stands to the
// lines that match some of its requests.
func (c *compiler) insert(h *host, op *Operation) {
	if op.onEndpoint() {
		return
	}
	h.fold(op.segments)
	if h.anySlash && len(withoutSlash(op.segments)) < len(op.segments) {
		c.mistakes.AddHint(op.Pos, "leave it out", "%q ends in a slash, of which host %q ignores that it is there", op.Template, h.name)
		return
	}
	op.number = c.inserted
	c.inserted++
	var same *Operation // same methods, same paths
	h.root.near(op.segments, func(other *Operation) {
		if other.met == op {
			return
		}
		other.met = op
		switch r, overlap := relate(op, other); {
		case !overlap:
		case r == equal:
			same = other
		case r == inside:
			other.narrower = append(other.narrower, op)
		case r == outside:
			op.narrower = append(op.narrower, other)
		default:
			c.crossed = append(c.crossed, crossed{h, op, other})
		}
	})
	if same != nil {
		c.mistakes.AddHint(op.Pos, "both match "+example(op.segments)+": names of captures and the query are no part of the match",
			"%q is already mapped at %v", op.Method+" "+op.Template, same.Pos)
		return
	}
	h.root.insert(op.segments, op)
	h.lines[shape(op.Method, op.segments)] = true
	c.lines = append(c.lines, op)
}

// rank gives every line its height above the narrowest ones, so that of all
// lines that match a request the narrowest is the lowest.
func (c *compiler) rank() {
	for _, op := range c.lines {
		op.height, op.met = -1, nil
	}
	c.sortNarrower()
	for _, op := range c.lines {
		op.rank()
	}
}

// sortNarrower brings them into the order in which insideOf looks for one.
func (c *compiler) sortNarrower() {
	for _, op := range c.lines {
		slices.SortFunc(op.narrower, func(a, b *Operation) int { return cmp.Compare(a.number, b.number) })
	}
}

func (op *Operation) rank() int {
	if op.height < 0 {
		op.height = 0
		for _, below := range op.narrower {
			op.height = max(op.height, below.rank()+1)
		}
	}
	return op.height
}

// insideOf reports whether every request of op is one of wide's, and not the
// other way round; once twins has run, also whether some server takes requests of
// wide for its own.
func (op *Operation) insideOf(wide *Operation) bool {
	_, found := slices.BinarySearchFunc(wide.narrower, op.number, func(n *Operation, number int) int { return cmp.Compare(n.number, number) })
	return found
}

// overlaps reports the crossed pairs that no further lines settle, one for each line.
func (c *compiler) overlaps() {
	c.rank()
	for i := range c.crossed {
		if x := &c.crossed[i]; x.line.Pos.Less(x.other.Pos) {
			x.line, x.other = x.other, x.line
		}
	}
	slices.SortFunc(c.crossed, func(x, y crossed) int {
		return cmp.Or(order(x.line, y.line), order(x.other, y.other))
	})
	var last *Operation
	for _, x := range c.crossed {
		if x.line == last {
			continue
		}
		what, hint := x.unsettled()
		if what == "" {
			continue
		}
		last = x.line
		c.mistakes.AddHint(x.line.Pos, fmt.Sprintf("both match %s, neither is narrower: %s", what, hint),
			"%q overlaps %q (%v)", x.line.Method+" "+x.line.Template, x.other.Method+" "+x.other.Template, x.other.Pos)
	}
}

// unsettled returns a request that both lines match and that no line narrower
// than both does, and what to do about it; "" if there is none.
func (x *crossed) unsettled() (what, hint string) {
	for _, method := range commonMethods(x.line, x.other) {
		a, b := x.line.segments, x.other.segments
		if simple(a) && simple(b) {
			both := meet(a, b)
			if x.host.lines[shape(method, both)] || x.covered(method) == "" {
				continue
			}
			return method + " " + example(both), "add a line for " + method + " " + template(both)
		}
		if path := x.covered(method); path != "" {
			return method + " " + path, "add a line for all that both match, or change one"
		}
	}
	return "", ""
}

// covered returns a path of both lines that no narrower line for a method matches, or "".
func (x *crossed) covered(method string) string {
	var narrower []language
	for _, op := range x.line.narrower {
		if op.insideOf(x.other) && op.serves(method) {
			narrower = append(narrower, languageOf(op.segments))
		}
	}
	path, open := pathIn([]language{languageOf(x.line.segments), languageOf(x.other.segments)}, narrower)
	if open && path == "" {
		return "more paths than can be told apart"
	}
	return path
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
	for i := range segs {
		switch s := &segs[i]; s.kind {
		case literal:
			b.WriteString("/" + s.text)
		case capture:
			b.WriteString("/{}")
		case mixed:
			b.WriteString("/" + s.pattern.shape())
		case rest:
			b.WriteString("/{=**}")
		case front:
			b.WriteString("/{=**}+")
		}
	}
	return b.String()
}

// methods are what the line's Method names.
func (op *Operation) methods() []string { return strings.Split(op.Method, "|") }

func (op *Operation) serves(method string) bool {
	return op.Method == "ANY" || slices.Contains(op.methods(), method)
}

// commonMethods are the methods of two lines that overlap; ANY where both are for it.
func commonMethods(a, b *Operation) []string {
	switch {
	case a.Method == "ANY":
		return b.methods()
	case b.Method == "ANY":
		return a.methods()
	}
	return slices.DeleteFunc(a.methods(), func(m string) bool { return !b.serves(m) })
}

// meet is the template of the paths that two simple templates match.
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
	for i := range segs {
		switch s := &segs[i]; s.kind {
		case literal:
			out.WriteString("/" + s.text)
		case mixed:
			out.WriteString("/" + strings.Join(s.pattern.text, "x"))
		case capture, rest:
			out.WriteString("/x")
		case front:
		}
	}
	return out.String()
}
