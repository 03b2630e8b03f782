package tidy

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/tiergate/tiergate/rules/shape"
)

// entry is a key with its value, or an element of a list, with the comments that
// move along.
type entry struct {
	head       []comment // lines above
	tail       string    // behind, on the line that it begins on
	key, value *node
	shape      shape.Shape
}

func (e *entry) first() *node {
	if e.key != nil {
		return e.key
	}
	return e.value
}

// body is a block with what stands in it.
type body struct {
	entries []entry
	foot    []comment
}

type printer struct {
	lines    []string
	comments []comment
	tails    map[int]string // by line
	bodies   map[*node]*body
}

func (p *printer) text() string { return strings.Join(p.lines, "\n") + "\n" }

func (p *printer) line(indent int, text string) {
	if text == "" {
		p.lines = append(p.lines, "")
		return
	}
	p.lines = append(p.lines, strings.Repeat(" ", indent)+text)
}

// document prints the file. What stands above the first key behind an empty line,
// and a line for editors, is the file's own and stays there.
func (p *printer) document(root *node, comments []comment, top shape.Shape) {
	p.tails, p.bodies = make(map[int]string), make(map[*node]*body)
	for _, c := range comments {
		if within(root, c.at) {
			continue // it goes with the text around it
		}
		if c.own {
			p.comments = append(p.comments, c)
		} else {
			p.tails[c.line] = c.text
		}
	}
	above := p.take(root.line)
	if !root.block() {
		p.notes(0, above)
		p.words(0, inline(root, top, 0), p.tail(root.lastLine()))
		p.notes(0, trim(p.comments))
		return
	}
	own := 0
	for i, c := range above {
		if c.text == "" || strings.HasPrefix(c.text, "# yaml-language-server:") {
			own = i + 1
		}
	}
	b := p.body(root, top)
	b.entries[0].head = above[own:]
	p.foot(root, p.comments)
	p.sort(root, b, top)
	p.notes(0, trim(above[:own]))
	if own > 0 && above[own-1].text == "" && len(p.lines) > 0 {
		p.line(0, "")
	}
	p.block(root, 0, "")
	p.lines = p.lines[:len(p.lines)-blank(p.lines)]
}

func blank(lines []string) (n int) {
	for n < len(lines) && lines[len(lines)-1-n] == "" {
		n++
	}
	return n
}

// trim leaves out empty lines at both ends.
func trim(notes []comment) []comment {
	for len(notes) > 0 && notes[0].text == "" {
		notes = notes[1:]
	}
	for len(notes) > 0 && notes[len(notes)-1].text == "" {
		notes = notes[:len(notes)-1]
	}
	return notes
}

// take removes and returns the comments of lines before one.
func (p *printer) take(line int) []comment {
	i := 0
	for i < len(p.comments) && p.comments[i].line < line {
		i++
	}
	out := p.comments[:i]
	p.comments = p.comments[i:]
	return out
}

func (p *printer) tail(line int) string {
	if text := p.tails[line]; text != "" {
		delete(p.tails, line)
		return " " + text
	}
	return ""
}

// body reads a block in the order of the source and gives each comment to what it is about.
func (p *printer) body(n *node, s shape.Shape) *body {
	b := &body{}
	p.bodies[n] = b
	step := 1
	if n.kind == yaml.MappingNode {
		step = 2
	}
	for i := 0; i < len(n.items); i += step {
		e := entry{value: n.items[i+step-1], shape: inner(s, n.items[i].raw, n.kind)}
		if step == 2 {
			e.key = n.items[i]
		}
		notes := p.take(e.first().line)
		if i > 0 && n.items[i-1].col > n.col {
			notes = p.foot(n.items[i-1], notes)
		}
		e.head = notes
		if e.value.block() {
			p.body(e.value, e.shape)
		}
		b.entries = append(b.entries, e)
	}
	for i := range b.entries {
		e := &b.entries[i]
		if e.key != nil {
			e.tail = p.tail(e.key.line)
		}
		if !e.value.block() && e.tail == "" {
			e.tail = p.tail(e.value.lastLine())
		}
	}
	return b
}

// foot gives a block the lines behind its last entry that are indented like it, and
// returns the rest.
func (p *printer) foot(n *node, notes []comment) []comment {
	b := p.bodies[n]
	if b == nil {
		return notes
	}
	i := 0
	for j, c := range notes {
		if c.text != "" {
			if c.col < n.col {
				break
			}
			i = j + 1
		}
	}
	mine := notes[:i]
	if last := len(b.entries) - 1; last >= 0 && b.entries[last].value.block() && b.entries[last].value.col > n.col {
		mine = p.foot(b.entries[last].value, mine)
	}
	b.foot = append(b.foot, mine...)
	return notes[i:]
}

