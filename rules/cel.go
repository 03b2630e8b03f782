package rules

import (
	"fmt"
	"net/netip"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
)

// The files cel*.go alone know cel-go. They check the text of a condition against
// what its scope declares, turn simple conditions into terms (term.go) and run the
// rest as CEL programs that read facts without copying them.

// expressions compiles conditions. One environment serves every scope: its
// types answer for the scope that is set.
type expressions struct {
	env   *cel.Env
	types *celTypes
	slow  bool // only programs: for the test that compares the two

	constants constants // of the conditions that were compiled
}

func newExpressions(also ...cel.EnvOption) (*expressions, error) {
	x := &expressions{types: new(celTypes)}
	x.constants = constants{networks: make(map[string]netip.Prefix), hours: make(map[string]*hours)}
	env, err := cel.NewCustomEnv(
		cel.StdLib(),
		cel.ClearMacros(),
		cel.Macros(cel.AllMacro, cel.ExistsMacro, cel.ExistsOneMacro, cel.MapMacro, cel.MapFilterMacro, cel.FilterMacro,
			cel.GlobalMacro(operators.Has, 1, expandHas)),
		cel.EnableIdentifierEscapeSyntax(), // caller.claims.`a-b`
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxText),
		cel.RegexProgramSizeLimit(maxPattern),
		cel.Variable("object", structType("object")),
		cel.Variable("caller", structType("caller")),
		cel.Variable("user", structType("user")),
		cel.Variable("request", structType("request")),
		cel.Variable("peer", cel.StringType),
		cel.Variable("purpose", cel.StringType),
		cel.Variable("action", cel.StringType),
		cel.Variable("now", cel.TimestampType),
		x.constants.functions(),
	)
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	x.types.Provider = env.CELTypeProvider()
	x.env, err = env.Extend(append(also, cel.CustomTypeProvider(x.types))...)
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	return x, nil
}

// check parses a text and checks it within a scope; kind says what is wrong with the
// kind of its value, if anything.
func (x *expressions) check(sc *scope, text string, kind func(*cel.Type) string) (checked *cel.Ast, w walker, problems []problem) {
	x.types.scope = sc
	parsed, issues := x.env.Parse(text)
	if issues.Err() != nil {
		return nil, w, problemsOf(issues, text)
	}
	namedMembers(parsed.NativeRep().Expr())
	w = walker{scope: sc, constants: &x.constants, info: parsed.NativeRep().SourceInfo()}
	w.expr(parsed.NativeRep().Expr())
	if len(w.problems) > 0 {
		return nil, w, w.problems
	}
	checked, issues = x.env.Check(parsed)
	if issues.Err() != nil {
		return nil, w, problemsOf(issues, text)
	}
	start := func(format string, args ...any) []problem {
		return []problem{{line: 1, text: fmt.Sprintf(format, args...)}}
	}
	if wrong := kind(checked.OutputType()); wrong != "" {
		return nil, w, start("%s", wrong)
	}
	estimate, err := x.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, w, start("its cost cannot be estimated: %v", err)
	}
	if estimate.Max > maxEstimate {
		return nil, w, start("the condition may cost %s, at most %d is allowed", costText(estimate.Max), maxEstimate)
	}
	return checked, w, nil
}

// compile checks a condition within a scope. With problems there is no condition.
func (x *expressions) compile(sc *scope, text string) (*condition, []problem) {
	checked, w, problems := x.check(sc, text, func(out *cel.Type) string {
		if !out.IsExactType(cel.BoolType) && (sc.claims != nil || !out.IsExactType(cel.DynType)) {
			return fmt.Sprintf("the condition is %v, want true or false", out)
		}
		return ""
	})
	if len(problems) > 0 {
		return nil, problems
	}
	program, err := x.program(checked)
	if err != nil {
		return nil, []problem{{line: 1, text: err.Error()}}
	}
	c := &condition{reads: w.reads, narrows: narrows(sc, checked.NativeRep().Expr()), test: func(f *facts) truth { return run(program, f) }}
	if t := termOf(sc, checked.NativeRep().Expr()); t != nil && t.kind == Bool && !x.slow {
		c.test, c.closure = t.compile(), true
	}
	f := folder{expressions: x, scope: sc, info: w.info, root: checked.NativeRep().Expr().ID(), whole: program}
	c.always = f.truth(checked.NativeRep().Expr())
	return c, nil
}

// program makes what runs a checked condition within the cost that one may have.
func (x *expressions) program(checked *cel.Ast) (cel.Program, error) {
	return x.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
}
