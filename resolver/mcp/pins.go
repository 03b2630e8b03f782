package mcp

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/tiergate/tiergate/resolver/tree"
)

// Tools are the definitions of a server's tools, as somebody reviewed them.
type Tools struct {
	byName map[string]*Tool
	names  []string
}

// Tool is the definition of a tool.
type Tool struct {
	Name string
	// Hash is the hex SHA-256 of the definition in a form in which order and
	// spaces make no difference. It changes with the description, too: that is
	// what an agent reads.
	Hash       string
	Properties []string // of its arguments, sorted
	Closed     bool     // it takes no others
}

// ReadTools reads what a server answers to tools/list: {"tools": […]}, with or
// without the JSON-RPC message around it.
func ReadTools(text []byte) (*Tools, error) {
	v, err := tree.ReadJSON(text)
	if err != nil {
		return nil, err
	}
	if result, _ := v.Member("result"); result != nil {
		v = result
	}
	list, _ := v.Member("tools")
	if list == nil || list.Kind != tree.Array {
		return nil, errors.New(`no list "tools": write what the server answers to tools/list`)
	}
	if next, _ := v.Member("nextCursor"); next != nil && next.Kind == tree.String && next.Text != "" {
		return nil, errors.New("nextCursor: the list is a page of several; join them into one")
	}
	t := &Tools{byName: make(map[string]*Tool, len(list.Items))}
	for i := range list.Items {
		tool, err := readTool(&list.Items[i])
		if err != nil {
			return nil, fmt.Errorf("tool %d: %w", i+1, err)
		}
		if t.byName[tool.Name] != nil {
			return nil, fmt.Errorf("the tool %q is defined twice", tool.Name)
		}
		t.byName[tool.Name] = tool
		t.names = append(t.names, tool.Name)
	}
	slices.Sort(t.names)
	return t, nil
}

func readTool(v *tree.Value) (*Tool, error) {
	name, _ := v.Member("name")
	if name == nil || name.Kind != tree.String || name.Text == "" {
		return nil, errors.New("no name")
	}
	sum := sha256.Sum256([]byte(canonical(v)))
	t := &Tool{Name: name.Text, Hash: hex.EncodeToString(sum[:])}
	schema, _ := v.Member("inputSchema")
	if schema == nil || schema.Kind != tree.Object {
		return nil, fmt.Errorf("%q has no inputSchema", t.Name)
	}
	if props, _ := schema.Member("properties"); props != nil {
		t.Properties = slices.Sorted(slices.Values(props.Names))
	}
	more, _ := schema.Member("additionalProperties")
	t.Closed = more == nil || more.Kind == tree.Bool && more.Text == "false"
	return t, nil
}

// Names are those of all tools, sorted.
func (t *Tools) Names() []string { return t.names }

// Tool returns a definition, or nil.
func (t *Tools) Tool(name string) *Tool { return t.byName[name] }

// Check refuses a call of a tool that is not defined, or with an argument that its
// definition does not have: the server may have another definition by now.
func (t *Tools) Check(m *Message) error {
	tool := t.byName[m.Name]
	if tool == nil {
		return errors.New("the tool is not among the definitions")
	}
	if !tool.Closed {
		return nil
	}
	for _, name := range m.Args.Names {
		if _, found := slices.BinarySearch(tool.Properties, name); !found {
			return fmt.Errorf("the tool is defined without the argument %.80q", name)
		}
	}
	return nil
}
