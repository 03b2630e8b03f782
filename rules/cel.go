package rules

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// This file alone knows cel-go. It checks the text of a condition against what
// its scope declares, turns simple conditions into terms (term.go) and runs the
// rest as CEL programs that read facts without copying them.

// Limits in CEL's cost units: the estimate of a condition that still loads, what
// one run of it may spend, and what all conditions of a verdict may spend together
// before no more are run. About 10,000 units take a millisecond.
const (
	maxEstimate     = 10_000
	maxCost         = 20_000
	maxSpent        = 500_000
	maxText         = 4 << 10 // code points of a condition
	maxPattern      = 1_000   // instructions of a compiled regular expression
	assumedText     = 256     // bytes of a text value, for the estimate
	assumedListSize = 64      // elements of a list value, for the estimate
)

// errAbsent marks a read of a value that is absent.
var errAbsent = errors.New("no such value")

// A problem is a mistake inside a condition: line from 1, col from 0, in code points.
type problem struct {
	line, col  int
	text, hint string
}

// expressions compiles conditions. One environment serves every scope: its
// types answer for the scope that is set.
type expressions struct {
	env   *cel.Env
	types *celTypes
	slow  bool // only programs: for the test that compares the two
}

func newExpressions() (*expressions, error) {
	x := &expressions{types: new(celTypes)}
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
		cel.Variable("request", structType("request")),
		cel.Variable("purpose", cel.StringType),
		cel.Variable("action", cel.StringType),
		cel.Variable("now", cel.TimestampType),
	)
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	x.types.Provider = env.CELTypeProvider()
	x.env, err = env.Extend(cel.CustomTypeProvider(x.types))
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	return x, nil
}

// expandHas makes has(object.x) read a field of its own, "?x": presence then has
// three answers, which CEL's own presence test has not. Query parameters are
// keys of a map and always known, so they keep CEL's test.
func expandHas(eh cel.MacroExprFactory, _ ast.Expr, args []ast.Expr) (ast.Expr, *cel.Error) {
	if name, ok := claimIndex(args[0]); ok {
		return eh.NewSelect(args[0].AsCall().Args()[0], "?"+name), nil
	}
	if args[0].Kind() != ast.SelectKind {
		return nil, eh.NewError(args[0].ID(), "has() wants a member such as object.tenant")
	}
	s := args[0].AsSelect()
	if path, ok := selected(s.Operand()); ok && slices.Equal(path, []string{"request", "query"}) {
		return eh.NewPresenceTest(s.Operand(), s.FieldName()), nil
	}
	return eh.NewSelect(s.Operand(), "?"+s.FieldName()), nil
}

// namedClaims turns caller.claims["x:y"] into the member that it means. CEL has
// no other way to write a name with a colon, and names of claims are often URLs.
func namedClaims(e ast.Expr) {
	f := ast.NewExprFactory()
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if name, ok := claimIndex(e); ok {
			e.SetKindCase(f.NewSelect(e.ID(), e.AsCall().Args()[0], name))
		}
	}))
}

// claimIndex returns the name in caller.claims["name"].
func claimIndex(e ast.Expr) (name string, ok bool) {
	if e.Kind() != ast.CallKind || e.AsCall().FunctionName() != operators.Index || len(e.AsCall().Args()) != 2 {
		return "", false
	}
	of, index := e.AsCall().Args()[0], e.AsCall().Args()[1]
	path, ok := selected(of)
	if !ok || !slices.Equal(path, []string{"caller", "claims"}) || index.Kind() != ast.LiteralKind {
		return "", false
	}
	text, ok := index.AsLiteral().(types.String)
	return string(text), ok && text != "" && !strings.HasPrefix(string(text), "?")
}

