package rules

import (
	"regexp"

	"cel.dev/cel-go/cel"
)

// A problem is a mistake inside a condition: line from 1, col from 0, in code points.
type problem struct {
	line, col  int
	text, hint string
	define     *define // in whose text it is; nil for the condition itself
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
