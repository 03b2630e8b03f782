package rules

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// NodeKind tells the three shapes of YAML apart.
type NodeKind uint8

// The kinds of a Node.
const (
	Scalar NodeKind = iota
	Sequence
	Mapping
)

func (k NodeKind) String() string { return [...]string{"a value", "a list", "a mapping"}[k] }

// Node is a piece of a YAML document with its place. A mapping's Items alternate
// key and value. Tag is the resolved short tag of a scalar, such as !!str.
type Node struct {
	Pos   Pos
	Kind  NodeKind
	Tag   string
	Value string
	Items []*Node

	unread bool // a mistake stands in its place; nothing more is said of it
}

// maxDepth is far above what any file of ours nests, and far below what costs.
const maxDepth = 64

// ParseYAML reads one strict YAML document: UTF-8, not empty, exactly one
// document, no anchors or aliases (an alias can multiply a small file without
// bound), keys that are plain and not repeated, lines that end in LF or CR LF. file names it in positions.
func ParseYAML(file string, text []byte) (*Node, Mistakes) {
	return parseYAML(file, text, math.MaxInt)
}

// parseYAML is ParseYAML where no list may have more items than most.
func parseYAML(file string, text []byte, most int) (*Node, Mistakes) {
	var ms Mistakes
	top := Pos{File: file, Line: 1, Col: 1}
	if !utf8.Valid(text) {
		ms.Add(top, "the file is not UTF-8")
		return nil, ms
	}
	text = []byte(strings.TrimPrefix(string(text), "\uFEFF"))
	if ms = otherBreaks(file, string(text)); len(ms) > 0 {
		return nil, ms
	}
	var docs []yaml.Node
	if err := yaml.Load(text, &docs, yaml.WithAllDocuments()); err != nil {
		ms = append(ms, syntaxMistake(file, string(text), err))
		return nil, ms
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 || docs[0].Content[0].Tag == "!!null" {
		empty := "the file is empty"
		if len(text) > 0 {
			empty = fmt.Sprintf("the file says nothing: its %d bytes are comments, white space or null", len(text))
		}
		ms.addCode(CodeSyntax, top, "", empty)
		return nil, ms
	}
	if len(docs) > 1 {
		at := docs[1]
		ms.AddHint(Pos{file, max(at.Line, 1), max(at.Column, 1)}, "put it in a file of its own",
			"a second document in one file")
		return nil, ms
	}
	c := converter{file, most, &ms}
	return c.node(docs[0].Content[0], 0), ms
}

// otherBreaks refuses what ends a line for YAML and for few who show it. On a
// terminal a CR alone lets what follows it hide what stands before.
func otherBreaks(file, text string) (ms Mistakes) {
	n := 0
	for line := range strings.Lines(text) {
		if n++; ms.enough() {
			break
		}
		line = withoutEnd(line)
		if at := strings.IndexAny(line, "\r\u0085\u2028\u2029"); at >= 0 {
			col := utf8.RuneCountInString(line[:at]) + 1
			r, _ := utf8.DecodeRuneInString(line[at:])
			ms.AddHint(Pos{file, n, col}, "end lines with LF or CR LF", "the character %U ends a line for YAML, and not for who reads the file", r)
		}
	}
	return ms
}

// withoutEnd is a line without the LF or CR LF that ends it.
func withoutEnd(line string) string {
	text, ended := strings.CutSuffix(line, "\n")
	if ended {
		text = strings.TrimSuffix(text, "\r")
	}
	return text
}

// converter makes nodes of what the library has read.
type converter struct {
	file string
	most int // items of a list
	ms   *Mistakes
}

func (c *converter) node(y *yaml.Node, depth int) *Node {
	ms := c.ms
	n := &Node{Pos: Pos{c.file, y.Line, y.Column}, Tag: y.ShortTag(), Value: y.Value}
	switch {
	case ms.enough():
		n.unread = true
		return n
	case len(y.Content) > c.most:
		ms.AddHint(n.Pos, "divide it between several files", "%d in one place, at most %d are read", len(y.Content), c.most)
		n.unread = true
		return n
	case depth > maxDepth:
		ms.Add(n.Pos, "nested deeper than %d levels", maxDepth)
		n.unread = true
		return n
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		ms.AddHint(n.Pos, "write the value out", "anchors and aliases are not allowed")
		n.unread = true
		return n
	case y.Kind == yaml.ScalarNode && !slices.Contains(scalarTags, n.Tag):
		ms.AddHint(n.Pos, "write the value as it is", "the tag %s is not supported", n.Tag)
		n.unread = true
		return n
	case y.Kind == yaml.SequenceNode:
		n.Kind = Sequence
		for i, item := range y.Content {
			n.Items = append(n.Items, c.node(item, depth+1))
			y.Content[i] = nil // two trees at once would be much
		}
	case y.Kind == yaml.MappingNode:
		n.Kind = Mapping
		first := make(map[string]Pos, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content) && !ms.enough(); i += 2 {
			key := c.node(y.Content[i], depth+1)
			if key.Kind != Scalar {
				ms.Add(key.Pos, "a key must be a plain word, this is %v", key.Kind)
				continue
			}
			if at, dup := first[key.Value]; dup {
				ms.Add(key.Pos, "%q is already given at %v", key.Value, at)
				continue
			}
			first[key.Value] = key.Pos
			n.Items = append(n.Items, key, c.node(y.Content[i+1], depth+1))
		}
	}
	return n
}

// scalarTags are those of values that are compared as they are written. Others say
// that the value is another one: !!binary YWRh is "ada".
var scalarTags = []string{"!!str", "!!null", "!!bool", "!!int", "!!float", "!!timestamp", "!!merge"} // << is an unknown key like others

func syntaxMistake(file, content string, err error) Mistake {
	at, text := Pos{File: file, Line: 1, Col: 1}, err.Error()
	if e, ok := errors.AsType[*yaml.LoadError](err); ok {
		at.Line, at.Col, text = max(e.Mark.Line, 1), max(e.Mark.Column, 1), e.Message
		if e.ContextMsg != "" {
			text += " " + e.ContextMsg
		}
	}
	hint := ""
	switch {
	case strings.Contains(text, "mapping values are not allowed"):
		hint = `is the line indented too far, or a text with ": " in it without quotes?`
	case strings.Contains(text, "cannot start any token") && indentedByTab(content, at.Line):
		hint = "the line begins with a tab, and YAML is indented by spaces"
	case strings.Contains(text, "tab character"):
		hint = "YAML is indented by spaces, and this is a tab"
	}
	return Mistake{Pos: at, Text: "not valid YAML: " + strings.Join(strings.Fields(text), " "), Hint: hint, Code: CodeSyntax}
}

// indentedByTab reports whether a line, counted from 1, has a tab before its first word.
func indentedByTab(text string, line int) bool {
	for s := range strings.Lines(text) {
		if line--; line == 0 {
			return strings.HasPrefix(strings.TrimLeft(s, " "), "\t")
		}
	}
	return false
}