// compile checks a condition within a scope. With problems there is no condition.
func (x *expressions) compile(sc *scope, text string) (*condition, []problem) {
	x.types.scope = sc
	parsed, issues := x.env.Parse(text)
	if issues.Err() != nil {
		return nil, problemsOf(issues)
	}
	namedClaims(parsed.NativeRep().Expr())
	w := walker{scope: sc, info: parsed.NativeRep().SourceInfo()}
	w.expr(parsed.NativeRep().Expr())
	if len(w.problems) > 0 {
		return nil, w.problems
	}
	checked, issues := x.env.Check(parsed)
	if issues.Err() != nil {
		return nil, problemsOf(issues)
	}
	start := func(format string, args ...any) []problem {
		return []problem{{line: 1, text: fmt.Sprintf(format, args...)}}
	}
	if out := checked.OutputType(); !out.IsExactType(cel.BoolType) && (sc.claims != nil || !out.IsExactType(cel.DynType)) {
		return nil, start("the condition is %v, want true or false", out)
	}
	estimate, err := x.env.EstimateCost(checked, sizes{})
	if err != nil {
		return nil, start("its cost cannot be estimated: %v", err)
	}
	if estimate.Max > maxEstimate {
		return nil, start("the condition may cost %s, at most %d is allowed", costText(estimate.Max), maxEstimate)
	}
	program, err := x.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return nil, start("%v", err)
	}
	c := &condition{reads: w.reads, tells: w.tells, test: func(f *facts) truth { return run(program, f) }}
	if t := termOf(sc, checked.NativeRep().Expr()); t != nil && t.kind == Bool && !x.slow {
		c.test, c.closure = t.compile(), true
	}
	return c, nil
}

func costText(c uint64) string {
	if c == math.MaxUint64 {
		return "without bound"
	}
	return fmt.Sprint(c)
}

// rewordings turn messages for programmers into messages for who writes rules.
var rewordings = []struct {
	old *regexp.Regexp
	new string
}{
	{regexp.MustCompile(` \(in container '.*'\)`), ""},
	{regexp.MustCompile(`found no matching overload for '@?_?([^_']+)_?' applied to '\((.*)\)'`), "$1 does not apply to $2"},
	{regexp.MustCompile(`found no matching overload for '([^']+)' applied to '(.*)'`), "$1 does not apply to $2"},
	{regexp.MustCompile(`undeclared reference to '([^']*)'`), `unknown function "$1"`},
	{regexp.MustCompile(` (mismatched|extraneous) input '(.*)' expecting .*`), " $2 is not expected here"},
	{regexp.MustCompile(`'?<EOF>'?`), "the end"},
	{regexp.MustCompile(`^Syntax error:`), "not a condition:"},
	{regexp.MustCompile(`type '(.*)' does not support field selection`), "a $1 has no members"},
}

func problemsOf(issues *cel.Issues) []problem {
	var out []problem
	for _, e := range issues.Errors() {
		text := e.Message
		for _, r := range rewordings {
			text = r.old.ReplaceAllString(text, r.new)
		}
		out = append(out, problem{line: e.Location.Line(), col: e.Location.Column(), text: text})
	}
	return out
}

// run evaluates a program, unless the request has spent what its conditions may.
// It counts cost, not time, so one request has one answer on any machine. cel-go
// turns a panic inside into an error.
func run(p cel.Program, f *facts) truth {
	if f.spent >= maxSpent {
		return failed
	}
	out, details, err := p.Eval((*activation)(f))
	if cost := details.ActualCost(); cost != nil {
		f.spent += *cost
	} else {
		f.spent += maxCost
	}
	switch v := out.(type) {
	case types.Bool:
		if err == nil {
			return truthOf(bool(v))
		}
	case *types.Unknown:
		if err == nil {
			return unknown
		}
	}
	// A key that a map does not have is only known by how the message begins; what
	// follows in a message may be the caller's own words.
	if errors.Is(err, errAbsent) || err != nil && strings.HasPrefix(err.Error(), "no such key: ") {
		return absent
	}
	return failed
}

// activation gives CEL its variables. The three structs are all the same facts;
// the fields of their types know what to read.
type activation facts

