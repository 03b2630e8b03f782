package resolver

import (
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
)

// node is one level of a host's trie: what may stand in the next segment.
type node struct {
	literals map[string]*node
	alike    map[string][]*node // the same by their text without case
	mixed    mixes
	folded   mixes // the same without case
	capture  *node
	rest     *node  // a trie of what stands behind a rest, read from the end of the path
	here     []leaf // lines whose template ends here
}

// mixes are the patterns that may match a segment, found by the text that they
// end in: of hundreds of verbs at one place a request meets one.
type mixes struct {
	edges   map[string][]mix
	lengths []int // of their keys, longest first
}

type mix struct {
	text []string // of the pattern
	next *node
}

// leaf is a line for one method, or ANY.
type leaf struct {
	method string
	op     *Operation
	least  int // segments that its rest stands for
}

// search finds the lines of a request in a trie.
type search struct {
	method string
	folded bool       // literals are compared without case
	than   *Operation // of a folded search: only what is narrower counts
	best   *Operation
}

// forward looks for lines below n, of which segs are what is left of the path,
// and reports whether there is no need to go on. What is narrow comes first.
func (s *search) forward(n *node, segs []string) bool {
	if len(segs) == 0 {
		return s.take(n.here, 0)
	}
	var room [4]*node
	for _, next := range s.matching(n, segs[0], room[:0]) {
		if s.forward(next, segs[1:]) {
			return true
		}
	}
	return n.rest != nil && s.backward(n.rest, segs)
}

// backward looks for lines below n, behind a rest: segs are what is left between
// what led to the rest and what led back from the end.
func (s *search) backward(n *node, segs []string) bool {
	last := len(segs) - 1
	if last >= 0 {
		var room [4]*node
		for _, next := range s.matching(n, segs[last], room[:0]) {
			if s.backward(next, segs[:last]) {
				return true
			}
		}
		if segs[last] == "" { // the end of the path, which no rest takes
			return false
		}
	}
	return s.take(n.here, len(segs))
}

// take considers the lines of a leaf whose rest would stand for so many segments.
func (s *search) take(leaves []leaf, between int) bool {
	for i := range leaves {
		l := &leaves[i]
		if between < l.least || l.method != s.method && l.method != "ANY" {
			continue
		}
		switch {
		case s.than != nil:
			if l.op.insideOf(s.than) {
				s.best = l.op
				return true
			}
		case s.best == nil || l.op.height < s.best.height:
			if s.best = l.op; l.op.height == 0 {
				return true
			}
		}
	}
	return false
}

// matching appends what a segment leads to.
func (s *search) matching(n *node, seg string, to []*node) []*node {
	if s.folded {
		to = n.alikeTo(seg, to)
	} else {
		if next := n.literals[seg]; next != nil {
			to = append(to, next)
		}
		to = n.mixed.matching(seg, to)
	}
	if n.capture != nil && seg != "" {
		to = append(to, n.capture)
	}
	return to
}

// alikeTo appends what a segment leads to without case.
func (n *node) alikeTo(seg string, to []*node) []*node {
	if n.alike == nil && len(n.folded.lengths) == 0 {
		return to
	}
	if alike.Folded(seg) {
		return n.folded.matching(seg, append(to, n.alike[seg]...))
	}
	var room [128]byte
	folded := alike.Append(room[:0], seg)
	to = append(to, n.alike[string(folded)]...)
	if len(n.folded.lengths) > 0 {
		to = n.folded.matching(string(folded), to)
	}
	return to
}

func (m *mixes) matching(seg string, to []*node) []*node {
	for _, length := range m.lengths {
		if length > len(seg) {
			continue
		}
		edges := m.edges[seg[len(seg)-length:]]
		for i := range edges {
			if matches(edges[i].text, seg) {
				to = append(to, edges[i].next)
			}
		}
	}
	return to
}

func (m *mixes) add(text []string, next *node) {
	tail := text[len(text)-1]
	if m.edges == nil {
		m.edges = map[string][]mix{}
	}
	m.edges[tail] = append(m.edges[tail], mix{text, next})
	if !slices.Contains(m.lengths, len(tail)) {
		m.lengths = append(m.lengths, len(tail))
		slices.SortFunc(m.lengths, func(a, b int) int { return b - a })
	}
}

