// Package tidy writes a YAML file of ours in its one form: keys in the order in
// which their declaration has them, two spaces for each level, comments where they
// were. Words stay as they are written, lists in their order.
//
// What comes out says the same as what went in, with the same comments: Format
// compares the two, and returns an error rather than anything else.
package tidy

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/shape"
)

// Format returns a file in its one form. A file that does not load is returned
// with its mistakes, one that cannot be kept as it is meant with another error.
func Format(file string, text []byte, top shape.Shape) ([]byte, error) {
	before, ms := rules.ParseYAML(file, text)
	if err := ms.Err(); err != nil {
		return nil, err
	}
	source := strings.ReplaceAll(strings.TrimPrefix(string(text), "\uFEFF"), "\r\n", "\n")
	root, comments, err := scan(source)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be formatted: %w", file, err)
	}
	p := printer{}
	p.document(root, comments, top)
	out := p.text()
	after, ms := rules.ParseYAML(file, []byte(out))
	if len(ms) > 0 || !same(before, after) {
		return nil, fmt.Errorf("%s cannot be formatted: it would say something else", file)
	}
	_, kept, err := scan(out)
	if err != nil || !slices.Equal(words(comments), words(kept)) {
		return nil, fmt.Errorf("%s cannot be formatted: a comment would be lost; move it to a line of its own, above a key", file)
	}
	return []byte(out), nil
}

// same reports whether two nodes say the same, in whichever order keys stand.
func same(a, b *rules.Node) bool {
	if a.Kind != b.Kind || a.Tag != b.Tag || a.Value != b.Value || len(a.Items) != len(b.Items) {
		return false
	}
	if a.Kind != rules.Mapping {
		return slices.EqualFunc(a.Items, b.Items, same)
	}
	at := make(map[string]*rules.Node, len(b.Items)/2)
	for i := 0; i < len(b.Items); i += 2 {
		at[b.Items[i].Value] = b.Items[i+1]
	}
	for i := 0; i < len(a.Items); i += 2 {
		if other := at[a.Items[i].Value]; other == nil || !same(a.Items[i+1], other) {
			return false
		}
	}
	return true
}

func words(comments []comment) []string {
	var out []string
	for _, c := range comments {
		if c.text != "" {
			out = append(out, c.text)
		}
	}
	slices.Sort(out)
	return out
}
