package rules

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// partsOf divides a condition that compiled before into what && joins, in the order in
// which it is written. It makes an environment of its own: it is for explanations, which
// are few, so that rules need not hold for each request what few ask.
func partsOf(sc *scope, text string) []conjunct {
	x, err := newExpressions(cel.EnableMacroCallTracking())
	if err != nil {
		return nil
	}
	x.types.scope = sc
	parsed, issues := x.env.Parse(text)
	if issues.Err() != nil {
		return nil
	}
	namedMembers(parsed.NativeRep().Expr())
	constants := walker{scope: sc, constants: &x.constants, info: parsed.NativeRep().SourceInfo()}
	constants.expr(parsed.NativeRep().Expr()) // networks and hours are read here
	checked, issues := x.env.Check(parsed)
	if issues.Err() != nil {
		return nil
	}
	whole := checked.NativeRep()
	var out []conjunct
	for _, e := range conjuncts(whole.Expr()) {
		w := walker{scope: sc, constants: &x.constants, info: whole.SourceInfo()}
		w.expr(e)
		program, err := x.env.PlanProgram(ast.NewCheckedAST(ast.NewAST(e, whole.SourceInfo()), whole.TypeMap(), whole.ReferenceMap()), cel.CostLimit(maxCost))
		if err != nil {
			return nil
		}
		written, err := cel.ExprToString(e, whole.SourceInfo())
		if err != nil {
			written = text
		}
		out = append(out, conjunct{written, w.reads, literals(e), func(f *facts) truth { return run(program, f) }})
	}
	return out
}

func conjuncts(e ast.Expr) []ast.Expr {
	op, args := call(e)
	if op != operators.LogicalAnd {
		return []ast.Expr{e}
	}
	var out []ast.Expr
	for _, arg := range args {
		out = append(out, conjuncts(arg)...)
	}
	return out
}

// literals are the texts, numbers and truths that stand in an expression.
func literals(e ast.Expr) (out []any) {
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.LiteralKind {
			return
		}
		switch v := e.AsLiteral().(type) {
		case types.String:
			out = append(out, string(v))
		case types.Int:
			out = append(out, int64(v))
		case types.Bool:
			out = append(out, bool(v))
		}
	}))
	return out
}