// sort brings known keys into their order, everywhere.
func (p *printer) sort(n *node, b *body, s shape.Shape) {
	if n.kind == yaml.MappingNode {
		slices.SortStableFunc(b.entries, func(x, y entry) int { return rank(s, x.key.raw) - rank(s, y.key.raw) })
	}
	for i := range b.entries {
		if e := &b.entries[i]; e.value.block() {
			p.sort(e.value, p.bodies[e.value], e.shape)
		}
	}
}

// rank is a key's place; keys without one stay where they are, behind the others.
func rank(s shape.Shape, key string) int {
	if s.Mapping == nil || s.Mapping.Values != nil {
		return 0
	}
	if i := slices.IndexFunc(s.Mapping.Keys, func(k shape.Key) bool { return k.Name == strings.Trim(key, `"'`) }); i >= 0 {
		return i
	}
	return len(s.Mapping.Keys)
}

// inner is the shape of an entry.
func inner(s shape.Shape, key string, kind yaml.Kind) shape.Shape {
	switch {
	case kind == yaml.SequenceNode && s.List != nil:
		return *s.List
	case kind == yaml.MappingNode && s.Mapping != nil && s.Mapping.Values != nil:
		return *s.Mapping.Values
	case kind == yaml.MappingNode && s.Mapping != nil:
		if i := rank(s, key); i < len(s.Mapping.Keys) {
			return s.Mapping.Keys[i].Shape
		}
	}
	return shape.Shape{Any: true}
}

// notes prints lines of comments; of empty lines one at most.
func (p *printer) notes(indent int, notes []comment) {
	for _, c := range notes {
		if c.text == "" && (len(p.lines) == 0 || p.lines[len(p.lines)-1] == "") {
			continue
		}
		p.line(indent, c.text)
	}
}

// block prints a block; its first line begins with what is before it, such as "- ".
func (p *printer) block(n *node, indent int, before string) {
	b := p.bodies[n]
	for i, e := range b.entries {
		head := e.head
		at := indent
		if i == 0 {
			head = trim(head)
			at -= len(before)
		}
		lead := ""
		if i == 0 {
			lead = before
		}
		p.notes(at, head)
		shift := indent - n.col
		switch {
		case e.key == nil && e.value.block():
			p.block(e.value, indent+2, lead+"- ")
		case e.key == nil:
			p.words(at, lead+"- "+inline(e.value, e.shape, shift), e.tail)
		case e.value.block():
			p.line(at, lead+e.key.raw+":"+e.tail)
			p.block(e.value, indent+2, "")
		default:
			p.words(at, lead+e.key.raw+": "+inline(e.value, e.shape, shift), e.tail)
		}
	}
	p.notes(indent, b.foot)
}

// words prints text that may go over several lines, with a comment behind it.
func (p *printer) words(indent int, text, tail string) {
	first, rest, several := strings.Cut(text, "\n")
	if !several {
		p.line(indent, strings.TrimRight(text, " ")+tail)
		return
	}
	p.line(indent, first)
	p.lines = append(p.lines, strings.Split(rest+tail, "\n")...)
}

// inline is a piece that begins on the line of its key. What goes over several
// lines stays as it is, moved by shift.
func inline(n *node, s shape.Shape, shift int) string {
	if strings.Contains(n.raw, "\n") {
		return moved(n.raw, shift)
	}
	if n.kind == yaml.ScalarNode {
		return n.raw
	}
	var parts []string
	if n.kind == yaml.SequenceNode {
		for _, item := range n.items {
			parts = append(parts, inline(item, inner(s, "", n.kind), 0))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	var entries []entry
	for i := 0; i < len(n.items); i += 2 {
		entries = append(entries, entry{key: n.items[i], value: n.items[i+1], shape: inner(s, n.items[i].raw, n.kind)})
	}
	slices.SortStableFunc(entries, func(x, y entry) int { return rank(s, x.key.raw) - rank(s, y.key.raw) })
	for _, e := range entries {
		part := e.key.raw
		if text := inline(e.value, e.shape, 0); text != "" {
			part += ": " + text
		}
		parts = append(parts, part)
	}
	switch text := strings.Join(parts, ", "); {
	case n.pair:
		return text
	case text == "":
		return "{}"
	default:
		return "{ " + text + " }"
	}
}

// moved indents all lines but the first by more or less.
func moved(text string, shift int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines[1:] {
		switch {
		case strings.Trim(line, " ") == "":
		case shift > 0:
			line = strings.Repeat(" ", shift) + line
		default:
			line = line[min(-shift, len(line)-len(strings.TrimLeft(line, " "))):]
		}
		lines[i+1] = line
	}
	return strings.Join(lines, "\n")
}

// within reports whether a place is inside of a piece that is kept as it is.
func within(n *node, at int) bool {
	if n.flow && strings.Contains(n.raw, "\n") && n.start < at && at < n.end {
		return true
	}
	return slices.ContainsFunc(n.items, func(i *node) bool { return within(i, at) })
}
