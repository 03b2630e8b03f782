package rules

import (
	"slices"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// narrows reports whether a condition is sure to keep some objects of its type
// out, so that a rule with it does not cover them all.
//
// It asks for a stranger: an object whose id, parent and attributes have values
// that nothing else has. A condition narrows if it cannot hold of the stranger,
// whoever the caller is; what is not sure counts as holding. So equality with a
// value of the caller narrows, and neither its negation nor a function of the
// object alone does. A boolean has no third value: the stranger has the one that
// the condition does not want, and where it wants both, no boolean counts.
func narrows(sc *scope, e ast.Expr) bool {
	s := stranger{scope: sc, wants: make(map[want]bool)}
	s.note(e, true)
	return s.excludes(e, true)
}

type stranger struct {
	scope *scope
	wants map[want]bool // all that the condition says of boolean attributes
}

// want is a boolean attribute and the value that it should have.
type want struct {
	attribute string
	value     bool
}

// excludes reports whether e cannot be v for the stranger.
func (s *stranger) excludes(e ast.Expr, v bool) bool {
	op, args := call(e)
	switch op {
	case operators.LogicalNot:
		return s.excludes(args[0], !v)
	case operators.LogicalAnd, operators.LogicalOr:
		a, b := s.excludes(args[0], v), s.excludes(args[1], v)
		if (op == operators.LogicalAnd) == v {
			return a || b // both would have to be v
		}
		return a && b
	case operators.Conditional:
		return (s.excludes(args[0], true) || s.excludes(args[1], v)) &&
			(s.excludes(args[0], false) || s.excludes(args[2], v))
	}
	if literal, ok := boolean(e); ok {
		return literal != v
	}
	if w, ok := s.flag(e, v); ok {
		return !s.wants[want{w.attribute, !w.value}]
	}
	return s.names(e, v)
}

// note collects what would make e be v, as far as it is a boolean attribute.
func (s *stranger) note(e ast.Expr, v bool) {
	op, args := call(e)
	switch op {
	case operators.LogicalNot:
		s.note(args[0], !v)
	case operators.LogicalAnd, operators.LogicalOr:
		s.note(args[0], v)
		s.note(args[1], v)
	case operators.Conditional:
		s.note(args[0], true)
		s.note(args[0], false)
		s.note(args[1], v)
		s.note(args[2], v)
	default:
		if w, ok := s.flag(e, v); ok {
			s.wants[w] = true
		}
	}
}

// flag reads e as a boolean attribute, alone or compared with true or false, and
// says which value of it makes e be v.
func (s *stranger) flag(e ast.Expr, v bool) (w want, ok bool) {
	if op, args := call(e); op == operators.Equals || op == operators.NotEquals {
		for i, side := range args {
			if literal, ok := boolean(args[1-i]); ok {
				return s.flag(side, (literal == v) == (op == operators.Equals))
			}
		}
		return want{}, false
	}
	if r := s.object(e); r != nil && r.kind == Bool {
		return want{r.name, v}, true
	}
	return want{}, false
}

// names reports whether e, to be v, compares something of the object with a value
// that is not the object's, in a way that only values named there can pass.
func (s *stranger) names(e ast.Expr, v bool) bool {
	op, args := call(e)
	switch op {
	case operators.Equals, operators.NotEquals:
		return (op == operators.Equals) == v &&
			(s.column(args[0]) && foreign(args[1]) || foreign(args[0]) && s.column(args[1]))
	case operators.In:
		return v && (s.column(args[0]) && foreign(args[1]) || foreign(args[0]) && s.column(args[1]))
	case "startsWith", "endsWith":
		return v && len(args) == 1 && s.column(e.AsCall().Target()) && foreign(args[0]) && filled(args[0])
	case "under":
		return v && len(args) == 2 && s.column(args[0]) && foreign(args[1])
	case "intersects":
		return v && len(args) == 2 && (s.column(args[0]) && foreign(args[1]) || foreign(args[0]) && s.column(args[1]))
	case "containsAll":
		return v && len(args) == 2 && s.column(args[0]) && foreign(args[1]) && args[1].Kind() == ast.ListKind && args[1].AsList().Size() > 0
	}
	return false
}

// column reports whether e is something of the object that can have any number of values.
func (s *stranger) column(e ast.Expr) bool {
	r := s.object(e)
	return r != nil && r.kind != Bool
}

// object returns what of one object e reads, or nil.
func (s *stranger) object(e ast.Expr) *variableRef {
	path, ok := selected(e)
	if !ok {
		return nil
	}
	r, used, problem, _ := s.scope.lookup(path)
	if problem != "" || used != len(path) || !r.ofObject() {
		return nil
	}
	return r
}

// foreign reports whether e has nothing to do with the object. What is in the
// request does not count as foreign: who picks the object writes it too.
func foreign(e ast.Expr) bool {
	ok := true
	ast.PostOrderVisit(e, ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() == ast.IdentKind && slices.Contains([]string{"object", "request"}, e.AsIdent()) {
			ok = false
		}
	}))
	return ok
}

// filled reports whether a text cannot be empty. One of the caller cannot: it would be absent.
func filled(e ast.Expr) bool {
	if op, args := call(e); op == operators.Add {
		return filled(args[0]) || filled(args[1])
	}
	if e.Kind() == ast.LiteralKind {
		text, ok := e.AsLiteral().(types.String)
		return ok && text != ""
	}
	path, ok := selected(e)
	return ok && slices.Contains([]string{"caller", "user", "peer"}, path[0])
}

// call returns the function that e calls, and its arguments; "" if it is no call.
func call(e ast.Expr) (function string, args []ast.Expr) {
	if e.Kind() != ast.CallKind {
		return "", nil
	}
	return e.AsCall().FunctionName(), e.AsCall().Args()
}

func boolean(e ast.Expr) (v, ok bool) {
	if e.Kind() != ast.LiteralKind {
		return false, false
	}
	b, ok := e.AsLiteral().(types.Bool)
	return bool(b), ok
}
