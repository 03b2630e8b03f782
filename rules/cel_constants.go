package rules

import (
	"fmt"
	"regexp/syntax"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// checksOfConstants read at load what stands written out in a call. What the types of
// the arguments say, the type check says better.
var checksOfConstants = map[string]func(*walker, []ast.Expr){
	"inNetwork": (*walker).inNetwork, "within": (*walker).within, "semver": (*walker).semver,
	"under": (*walker).under, "segment": (*walker).segment, "containsAll": (*walker).containsAll,
}

// writtenText returns a text that is written out. isText is false for what is a literal
// of another kind, which the type check reports.
func writtenText(e ast.Expr) (text string, written, isText bool) {
	if e.Kind() != ast.LiteralKind {
		return "", false, false
	}
	v, ok := e.AsLiteral().(types.String)
	return string(v), true, ok
}

// matches counts what a pattern comes to. CEL says what is wrong with it.
func (w *walker) matches(pattern ast.Expr) {
	text, written, _ := writtenText(pattern)
	if !written {
		w.bad(pattern, "", "matches() wants its pattern written out")
	}
	if re, err := syntax.Parse(text, syntax.Perl); err == nil {
		w.constants.steps += steps(re)
	}
	if w.constants.steps > maxAllSteps {
		w.bad(pattern, "repeat less in each, or write fewer", "the pattern and all before it come to more than %d steps", maxAllSteps)
	}
}

func (w *walker) inNetwork(args []ast.Expr) {
	if len(args) != 2 {
		return
	}
	networks := args[1:]
	if args[1].Kind() == ast.ListKind {
		networks = args[1].AsList().Elements()
		if len(networks) == 0 {
			w.bad(args[1], "", "inNetwork() has no network to compare with")
		}
	}
	for _, e := range networks {
		text, written, isText := writtenText(e)
		if !written {
			w.bad(e, "", "inNetwork() wants its networks written out")
		}
		if !isText {
			continue
		}
		p, problem, hint := parseNetwork(text)
		if problem == "" && p.Bits() == 0 {
			problem, hint = fmt.Sprintf("the network %q is all addresses there are", text), "leave the condition out, then any will do"
		}
		if problem != "" {
			w.bad(e, hint, "%s", problem)
		}
		w.constants.networks[text] = p
	}
}

func (w *walker) within(args []ast.Expr) {
	if len(args) != 2 {
		return
	}
	text, written, isText := writtenText(args[1])
	if !written {
		w.bad(args[1], "", "within() wants its hours written out")
	}
	if !isText {
		return
	}
	h, problem, hint := parseHours(text)
	if problem != "" {
		w.bad(args[1], hint, "%s", problem)
	}
	w.constants.hours[text] = h
}

func (w *walker) semver(args []ast.Expr) {
	for _, e := range args {
		text, _, isText := writtenText(e)
		if _, ok := parseVersion(text); isText && !ok {
			w.bad(e, "three numbers and no v, such as 2.1.0 or 2.1.0-rc.1", "%q is no version", text)
		}
	}
}

func (w *walker) under(args []ast.Expr) {
	for _, e := range args {
		text, _, isText := writtenText(e)
		if _, ok := segmentsOf(text); isText && !ok {
			w.bad(e, nameHint(text), "%q is no hierarchical name", text)
		}
	}
}

func nameHint(text string) string {
	if short := strings.TrimRight(text, "/"); short != text {
		if _, ok := segmentsOf(short); ok {
			return short
		}
	}
	return "such as projects/p1 or spiffe://example.com/ns/billing"
}

func (w *walker) segment(args []ast.Expr) {
	if len(args) != 2 {
		return
	}
	e := args[1]
	text, written, isText := writtenText(e)
	switch {
	case !written:
		w.bad(e, "", "segment() wants the collection or the place written out")
	case isText && (text == "" || strings.Contains(text, "/")):
		w.bad(e, "such as projects", "%q is no collection", text)
	case !isText:
		if place, ok := e.AsLiteral().(types.Int); ok && place < 0 {
			w.bad(e, "the first segment is 0", "no name has a segment %d", int64(place))
		}
	}
	w.under(args[:1])
}

// containsAll of nothing holds of every list.
func (w *walker) containsAll(args []ast.Expr) {
	if len(args) == 2 && args[1].Kind() == ast.ListKind && args[1].AsList().Size() == 0 {
		w.bad(args[1], "", "every list contains all of an empty one")
	}
}
