package graphql

import (
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/tiergate/tiergate/resolver/tree"
)

// literals makes trees of the values in a document, with variables put in.
type literals struct{ variables map[string]value }

// value is a literal as a tree, with an enum as its name and numbers as written.
// present is false for a variable that has no value and no default.
func (l *literals) value(v *ast.Value, depth int) (out value, present bool, err error) {
	if depth > tree.MaxDepth {
		return value{}, false, errors.New("values are nested too deep")
	}
	out = value{Text: v.Raw}
	switch v.Kind {
	case ast.Variable:
		out, present = l.variables[v.Raw]
		return out, present, nil
	case ast.IntValue, ast.FloatValue:
		out.Kind = tree.Number
	case ast.StringValue, ast.BlockValue:
		out.Kind = tree.String
		err = oneText(v)
	case ast.EnumValue:
		out.Kind = tree.String
	case ast.BooleanValue:
		out.Kind = tree.Bool
	case ast.NullValue:
		out = value{}
	case ast.ListValue, ast.ObjectValue:
		out, err = l.children(v, depth)
	}
	return out, true, err
}

// children reads a list, in which an absent variable is null, or an object, in
// which it is no member (GraphQL, October 2021, sections 3.11 and 3.10).
func (l *literals) children(v *ast.Value, depth int) (value, error) {
	out := value{Kind: tree.Array}
	if v.Kind == ast.ObjectValue {
		out.Kind = tree.Object
	}
	for _, child := range v.Children {
		one, present, err := l.value(child.Value, depth+1)
		if err != nil {
			return value{}, err
		}
		if out.Kind == tree.Object {
			if !present {
				continue
			}
			out.Names = append(out.Names, child.Name)
		}
		out.Items = append(out.Items, one)
	}
	return out, nil
}

// oneText refuses a string whose value depends on the reader: one with half a
// surrogate pair, which the parser shows as U+FFFD, and a block string whose first
// line has text and all others an indent, for the parser counts the first one's too.
func oneText(v *ast.Value) error {
	if strings.ContainsRune(v.Raw, utf8.RuneError) {
		return errors.New("a string with a replacement character or half a surrogate pair")
	}
	_, rest, several := strings.Cut(v.Raw, "\n")
	if v.Kind != ast.BlockValue || !several {
		return nil
	}
	for line := range strings.SplitSeq(rest, "\n") {
		if line != "" && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			return nil
		}
	}
	return errors.New("a block string with an indent that readers count differently")
}
