package rules

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
)

// folder finds what a checked condition is sure to be, whatever is asked: parts of it
// that read nothing are computed, and the rest is unknown.
type folder struct {
	expressions *expressions
	scope       *scope
	info        *ast.SourceInfo
	root        int64 // the condition itself
	whole       cel.Program
}

// truth is yes or no where that is sure, also of a request that makes the rest fail.
// Anything else is unknown.
func (f *folder) truth(e ast.Expr) truth {
	if e.Kind() == ast.CallKind {
		args := e.AsCall().Args()
		switch e.AsCall().FunctionName() {
		case operators.LogicalAnd:
			return f.all(args, truth.and)
		case operators.LogicalOr:
			return f.all(args, truth.or)
		case operators.LogicalNot:
			return f.truth(args[0]).not()
		case operators.Conditional:
			switch f.truth(args[0]) { //nolint:exhaustive // else it depends on what is asked
			case yes:
				return f.truth(args[1])
			case no:
				return f.truth(args[2])
			}
			return unknown
		}
	}
	return f.computed(e)
}

func (f *folder) all(args []ast.Expr, join func(a, b truth) truth) truth {
	out := f.truth(args[0])
	for _, arg := range args[1:] {
		out = join(out, f.truth(arg))
	}
	return out
}

// computed runs a part that reads nothing. A part with a macro inside a larger condition
// cannot be written as text again, and is not tried.
func (f *folder) computed(e ast.Expr) truth {
	w := walker{scope: f.scope, info: f.info, constants: &f.expressions.constants}
	if w.expr(e); len(w.reads) > 0 || len(w.problems) > 0 {
		return unknown
	}
	program := f.whole
	if e.ID() != f.root {
		text, err := cel.ExprToString(e, f.info)
		if err != nil {
			return unknown
		}
		part, issues := f.expressions.env.Compile(text)
		if issues.Err() != nil {
			return unknown
		}
		if program, err = f.expressions.program(part); err != nil {
			return unknown
		}
	}
	if got := run(program, new(facts)); got == yes || got == no {
		return got
	}
	return unknown
}
