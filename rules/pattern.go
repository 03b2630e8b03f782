package rules

import (
	"regexp"
	"regexp/syntax"
)

// Limits of the steps of regular expressions: a few bytes such as (a{1,99}){1,99} come to
// very many. A step takes some 80 bytes, twice that where an id gives attributes.
const (
	maxSteps    = 10_000    // of one
	maxAllSteps = 2_000_000 // of all in a load
)

// pattern compiles a regular expression that a value matches as a whole, between what
// begins and what ends it. nil: a mistake says why.
func (c *compiler) pattern(what string, at At[string], begin, end string) *regexp.Regexp {
	parsed, err := syntax.Parse(at.V, syntax.Perl) // by itself: within a group `a)|(b` would do
	if err != nil {
		c.ms.Add(at.Pos, "%s is no regular expression: %v", what, err)
		return nil
	}
	n, all := steps(parsed), &c.expressions.constants.steps
	if *all += n; n > maxSteps {
		c.ms.AddHint(at.Pos, "repeat less: [a-z]{1,64}, or [a-z]+", "%s comes to %d steps, at most %d are compiled", what, n, maxSteps)
		return nil
	} else if *all > maxAllSteps {
		c.ms.AddHint(at.Pos, "repeat less in each, or write fewer", "%s and what stands before it come to more than %d steps", what, maxAllSteps)
		return nil
	}
	re, err := regexp.Compile(begin + at.V + end)
	if err != nil {
		c.ms.Add(at.Pos, "%s is no regular expression: %v", what, err)
		return nil
	}
	return re
}

// steps is what a regular expression comes to with its repetitions written out, about;
// the parser lets none through with more than some millions.
func steps(re *syntax.Regexp) int {
	n := 0
	for _, sub := range re.Sub {
		n += steps(sub)
	}
	switch re.Op {
	case syntax.OpLiteral:
		return n + len(re.Rune)
	case syntax.OpCharClass:
		return n + 1 + len(re.Rune)/16 // that many ranges are copied for each
	case syntax.OpCapture:
		return n + 2
	case syntax.OpRepeat:
		return (n + 1) * max(re.Min, re.Max, 1)
	default:
	}
	return n + 1
}
