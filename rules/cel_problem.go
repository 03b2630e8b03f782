package rules

import (
	"fmt"
	"regexp"
	"strings"

	"cel.dev/cel-go/cel"
)

// A problem is a mistake inside a condition: line from 1, col from 0, in code points.
type problem struct {
	line, col  int
	text, hint string
	define     *define // in whose text it is; nil for the condition itself
	elsewhere  bool    // it is another's, who reports it
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

// suggested is how CEL's own messages end that have a suggestion.
var suggested = regexp.MustCompile(` \(did you mean '([^']*)'\?\)$`)

// problemsOf are the issues of a condition that reads written.
func problemsOf(issues *cel.Issues, written string) []problem {
	var out []problem
	for _, e := range issues.Errors() {
		text := e.Message
		for _, r := range rewordings {
			text = r.old.ReplaceAllString(text, r.new)
		}
		p := problem{line: max(e.Location.Line(), 1), col: max(e.Location.Column(), 0), text: text, hint: remedyOf(text, written)}
		if meant := suggested.FindStringSubmatch(text); meant != nil {
			p.text, p.hint = text[:len(text)-len(meant[0])], fmt.Sprintf("did you mean %q?", meant[1])
		}
		out = append(out, p)
	}
	return out
}

// remedies say what to write for what other languages allow.
var remedies = []struct {
	of   *regexp.Regexp
	hint string
}{
	{regexp.MustCompile(`^not a condition: and is not`), "write &&"},
	{regexp.MustCompile(`^not a condition: or is not`), "write ||"},
	{regexp.MustCompile(`recognition error at: '= ?'`), "write =="},
	{regexp.MustCompile(`recognition error at: '["']`), "a quote is not closed"},
	{regexp.MustCompile(`does not apply to .*\bnull\b`), "absent is no value: ask has(object.name)"},
	{regexp.MustCompile(`^[!=]= does not apply to list\(`), "ask whether the list has it: value in list"},
	{regexp.MustCompile(`does not apply to (int, string|string, int)$`), "a text stands in quotes, a number without"},
	{regexp.MustCompile(`^[!=<>]=? does not apply to (timestamp, string|string, timestamp)$`), `write a moment as timestamp("2027-01-31T00:00:00Z")`},
}

// inWords is a `not` before what it is about.
var inWords = regexp.MustCompile(`(^|[\s(])not\s`)

func remedyOf(text, written string) string {
	for _, r := range remedies {
		if r.of.MatchString(text) {
			return r.hint
		}
	}
	if strings.HasSuffix(text, " is not expected here") && inWords.MatchString(written) {
		return "write ! for not"
	}
	return ""
}