func (a *activation) Parent() cel.Activation { return nil }

func (a *activation) ResolveName(name string) (any, bool) {
	switch name {
	case "object", "caller", "request":
		return (*facts)(a), true
	case "purpose", "action", "now":
		v, err := fetch(&variableRef{name: name, what: builtin[name]}, (*facts)(a))
		if err != nil {
			return types.WrapErr(err), true
		}
		return v, true
	}
	return nil, false
}

// anUnknown is the value of what a collection's bounds do not say.
var anUnknown = types.NewUnknown(1, types.NewAttributeTrail("object"))

// fetch reads a variable the way CEL wants it.
func fetch(r *variableRef, f *facts) (any, error) {
	v, t := r.value(f)
	switch t {
	case yes:
		return v, nil
	case unknown:
		return anUnknown, nil
	case absent:
		return nil, fmt.Errorf("%s: %w", r.name, errAbsent)
	default:
		return nil, fmt.Errorf("%s: unreadable", r.name)
	}
}

// celTypes describes the structs object, caller, request and the two inside
// them, as the scope at hand declares their members.
type celTypes struct {
	types.Provider
	scope *scope
}

// inner are the members that are structs themselves.
var inner = map[string]bool{"object.parent": true, "caller.claims": true}

// structType names a struct by its path. The mark keeps a condition from taking
// the name for a type of its own.
func structType(path string) *types.Type { return types.NewObjectType("@" + path) }

func (t *celTypes) FindStructType(name string) (*types.Type, bool) {
	path, ours := strings.CutPrefix(name, "@")
	if !ours {
		return t.Provider.FindStructType(name)
	}
	return types.NewTypeTypeWithParam(structType(path)), true
}

func (t *celTypes) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	path, ours := strings.CutPrefix(name, "@")
	if !ours {
		return t.Provider.FindStructFieldType(name, field)
	}
	if inner[path+"."+field] {
		self := func(target any) (any, error) { return target, nil }
		return &types.FieldType{Type: structType(path + "." + field), IsSet: isSet, GetFrom: self}, true
	}
	member, presence := strings.CutPrefix(field, "?")
	r, used, text, _ := t.scope.lookup(append(strings.Split(path, "."), member))
	if text != "" || used == 0 {
		return nil, false
	}
	if presence {
		return &types.FieldType{Type: types.BoolType, IsSet: isSet, GetFrom: func(target any) (any, error) {
			f, ok := target.(*facts)
			if !ok {
				return nil, errAbsent
			}
			if t := r.present(f); t != unknown {
				return t == yes, nil
			}
			return anUnknown, nil
		}}, true
	}
	return &types.FieldType{Type: celType(r), IsSet: isSet, GetFrom: func(target any) (any, error) {
		f, ok := target.(*facts)
		if !ok {
			return nil, errAbsent
		}
		return fetch(r, f)
	}}, true
}

func isSet(any) bool { return true }

func celType(r *variableRef) *types.Type {
	if r.what == nowVar {
		return types.TimestampType
	}
	if r.what == requestQuery {
		return types.NewMapType(types.StringType, types.StringType)
	}
	switch r.kind {
	case String:
		return types.StringType
	case Int:
		return types.IntType
	case Bool:
		return types.BoolType
	case StringList:
		return types.NewListType(types.StringType)
	case IntList:
		return types.NewListType(types.IntType)
	default:
		return types.DynType
	}
}

// sizes tells the estimate how long values may be.
type sizes struct{}

func (sizes) EstimateCallCost(string, string, *cost.AstNode, []cost.AstNode) *cost.CallEstimate {
	return nil
}

func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	if n.Expr() != nil && n.Expr().Kind() == ast.LiteralKind {
		return nil // counted as it stands
	}
	switch n.Type().Kind() {
	case types.StringKind, types.BytesKind:
		return &cost.SizeEstimate{Max: assumedText}
	case types.ListKind, types.MapKind, types.DynKind:
		return &cost.SizeEstimate{Max: assumedListSize}
	default:
		return nil
	}
}

