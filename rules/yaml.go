package rules

import (
	"fmt"
	"regexp"
	"strconv"
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
}

// maxDepth is far above what any file of ours nests, and far below what costs.
const maxDepth = 64

// ParseYAML reads one strict YAML document: UTF-8, not empty, exactly one
// document, no anchors or aliases (an alias can multiply a small file without
// bound), keys that are plain and not repeated. file names it in positions.
func ParseYAML(file string, text []byte) (*Node, Mistakes) {
	var ms Mistakes
	top := Pos{File: file, Line: 1, Col: 1}
	if !utf8.Valid(text) {
		ms.Add(top, "the file is not UTF-8")
		return nil, ms
	}
	text = []byte(strings.TrimPrefix(string(text), "\uFEFF"))
	var docs []yaml.Node
	if err := yaml.Load(text, &docs, yaml.WithAllDocuments()); err != nil {
		ms = append(ms, syntaxMistake(file, err))
		return nil, ms
	}
	if len(docs) == 0 || len(docs[0].Content) == 0 || docs[0].Content[0].Tag == "!!null" {
		ms.Add(top, "the file is empty")
		return nil, ms
	}
	if len(docs) > 1 {
		at := docs[1]
		ms.AddHint(Pos{file, max(at.Line, 1), max(at.Column, 1)}, "put it in a file of its own",
			"a second document in one file")
		return nil, ms
	}
	n := convert(file, docs[0].Content[0], 0, &ms)
	return n, ms
}

func convert(file string, y *yaml.Node, depth int, ms *Mistakes) *Node {
	n := &Node{Pos: Pos{file, y.Line, y.Column}, Tag: y.ShortTag(), Value: y.Value}
	switch {
	case depth > maxDepth:
		ms.Add(n.Pos, "nested deeper than %d levels", maxDepth)
		return n
	case y.Kind == yaml.AliasNode || y.Anchor != "":
		ms.AddHint(n.Pos, "write the value out", "anchors and aliases are not allowed")
		return n
	case y.Kind == yaml.SequenceNode:
		n.Kind = Sequence
		for _, item := range y.Content {
			n.Items = append(n.Items, convert(file, item, depth+1, ms))
		}
	case y.Kind == yaml.MappingNode:
		n.Kind = Mapping
		first := make(map[string]Pos, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			key := convert(file, y.Content[i], depth+1, ms)
			if key.Kind != Scalar {
				ms.Add(key.Pos, "a key must be a plain word, this is %v", key.Kind)
				continue
			}
			if at, dup := first[key.Value]; dup {
				ms.Add(key.Pos, "%q is already given at %v", key.Value, at)
				continue
			}
			first[key.Value] = key.Pos
			n.Items = append(n.Items, key, convert(file, y.Content[i+1], depth+1, ms))
		}
	}
	return n
}

// lineInError finds the place in the YAML library's message, which is the only
// form in which it gives it for some errors.
var lineInError = regexp.MustCompile(`line (\d+)(?:, column (\d+))?`)

func syntaxMistake(file string, err error) Mistake {
	text, pos := err.Error(), Pos{File: file, Line: 1, Col: 1}
	if m := lineInError.FindStringSubmatch(text); m != nil {
		pos.Line, _ = strconv.Atoi(m[1])
		if m[2] != "" {
			pos.Col, _ = strconv.Atoi(m[2])
		}
	}
	for _, noise := range []string{"go-yaml load error:", "yaml:", "\n"} {
		text = strings.TrimSpace(strings.ReplaceAll(text, noise, " "))
	}
	return Mistake{Pos: pos, Text: fmt.Sprintf("not valid YAML: %s", strings.Join(strings.Fields(text), " "))}
}
