package tidy

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v4"
)

// node is a piece of the source with its extent.
type node struct {
	kind       yaml.Kind
	flow       bool // { … } or [ … ]
	pair       bool // a mapping without braces in a list with brackets
	start, end int  // bytes of the source; of a block, without what follows its last word
	line, col  int  // from 0
	raw        string
	items      []*node // keys and values alternate in a mapping
}

func (n *node) block() bool { return n.kind != yaml.ScalarNode && !n.flow && !n.pair }

// lastLine is where a piece ends that is written as one.
func (n *node) lastLine() int { return n.line + strings.Count(n.raw, "\n") }

// comment is a comment, or with an empty text an empty line.
type comment struct {
	at        int  // byte of the source
	line, col int  // from 0
	own       bool // the line has nothing else
	text      string
}

var errShape = errors.New("a form of YAML that is not expected here")

// scanner finds the extents of what the parser found: it says only where things begin.
type scanner struct {
	text  string
	lines []int // where each begins
	words []*node
}

// scan reads a document that ParseYAML takes.
func scan(text string) (*node, []comment, error) {
	var doc yaml.Node
	if err := yaml.Load([]byte(text), &doc); err != nil {
		return nil, nil, err
	}
	s := scanner{text: text, lines: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.lines = append(s.lines, i+1)
		}
	}
	root, err := s.node(doc.Content[0], -1)
	if err != nil {
		return nil, nil, err
	}
	return root, s.comments(), nil
}

// offset is where a place is in the text; columns count characters.
func (s *scanner) offset(line, col int) int {
	at := s.lines[min(line, len(s.lines)-1)]
	for range col {
		if at >= len(s.text) || s.text[at] == '\n' {
			break
		}
		at++
		for at < len(s.text) && s.text[at]&0xC0 == 0x80 {
			at++
		}
	}
	return at
}

func (s *scanner) node(y *yaml.Node, parent int) (*node, error) {
	n := &node{kind: y.Kind, line: y.Line - 1, col: y.Column - 1}
	n.start = s.offset(n.line, n.col)
	n.end = n.start
	if y.Kind == yaml.ScalarNode {
		if strings.HasPrefix(s.text[n.start:], "!") {
			return nil, errors.New("it has tags")
		}
		end, ok := s.wordEnd(y, n.start, parent)
		if !ok {
			return nil, errShape
		}
		n.end, n.raw = end, s.text[n.start:end]
		s.words = append(s.words, n)
		return n, nil
	}
	bracket := n.start < len(s.text) && strings.IndexByte("{[", s.text[n.start]) >= 0
	n.flow = y.Style&yaml.FlowStyle != 0 && bracket
	n.pair = y.Style&yaml.FlowStyle != 0 && !bracket
	inside := n.col
	if n.flow || n.pair {
		inside = parent
	}
	for _, c := range y.Content {
		item, err := s.node(c, inside)
		if err != nil {
			return nil, err
		}
		n.items = append(n.items, item)
		n.end = max(n.end, item.end)
	}
	if n.flow {
		from := n.end
		if len(n.items) == 0 {
			from++
		}
		closing := s.closing(from)
		if closing < 0 {
			return nil, errShape
		}
		n.end = closing + 1
		n.raw = s.text[n.start:n.end]
	}
	return n, nil
}

// closing finds the bracket that ends a list or mapping whose last word ended.
func (s *scanner) closing(at int) int {
	for ; at < len(s.text); at++ {
		switch s.text[at] {
		case '}', ']':
			return at
		case '#':
			for at < len(s.text) && s.text[at] != '\n' {
				at++
			}
		case ' ', '\t', '\n', ',', ':':
		default:
			return -1
		}
	}
	return -1
}