func (m *mixes) get(text []string) *node {
	for _, e := range m.edges[text[len(text)-1]] {
		if slices.Equal(e.text, text) {
			return e.next
		}
	}
	return nil
}

// insert puts a line at the place of its template.
func (n *node) insert(segs []segment, op *Operation) {
	least := 0
	for i := range segs {
		if !segs[i].kind.many() {
			n = n.child(&segs[i])
			continue
		}
		if n.rest == nil {
			n.rest = &node{}
		}
		n, least = n.rest, segs[i].kind.least()
		for j := len(segs) - 1; j > i; j-- {
			n = n.child(&segs[j])
		}
		break
	}
	for _, method := range op.methods() {
		n.here = append(n.here, leaf{method, op, least})
	}
}

// child is where one segment leads, which is made where it does not exist.
func (n *node) child(s *segment) *node {
	switch s.kind {
	case literal:
		if next := n.literals[s.text]; next != nil {
			return next
		}
		if n.literals == nil {
			n.literals, n.alike = map[string]*node{}, map[string][]*node{}
		}
		next, key := &node{}, string(alike.Append(nil, s.text))
		n.literals[s.text] = next
		n.alike[key] = append(n.alike[key], next)
		return next
	case mixed:
		if next := n.mixed.get(s.pattern.text); next != nil {
			return next
		}
		next := &node{}
		n.mixed.add(s.pattern.text, next)
		n.folded.add(s.pattern.folded, next)
		return next
	case capture, rest, front:
	}
	if n.capture == nil {
		n.capture = &node{}
	}
	return n.capture
}

// near visits every line that could match some path which a template matches,
// and some others: segs are what is left of the template.
func (n *node) near(segs []segment, visit func(*Operation)) {
	if n.rest != nil {
		n.rest.nearBack(segs, visit)
	}
	switch {
	case len(segs) == 0:
		n.each(visit)
	case segs[0].kind.many():
		n.below(visit)
	default:
		n.towards(&segs[0], func(next *node) { next.near(segs[1:], visit) })
	}
}

// nearBack is near for what stands behind a rest.
func (n *node) nearBack(segs []segment, visit func(*Operation)) {
	n.each(visit) // its rest takes all that is left
	if len(segs) == 0 {
		return
	}
	if last := len(segs) - 1; segs[last].kind.many() {
		n.below(visit)
	} else {
		n.towards(&segs[last], func(next *node) { next.nearBack(segs[:last], visit) })
	}
}

// towards visits where segments that one of a template matches may lead.
func (n *node) towards(s *segment, visit func(*node)) {
	if s.kind == literal {
		if next := n.literals[s.text]; next != nil {
			visit(next)
		}
	} else {
		for text, next := range n.literals {
			if s.kind == mixed && matches(s.pattern.text, text) || s.kind == capture && text != "" {
				visit(next)
			}
		}
	}
	for _, edges := range n.mixed.edges {
		for i := range edges {
			if s.kind != literal || matches(edges[i].text, s.text) {
				visit(edges[i].next)
			}
		}
	}
	if n.capture != nil && (s.kind != literal || s.text != "") {
		visit(n.capture)
	}
}

// below visits all lines from here on, but for those of a rest that begins here.
func (n *node) below(visit func(*Operation)) {
	n.each(visit)
	everything := func(next *node) {
		if next.rest != nil {
			next.rest.below(visit)
		}
		next.below(visit)
	}
	for _, next := range n.literals {
		everything(next)
	}
	for _, edges := range n.mixed.edges {
		for i := range edges {
			everything(edges[i].next)
		}
	}
	if n.capture != nil {
		everything(n.capture)
	}
}

func (n *node) each(visit func(*Operation)) {
	for i := range n.here {
		visit(n.here[i].op)
	}
}

// template is how simple segments are written, without a name for captures that
// have none.
func template(segs []segment) string {
	var b strings.Builder
	for _, s := range segs {
		b.WriteString("/")
		switch s.kind {
		case literal:
			b.WriteString(s.text)
		case capture:
			b.WriteString("{" + s.text + "}")
		case rest, front:
			b.WriteString("{" + s.text + "=**}")
		case mixed:
			b.WriteString(s.pattern.shape())
		}
	}
	return b.String()
}
