package spec

import (
	"slices"
	"strings"
	"unicode"
)

// place is a REST path read as people build them: nouns and the ids behind them,
// then what is left.
type place struct {
	op    *Operation
	segs  []segment
	nodes []node
	tail  []string // nouns behind the last id
	verb  string   // behind a colon
}

// node is a noun, or several, and the id that follows.
type node struct {
	nouns  []string
	params []string // captures
	rest   bool
	key    string // of the path up to here, without versions and modifiers
	kind   *kind
}

// versions and roots say where an API is, not what it is about.
func noise(segment string) bool {
	switch segment {
	case "api", "apis", "rest", "":
		return true
	}
	v, ok := strings.CutPrefix(strings.ToLower(segment), "v")
	return ok && v != "" && unicode.IsDigit(rune(v[0])) && strings.Trim(v, "0123456789.-_alphbetrc") == ""
}

// readPlace divides a path into nodes.
func readPlace(op *Operation) (*place, map[string]string, error) {
	segs, rename, err := divide(op.Path)
	if err != nil {
		return nil, nil, err
	}
	p := &place{op: op, segs: segs}
	var nouns []string
	open := false // the last node takes further ids
	for i := range segs {
		s := &segs[i]
		if s.literal() {
			text := s.text[0]
			if i == len(segs)-1 {
				if before, verb, found := strings.Cut(text, ":"); found && before != "" {
					text, p.verb = before, verb
				}
			}
			nouns, open = append(nouns, text), false
			continue
		}
		if head, _, found := strings.Cut(s.text[0], "("); found && head != "" {
			nouns, open = append(nouns, head), false
		}
		if last := s.text[len(s.text)-1]; i == len(segs)-1 && strings.HasPrefix(last, ":") {
			p.verb = last[1:]
		}
		if !open {
			p.nodes, nouns, open = append(p.nodes, node{nouns: cleared(nouns)}), nil, true
		}
		n := &p.nodes[len(p.nodes)-1]
		n.params, n.rest = append(n.params, s.params...), n.rest || s.rest
	}
	p.tail = cleared(nouns)
	key := ""
	for i := range p.nodes {
		n := &p.nodes[i]
		key = join(key, n.nouns) + strings.Repeat("/*", len(n.params))
		n.key = strings.TrimPrefix(key, "/")
	}
	return p, rename, nil
}

// cleared are nouns without what says nothing about the object.
func cleared(nouns []string) []string {
	var out []string
	for i, n := range nouns {
		if noise(n) || i < len(nouns)-1 && slices.Contains(modifiers, n) {
			continue
		}
		out = append(out, n)
	}
	return out
}

func join(key string, nouns []string) string {
	for _, n := range nouns {
		key += "/" + n
	}
	return strings.TrimPrefix(key, "/")
}

// last is the node nearest to the end, or nil.
func (p *place) last() *node {
	if len(p.nodes) == 0 {
		return nil
	}
	return &p.nodes[len(p.nodes)-1]
}

// collection is the key of what the tail names.
func (p *place) collection() string {
	if n := p.last(); n != nil {
		return join(n.key, p.tail)
	}
	return join("", p.tail)
}

// nouns are those of the whole path.
func (p *place) nouns() []string {
	var out []string
	for i := range p.nodes {
		out = append(out, p.nodes[i].nouns...)
	}
	return append(out, p.tail...)
}

// captures are those of a node and all in front of it.
func (p *place) captures(n *node) []string {
	var out []string
	for i := range p.nodes {
		out = append(out, p.nodes[i].params...)
		if &p.nodes[i] == n {
			break
		}
	}
	return out
}