// wordEnd is where a word ends that begins at a place; parent is the column of what it stands in.
func (s *scanner) wordEnd(y *yaml.Node, at, parent int) (int, bool) {
	switch {
	case y.Style&yaml.DoubleQuotedStyle != 0:
		for i := at + 1; i < len(s.text); i++ {
			switch s.text[i] {
			case '\\':
				i++
			case '"':
				return i + 1, s.text[at] == '"'
			}
		}
		return 0, false
	case y.Style&yaml.SingleQuotedStyle != 0:
		for i := at + 1; i < len(s.text); i++ {
			if s.text[i] != '\'' {
				continue
			}
			if i+1 < len(s.text) && s.text[i+1] == '\'' {
				i++
				continue
			}
			return i + 1, s.text[at] == '\''
		}
		return 0, false
	case y.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return s.blockEnd(at, parent), strings.IndexByte("|>", s.text[at]) >= 0
	}
	return s.plainEnd(y.Value, at)
}

// blockEnd is where a block of text ends: before the first line that is not deeper
// than what it stands in. Empty lines at its end belong to it only if it keeps them.
func (s *scanner) blockEnd(at, parent int) int {
	lineEnd := func(i int) int {
		if j := strings.IndexByte(s.text[i:], '\n'); j >= 0 {
			return i + j
		}
		return len(s.text)
	}
	end := lineEnd(at)
	header, _, _ := strings.Cut(s.text[at:end], "#")
	keeps := strings.Contains(header, "+")
	for next := end + 1; next < len(s.text); {
		stop := lineEnd(next)
		line := s.text[next:stop]
		indent := len(line) - len(strings.TrimLeft(line, " "))
		empty := strings.TrimSpace(line) == ""
		if !empty && indent <= parent {
			break
		}
		if !empty || keeps {
			end = stop
		}
		next = stop + 1
	}
	return end
}

// plainEnd follows a word without quotes, which may go over several lines: what
// the value has as a space, or as n line feeds, is a line's end there, or n + 1.
func (s *scanner) plainEnd(value string, at int) (int, bool) {
	i := at
	for v := 0; v < len(value); v++ {
		switch {
		case i < len(s.text) && s.text[i] == value[v] && value[v] != '\n':
			i++
			continue
		case value[v] != ' ' && value[v] != '\n' && !strings.HasPrefix(s.text[i:], " "):
			return 0, false
		}
		end := i + len(s.text[i:]) - len(strings.TrimLeft(s.text[i:], " \t\n"))
		if !strings.Contains(s.text[i:end], "\n") {
			return 0, false
		}
		for value[v] == '\n' && v+1 < len(value) && value[v+1] == '\n' {
			v++
		}
		i = end
	}
	if value == "" || value == "null" && !strings.HasPrefix(s.text[at:], "null") {
		return at, true
	}
	return i, true
}

// comments are those between words, and the empty lines between them.
func (s *scanner) comments() (out []comment) {
	next := 0 // word
	for line, start := range s.lines {
		end := len(s.text)
		if line+1 < len(s.lines) {
			end = s.lines[line+1] - 1
		}
		for next < len(s.words) && s.words[next].end <= start {
			next++
		}
		if next < len(s.words) && s.words[next].start < start && s.words[next].end >= end && s.words[next].end > start {
			continue // inside of a word
		}
		at := start
		for w := next; w < len(s.words) && s.words[w].start < end; w++ {
			if s.words[w].start >= at && strings.Contains(s.text[at:s.words[w].start], "#") {
				break
			}
			at = max(at, min(s.words[w].end, end))
		}
		rest := s.text[at:end]
		if i := strings.IndexByte(rest, '#'); i >= 0 {
			own := strings.TrimSpace(s.text[start:at+i]) == ""
			out = append(out, comment{at + i, line, len([]rune(s.text[start : at+i])), own, strings.TrimRight(rest[i:], " \t")})
		} else if strings.TrimSpace(s.text[start:end]) == "" {
			out = append(out, comment{at: start, line: line, own: true})
		}
	}
	return out
}
