package oracle

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// Cond is a condition in the small part of CEL that worlds use. The server
// reads its text, the evaluator the tree.
type Cond struct {
	Op   string // and, or, not; ==, !=, <, <=, >, >=, in, div, has, ref, starts, size, exists, named; or a function, see functions
	Kids []*Cond
	A, B Operand // of comparisons; A alone for has and for ref, a bool
}

// Operand is a reference or a literal.
type Operand struct {
	Ref  string // see evaluation.ref
	Text string
	Int  int64
	Bool bool
	List []string
	Kind string // of a literal: string, int, bool or [string]
}

func ref(name string) Operand     { return Operand{Ref: name} }
func str(s string) Operand        { return Operand{Text: s, Kind: "string"} }
func number(i int64) Operand      { return Operand{Int: i, Kind: "int"} }
func strs(list ...string) Operand { return Operand{List: list, Kind: "[string]"} }

func (o Operand) String() string {
	switch o.Kind {
	case "string":
		return strconv.Quote(o.Text)
	case "int":
		return strconv.FormatInt(o.Int, 10)
	case "bool":
		return strconv.FormatBool(o.Bool)
	case "[string]":
		quoted := make([]string, len(o.List))
		for i, s := range o.List {
			quoted[i] = strconv.Quote(s)
		}
		return "[" + strings.Join(quoted, ", ") + "]"
	}
	return o.Ref
}

// String is the condition as the rules file has it.
func (c *Cond) String() string {
	switch c.Op {
	case "and", "or":
		sign := map[string]string{"and": " && ", "or": " || "}[c.Op]
		parts := make([]string, len(c.Kids))
		for i, k := range c.Kids {
			parts[i] = "(" + k.String() + ")"
		}
		return strings.Join(parts, sign)
	case "not":
		return "!(" + c.Kids[0].String() + ")"
	case "has":
		return "has(" + c.A.Ref + ")"
	case "ref", "named":
		return c.A.Ref
	case "div": // an error when A is zero
		return fmt.Sprintf("100 / %s > %s", c.A, c.B)
	case "starts":
		return fmt.Sprintf("%s.startsWith(%s)", c.A, c.B)
	case "size":
		return fmt.Sprintf("size(%s) > %s", c.A, c.B)
	case "exists":
		return fmt.Sprintf("%s.exists(x, x == %s)", c.A, c.B)
	}
	if f, ok := functions[c.Op]; ok {
		return f.String(c.A, c.B)
	}
	return fmt.Sprintf("%s %s %s", c.A, c.Op, c.B)
}

// truth is the value of a condition. Unknown is what the bounds of a collection
// do not decide; Missing and Fault are errors: something absent, anything else.
type truth int

const (
	isFalse truth = iota
	isTrue
	isUnknown
	isMissing
	isFault
)

// and is CEL's conjunction over all of them: one false decides, then an
// unknown, then the first error.
func and(all ...truth) truth { return fold(isFalse, isTrue, all) }

func or(all ...truth) truth { return fold(isTrue, isFalse, all) }

func fold(decides, neutral truth, all []truth) truth {
	unknown, failed := false, neutral
	for _, t := range all {
		switch {
		case t == decides:
			return decides
		case t == isUnknown:
			unknown = true
		case t != neutral && failed == neutral:
			failed = t
		}
	}
	if unknown {
		return isUnknown
	}
	return failed
}

func not(t truth) truth {
	switch t {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	default:
		return t
	}
}

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

// value is what a reference gives: known is isTrue with v set, else isUnknown or isMissing.
type value struct {
	v     any
	known truth
}

// lookup resolves references for the target being judged.
type lookup func(ref string) value

// eval is the condition's value under refs.
func (c *Cond) eval(refs lookup) truth {
	switch c.Op {
	case "and", "or":
		kids := make([]truth, len(c.Kids))
		for i, k := range c.Kids {
			kids[i] = k.eval(refs)
		}
		if c.Op == "and" {
			return and(kids...)
		}
		return or(kids...)
	case "not":
		return not(c.Kids[0].eval(refs))
	case "named": // a define
		return c.Kids[0].eval(refs)
	case "has":
		switch refs(c.A.Ref).known {
		case isUnknown:
			return isUnknown
		case isMissing:
			return isFalse
		default:
			return isTrue
		}
	case "ref":
		a := refs(c.A.Ref)
		if a.known != isTrue {
			return a.known
		}
		return truthOf(a.v == true)
	}
	a, b := c.A.value(refs), c.B.value(refs)
	together := both
	if c.Op != "==" && c.Op != "!=" {
		together = leftFirst
	}
	if known := together(a, b); known != isTrue {
		return known
	}
	return relate(c.Op, a.v, b.v)
}

// leftFirst is how the operands of every operator but equality are taken: the
// first that is unknown or an error is the result.
func leftFirst(a, b value) truth {
	if a.known != isTrue {
		return a.known
	}
	return b.known
}

// both is how those of equality are taken: something absent is an error even
// where the other value is unknown.
func both(a, b value) truth {
	for _, bad := range []truth{isMissing, isUnknown} {
		if a.known == bad || b.known == bad {
			return bad
		}
	}
	return isTrue
}

func (o Operand) value(refs lookup) value {
	switch o.Kind {
	case "string":
		return value{o.Text, isTrue}
	case "int":
		return value{o.Int, isTrue}
	case "bool":
		return value{o.Bool, isTrue}
	case "[string]":
		return value{o.List, isTrue}
	}
	return refs(o.Ref)
}

func relate(op string, a, b any) truth {
	switch op {
	case "==":
		return truthOf(a == b)
	case "!=":
		return truthOf(a != b)
	case "in":
		return truthOf(contains(b, a))
	case "exists":
		return truthOf(contains(a, b))
	case "starts":
		return truthOf(strings.HasPrefix(a.(string), b.(string)))
	case "size":
		return truthOf(int64(reflect.ValueOf(a).Len()) > b.(int64))
	case "div":
		if a.(int64) == 0 {
			return isFault
		}
		return truthOf(100/a.(int64) > b.(int64))
	}
	if f, ok := functions[op]; ok {
		return f.of(a, b)
	}
	x, y := a.(int64), b.(int64)
	switch op {
	case "<":
		return truthOf(x < y)
	case "<=":
		return truthOf(x <= y)
	case ">":
		return truthOf(x > y)
	}
	return truthOf(x >= y)
}

// contains says whether a list of strings or integers has an element.
func contains(list, element any) bool {
	switch list := list.(type) {
	case []string:
		return slices.Contains(list, element.(string))
	case []int64:
		return slices.Contains(list, element.(int64))
	}
	return false
}
