package rules

import (
	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
)

// amount checks an expression that says how much. What is not known to be a whole
// number before it is read, as some claims are, is looked at then.
func (x *expressions) amount(sc *scope, text string) (*amount, []problem) {
	checked, w, problems := x.check(sc, text, func(out *cel.Type) string {
		if !out.IsExactType(cel.IntType) && !out.IsExactType(cel.DynType) {
			return "the amount is " + out.String() + ", want int"
		}
		return ""
	})
	if len(problems) > 0 {
		return nil, problems
	}
	a := &amount{reads: w.reads}
	if t := termOf(sc, checked.NativeRep().Expr()); t != nil && t.kind == Int && t.operand() && !x.slow {
		a.value = t.int
		return a, nil
	}
	program, err := x.program(checked)
	if err != nil {
		return nil, []problem{{line: 1, text: err.Error()}}
	}
	a.value = func(f *facts) (int64, truth) {
		v, t := eval(program, f)
		if t != yes {
			return 0, t
		}
		if n, ok := v.(types.Int); ok {
			return int64(n), yes
		}
		return 0, failed
	}
	return a, nil
}
