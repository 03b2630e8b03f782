package rules

import (
	"slices"

	"cel.dev/cel-go/common/ast"
)

// nameAt is a name that stands alone in a condition, and where, in code points.
type nameAt struct {
	name string
	at   int
}

// names finds the names that stand alone in a text, in order, and those that its
// macros give to elements. ok is false for what is no condition.
func (x *expressions) names(text string) (alone []nameAt, local []string, problems []problem) {
	parsed, issues := x.env.Parse(text)
	if issues.Err() != nil {
		return nil, nil, problemsOf(issues, text)
	}
	info := parsed.NativeRep().SourceInfo()
	ast.PostOrderVisit(parsed.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.ComprehensionKind:
			local = append(local, e.AsComprehension().IterVar())
		case ast.IdentKind:
			if at, ok := info.GetOffsetRange(e.ID()); ok {
				alone = append(alone, nameAt{e.AsIdent(), int(at.Start)})
			}
		default:
		}
	}))
	slices.SortFunc(alone, func(a, b nameAt) int { return a.at - b.at })
	return slices.Compact(alone), local, nil
}
