package rules

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// What a condition says otherwise than CEL does: has() and names of claims and headers.

// structs are the names whose members are variables.
var structs = []string{"object", "caller", "user", "request"}

// expandHas makes has(object.x) read a field of its own, "?x": presence then has
// three answers, which CEL's own presence test has not. Query parameters and what
// a macro or an index takes from a list are keys of maps and known, so they keep
// CEL's test.
func expandHas(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if name, ok := memberIndex(args[0]); ok {
		return eh.NewSelect(args[0].AsCall().Args()[0], "?"+name), nil
	}
	if args[0].Kind() != ast.SelectKind {
		return nil, eh.NewError(args[0].ID(), "has() wants a member such as object.tenant")
	}
	s := args[0].AsSelect()
	path, ok := selected(s.Operand())
	if !ok || !slices.Contains(structs, path[0]) || slices.Equal(path, []string{"request", "query"}) {
		return eh.NewPresenceTest(s.Operand(), s.FieldName()), nil
	}
	return eh.NewSelect(s.Operand(), "?"+s.FieldName()), nil
}

// namedMembers turns caller.claims["x:y"], request.header["x-y"] and request.body["x-y"] into the members
// that they mean. CEL has no other way to write a name with a colon, and names of
// claims are often URLs.
func namedMembers(e ast.Expr) {
	f := ast.NewExprFactory()
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := memberIndex(e); ok {
			e.SetKindCase(f.NewSelect(e.ID(), e.AsCall().Args()[0], name))
		}
	}))
}

// namesMembers reports whether a path leads to a struct whose members may have names that are no words.
func namesMembers(path []string) bool {
	if len(path) < 2 {
		return false
	}
	root := path[0] + "." + path[1]
	return len(path) == 2 && (root == "caller.claims" || root == "request.header") || root == "request.body"
}

// memberIndex returns the name in caller.claims["name"], request.header["name"] or in a body.
func memberIndex(e ast.Expr) (name string, ok bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Index || len(e.AsCall().Args()) != 2 {
		return "", false
	}
	of, index := e.AsCall().Args()[0], e.AsCall().Args()[1]
	path, ok := selected(of)
	if !ok || !namesMembers(path) || index.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := index.AsLiteral().(types.String)
	return string(text), ok && text != "" && !strings.HasPrefix(string(text), "?")
}
