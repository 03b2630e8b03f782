package rules

import (
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// termOf turns a checked condition into a term, or nil where it holds more than
// terms can say.
func termOf(sc *scope, e ast.Expr) *term {
	switch e.Kind() {
	case ast.LiteralKind:
		switch v := e.AsLiteral().(type) {
		case types.String:
			return &term{op: opLiteral, kind: String, text: string(v)}
		case types.Int:
			return &term{op: opLiteral, kind: Int, number: int64(v)}
		case types.Bool:
			return &term{op: opLiteral, kind: Bool, flag: bool(v)}
		}
	case ast.IdentKind, ast.SelectKind:
		return readTerm(sc, e)
	case ast.CallKind:
		op, ok := termOps[e.AsCall().FunctionName()]
		if !ok {
			return nil
		}
		t := &term{op: op, kind: Bool}
		for _, arg := range e.AsCall().Args() {
			sub := termOf(sc, arg)
			if sub == nil {
				return nil
			}
			t.args = append(t.args, sub)
		}
		return t.supported()
	default:
	}
	return nil
}

var termOps = map[string]termOp{
	operators.Equals: opEqual, operators.NotEquals: opDiffers,
	operators.LogicalAnd: opAnd, operators.LogicalOr: opOr, operators.LogicalNot: opNot,
	operators.In: opIn,
}

func readTerm(sc *scope, e ast.Expr) *term {
	path, ok := selected(e)
	if !ok {
		return nil
	}
	op, last := opRead, len(path)-1
	if member, presence := strings.CutPrefix(path[last], "?"); presence {
		path[last], op = member, opHas
	}
	r, used, text, _ := sc.lookup(path)
	if text != "" || used != len(path) || r.kind == NoKind || r.what == requestQuery {
		return nil
	}
	if op == opHas {
		return &term{op: opHas, kind: Bool, ref: r}
	}
	return &term{op: opRead, kind: r.kind, ref: r}
}