// walker finds what a parsed condition reads, and refuses what the type check
// would explain badly or not at all.
type walker struct {
	scope    *scope
	info     *ast.SourceInfo
	local    []string // variables of the macros around
	reads    []variableRef
	tells    bool // see condition
	problems []problem
}

func (w *walker) bad(e ast.Expr, hint, format string, args ...any) {
	at := w.info.GetStartLocation(e.ID())
	p := problem{line: at.Line(), col: at.Column(), text: fmt.Sprintf(format, args...), hint: hint}
	if e.Kind() == ast.SelectKind && !strings.HasPrefix(e.AsSelect().FieldName(), "?") {
		p.col++ // the place of a member is its dot
	}
	w.problems = append(w.problems, p)
}

func (w *walker) expr(e ast.Expr) {
	switch e.Kind() {
	case ast.IdentKind:
		if !slices.Contains(w.local, e.AsIdent()) {
			w.read(e, []string{e.AsIdent()})
		}
	case ast.SelectKind:
		path, ok := selected(e)
		if !ok || slices.Contains(w.local, path[0]) {
			w.expr(e.AsSelect().Operand())
			return
		}
		w.read(e, path)
	case ast.CallKind:
		w.call(e)
	case ast.ListKind:
		w.all(e.AsList().Elements())
	case ast.MapKind:
		for _, entry := range e.AsMap().Entries() {
			w.expr(entry.AsMapEntry().Key())
			w.expr(entry.AsMapEntry().Value())
		}
	case ast.StructKind:
		w.bad(e, "", "a condition cannot make a %s", e.AsStruct().TypeName())
	case ast.ComprehensionKind:
		w.comprehension(e)
	default: // a literal reads nothing
	}
}

func (w *walker) all(es []ast.Expr) {
	for _, e := range es {
		w.expr(e)
	}
}

func (w *walker) call(e ast.Expr) {
	call := e.AsCall()
	if call.IsMemberFunction() {
		w.expr(call.Target())
	}
	w.all(call.Args())
	if n := len(call.Args()); call.FunctionName() == "matches" && n > 0 && call.Args()[n-1].Kind() != ast.LiteralKind {
		w.bad(call.Args()[n-1], "", "matches() wants its pattern written out")
	}
}

func (w *walker) comprehension(e ast.Expr) {
	c := e.AsComprehension()
	w.expr(c.IterRange())
	w.expr(c.AccuInit())
	outer := w.local
	w.local = append(slices.Clone(w.local), c.IterVar(), c.AccuVar())
	switch c.IterVar() {
	case "object", "caller", "request", "purpose", "action", "now":
		w.bad(e, "", "%q already names something, choose another name", c.IterVar())
	}
	w.all([]ast.Expr{c.LoopCondition(), c.LoopStep(), c.Result()})
	w.local = outer
}

func (w *walker) read(e ast.Expr, path []string) {
	presence := strings.HasPrefix(path[len(path)-1], "?")
	for i := range path {
		path[i] = strings.TrimPrefix(path[i], "?")
	}
	r, _, text, hint := w.scope.lookup(path)
	if text != "" {
		w.bad(e, hint, "%s", text)
		return
	}
	w.tells = w.tells || r.ofObject() && !presence
	if !slices.ContainsFunc(w.reads, func(o variableRef) bool { return o.name == r.name }) {
		w.reads = append(w.reads, *r)
	}
}

// selected is the path of a chain of members from a name: object.parent.id.
func selected(e ast.Expr) ([]string, bool) {
	switch e.Kind() {
	case ast.IdentKind:
		return []string{e.AsIdent()}, true
	case ast.SelectKind:
		path, ok := selected(e.AsSelect().Operand())
		return append(path, e.AsSelect().FieldName()), ok
	default:
		return nil, false
	}
}

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
