package rules

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	celparser "cel.dev/cel-go/parser" // parser is ours, of files
)

// Variant is a condition that says something else in one place.
type Variant struct {
	Negated bool   // Part is negated; else it is left out
	Part    string // the operand that it is about
	Text    string // the whole condition
}

// Variants are a condition negated as a whole, and with each operand of its && and
// || negated or left out, in the order of the text. A condition that cannot be
// parsed has none.
func Variants(condition string) []Variant {
	// Without macros has() and exists() stay calls, which are written back as they were.
	env, err := cel.NewCustomEnv(cel.ClearMacros(), cel.EnableIdentifierEscapeSyntax())
	if err != nil {
		return nil
	}
	parsed, issues := env.Parse(condition)
	if issues.Err() != nil {
		return nil
	}
	v := variants{whole: parsed.NativeRep()}
	v.negate(v.whole.Expr())
	v.below(v.whole.Expr())
	return v.out
}

type variants struct {
	whole *ast.AST
	out   []Variant
}

// below varies the operands of e and of what is in it.
func (v *variants) below(e ast.Expr) {
	op, args := call(e)
	joined := op == operators.LogicalAnd || op == operators.LogicalOr
	for i, arg := range args {
		if inner, _ := call(arg); joined && inner != op { // a && b && c has three operands
			v.negate(arg)
			v.add(arg, e, args[1-i], false)
		}
		v.below(arg)
	}
	if e.Kind() == ast.CallKind && e.AsCall().IsMemberFunction() {
		v.below(e.AsCall().Target())
	}
}

func (v *variants) negate(e ast.Expr) {
	if op, args := call(e); op == operators.LogicalNot {
		v.add(e, e, args[0], true)
		return
	}
	f := ast.NewExprFactory()
	v.add(e, e, f.NewCall(0, operators.LogicalNot, f.CopyExpr(e)), true)
}

// add writes the condition with by in the place of what at is.
func (v *variants) add(part, at, by ast.Expr, negated bool) {
	f := ast.NewExprFactory()
	changed := f.CopyExpr(v.whole.Expr())
	var place ast.Expr // found first: by may hold a copy of at
	ast.PostOrderVisit(changed, ast.NewExprVisitor(func(e ast.Expr) {
		if e.ID() == at.ID() {
			place = e
		}
	}))
	if place == nil {
		return
	}
	place.SetKindCase(f.CopyExpr(by))
	name, err := celparser.Unparse(part, v.whole.SourceInfo(), celparser.EscapeIdentifiers(true))
	text, err2 := celparser.Unparse(changed, v.whole.SourceInfo(), celparser.EscapeIdentifiers(true))
	same := func(o Variant) bool { return o.Text == text }
	if err == nil && err2 == nil && !slices.ContainsFunc(v.out, same) {
		v.out = append(v.out, Variant{Negated: negated, Part: name, Text: text})
	}
}
