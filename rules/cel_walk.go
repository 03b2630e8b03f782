package rules

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
)

// walker finds what a parsed condition reads, and refuses what the type check
// would explain badly or not at all.
type walker struct {
	scope     *scope
	info      *ast.SourceInfo
	constants *constants
	local     []string // variables of the macros around
	reads     []variableRef
	problems  []problem
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
	if n := len(call.Args()); call.FunctionName() == "matches" && n > 0 {
		w.matches(call.Args()[n-1])
	}
	if check := checksOfConstants[call.FunctionName()]; check != nil && !call.IsMemberFunction() {
		check(w, call.Args())
	}
}

func (w *walker) comprehension(e ast.Expr) {
	c := e.AsComprehension()
	w.expr(c.IterRange())
	w.expr(c.AccuInit())
	outer := w.local
	w.local = append(slices.Clone(w.local), c.IterVar(), c.AccuVar())
	switch c.IterVar() {
	case "object", "caller", "user", "peer", "request", "purpose", "action", "now":
		w.bad(e, "", "%q already names something, choose another name", c.IterVar())
	}
	w.all([]ast.Expr{c.LoopCondition(), c.LoopStep(), c.Result()})
	w.local = outer
}

func (w *walker) read(e ast.Expr, path []string) {
	for i := range path {
		path[i] = strings.TrimPrefix(path[i], "?")
	}
	r, _, text, hint := w.scope.lookup(path)
	if text != "" {
		w.bad(e, hint, "%s", text)
		return
	}
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
