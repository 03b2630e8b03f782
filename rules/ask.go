package rules

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// AskDecl is `ask` of an allow rule: a header in which the caller says why.
type AskDecl struct {
	Pos     Pos
	Header  At[string] `yaml:"header"`
	Pattern At[string] `yaml:"pattern"` // of the whole value
	As      At[string] `yaml:"as"`      // its name in the record
}

// Answer is what a caller said where a rule asks, under the name that the rule gives it.
type Answer struct{ Name, Value string }

// ask is a compiled AskDecl.
type ask struct {
	header, as string
	pattern    *regexp.Regexp // of whole values
}

// maxAnswer bounds an answer, in bytes: it goes into the record.
const maxAnswer = 256

// answer is what a request says where the rule asks; false where it says nothing
// or something unfit.
func (a *ask) answer(r *Request) (value string, ok bool) {
	value, found := r.once(a.header)
	return value, found && value != "" && len(value) <= maxAnswer && shows(value) && a.pattern.MatchString(value)
}

// shows reports whether a value is text in which nothing is hidden.
func shows(value string) bool {
	return utf8.ValidString(value) && !strings.ContainsFunc(value, func(r rune) bool { return r == '\n' || r == '\t' || hidden(r) })
}

// heard keeps what the caller answered to a rule that applies.
func (j *judge) heard(c *clause) {
	if c.ask == nil {
		return
	}
	value, ok := c.ask.answer(j.facts.req)
	if !ok { // it is supposed
		return
	}
	if a := (Answer{c.ask.as, value}); !slices.Contains(j.answers, a) {
		j.answers = append(j.answers, a)
	}
}

// AskedHeaders returns the headers in which rules in force ask, sorted. What they ask is
// answered here: the headers go no further.
func (s *Set) AskedHeaders() []string { return s.asks }
