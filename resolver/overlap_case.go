package resolver

import "github.com/tiergate/tiergate/resolver/alike"

// twins notes, for the hosts whose templates have a text that is not its own folded
// form, which lines a server that compares text as folded takes for others. Lines
// of /v1/{id} and of /V1/all have no request in common; to such a server GET
// /v1/all is one of the second, and whoever selects the first must know.
//
// It comes after overlaps: what it adds to a line's narrower ones neither settles
// an overlap nor gives the line another rank.
func (c *compiler) twins() {
	cased := map[string]*node{} // folded lines by host
	for _, op := range c.lines {
		if cased[op.Host] == nil && !ownFold(op.segments) {
			cased[op.Host] = &node{}
		}
	}
	if len(cased) == 0 {
		return
	}
	folded := make([]*Operation, len(c.lines))
	for i, op := range c.lines {
		if root := cased[op.Host]; root != nil {
			folded[i] = &Operation{Method: op.Method, segments: foldAll(op.segments), number: i}
			root.insert(folded[i].segments, folded[i])
		}
	}
	for i, op := range c.lines {
		if folded[i] != nil && !ownFold(op.segments) {
			c.twinsOf(cased[op.Host], folded[i])
		}
	}
	c.sortNarrower()
}

// twinsOf compares a folded line with the others. Its number is the place of the
// real one among the compiler's lines.
func (c *compiler) twinsOf(root *node, op *Operation) {
	mine := c.lines[op.number]
	root.near(op.segments, func(other *Operation) {
		its := c.lines[other.number]
		if other.met == op || other.number >= op.number && !ownFold(its.segments) { // that one's turn comes
			return
		}
		other.met = op
		r, overlap := relate(op, other)
		if !overlap || r == equal {
			return
		}
		if _, known := relate(mine, its); known { // insert has compared them as they are written
			return
		}
		if r != outside {
			its.narrower = append(its.narrower, mine)
		}
		if r != inside {
			mine.narrower = append(mine.narrower, its)
		}
	})
}

// ownFold reports whether the text of a template is its own folded form.
func ownFold(segs []segment) bool {
	for i := range segs {
		switch s := &segs[i]; s.kind {
		case literal:
			if !alike.Folded(s.text) {
				return false
			}
		case mixed:
			for _, text := range s.pattern.text {
				if !alike.Folded(text) {
					return false
				}
			}
		case capture, rest, front:
		}
	}
	return true
}

// foldAll is a template with its text folded.
func foldAll(segs []segment) []segment {
	out := append([]segment(nil), segs...)
	for i := range out {
		switch s := &out[i]; s.kind {
		case literal:
			s.text = string(alike.Append(nil, s.text))
		case mixed:
			s.pattern = newPattern(s.pattern.folded...)
		case capture, rest, front:
		}
	}
	return out
}
