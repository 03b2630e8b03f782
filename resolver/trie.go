package resolver

import "github.com/tiergate/tiergate/resolver/alike"

// node is one level of a host's trie: what may stand in the next segment.
type node struct {
	literals map[string]*node
	alike    map[string][]*node // the same by their text without case
	capture  *node
	here     []leaf // lines whose template ends here
	rest     []leaf // lines whose template goes on with a rest capture
}

// leaf is a line for one method, or ANY.
type leaf struct {
	method string
	op     *Operation
}

// how literals are compared.
type how bool

const (
	exactly how = false
	folded  how = true // without regard to case, though a literal that is equal comes first
)

// match finds the line for a path. It tries the literal before the capture and
// both before the rest, and steps back when a branch ends: Compile has made
// sure that the first line found is the narrowest of all that match.
func (n *node) match(method string, segs []string, compare how) *Operation {
	if len(segs) == 0 {
		return pick(n.here, method)
	}
	exact := n.literals[segs[0]]
	if exact != nil {
		if op := exact.match(method, segs[1:], compare); op != nil {
			return op
		}
	}
	if compare == folded && n.alike != nil {
		var room [64]byte
		for _, next := range n.alike[string(alike.Append(room[:0], segs[0]))] {
			if next == exact {
				continue
			}
			if op := next.match(method, segs[1:], compare); op != nil {
				return op
			}
		}
	}
	if n.capture != nil && segs[0] != "" {
		if op := n.capture.match(method, segs[1:], compare); op != nil {
			return op
		}
	}
	if len(n.rest) > 0 && segs[len(segs)-1] != "" {
		return pick(n.rest, method)
	}
	return nil
}

// pick prefers the line for the very method to one for ANY.
func pick(leaves []leaf, method string) *Operation {
	var any *Operation
	for i := range leaves {
		switch leaves[i].method {
		case method:
			return leaves[i].op
		case "ANY":
			any = leaves[i].op
		}
	}
	return any
}

// leaves returns the place of a template in the trie, which it extends.
func (n *node) leaves(segs []segment) *[]leaf {
	for _, s := range segs {
		switch s.kind {
		case literal:
			next := n.literals[s.text]
			if next == nil {
				if n.literals == nil {
					n.literals, n.alike = map[string]*node{}, map[string][]*node{}
				}
				next = &node{}
				n.literals[s.text] = next
				key := string(alike.Append(nil, s.text))
				n.alike[key] = append(n.alike[key], next)
			}
			n = next
		case capture:
			if n.capture == nil {
				n.capture = &node{}
			}
			n = n.capture
		case rest:
			return &n.rest
		}
	}
	return &n.here
}

// overlapping visits the lines that match some path which a template matches too.
func (n *node) overlapping(segs []segment, visit func(*Operation)) {
	if len(segs) == 0 {
		each(n.here, visit)
		return
	}
	if last := segs[len(segs)-1]; last.kind != literal || last.text != "" {
		each(n.rest, visit)
	}
	switch s := segs[0]; s.kind {
	case literal:
		if next := n.literals[s.text]; next != nil {
			next.overlapping(segs[1:], visit)
		}
		if n.capture != nil && s.text != "" {
			n.capture.overlapping(segs[1:], visit)
		}
	case capture:
		for text, next := range n.literals {
			if text != "" {
				next.overlapping(segs[1:], visit)
			}
		}
		if n.capture != nil {
			n.capture.overlapping(segs[1:], visit)
		}
	case rest:
		n.below(visit)
	}
}

// below visits all lines of one or more further segments, none of them empty.
func (n *node) below(visit func(*Operation)) {
	each(n.rest, visit)
	if n.capture != nil {
		each(n.capture.here, visit)
		n.capture.below(visit)
	}
	for text, next := range n.literals {
		if text != "" {
			each(next.here, visit)
			next.below(visit)
		}
	}
}

func each(leaves []leaf, visit func(*Operation)) {
	for i := range leaves {
		visit(leaves[i].op)
	}
}
