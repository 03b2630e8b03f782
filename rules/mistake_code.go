package rules

import (
	"maps"
	"slices"
	"strings"
)

// Code names a kind of mistake in one word that stays when messages are worded
// anew: for tools that count, compare or annotate what check reports.
type Code string

// The kinds of mistakes and of warnings.
const (
	CodeValue     Code = "bad_value"
	CodeSyntax    Code = "not_yaml"
	CodeHidden    Code = "hidden_character"
	CodeKey       Code = "unknown_key"
	CodeLater     Code = "not_supported_yet"
	CodeShape     Code = "wrong_shape"
	CodeName      Code = "unknown_name"
	CodeTwice     Code = "given_twice"
	CodeMissing   Code = "missing"
	CodeMisplaced Code = "misplaced"
	CodeCondition Code = "bad_condition"
	CodeTemplate  Code = "bad_template"
	CodeBroad     Code = "broad_right"
	CodeOverlap   Code = "overlap"
	CodeVain      Code = "in_vain"
	CodeConstant  Code = "constant_condition"
	CodeUnused    Code = "unused"
	CodeReview    Code = "review"
	CodeReason    Code = "unjustified"
	CodeOwned     Code = "not_owned"
)

var abouts = map[Code]string{
	CodeValue:     "a value that cannot stand there, and whatever is of no other kind",
	CodeSyntax:    "no YAML, or YAML that two readers could read differently",
	CodeHidden:    "a character that does not show, or changes how others show",
	CodeKey:       "a key that nothing reads",
	CodeLater:     "a key or a form that a later version will have",
	CodeShape:     "a list, a mapping or a value where another of them belongs",
	CodeName:      "a name that nothing has",
	CodeTwice:     "a thing that is there already",
	CodeMissing:   "something that must be said and is not",
	CodeMisplaced: "a key that means nothing where it stands",
	CodeCondition: "a condition that does not compile, or costs too much",
	CodeTemplate:  "a header or a query parameter that cannot be set so",
	CodeBroad:     "a broad right without because, owner or review_by",
	CodeOverlap:   "two things that fit one request or one caller, and neither wins",
	CodeVain:      "what can never apply, or never have an effect",
	CodeConstant:  "a condition that holds of everything",
	CodeUnused:    "a declaration that nothing uses",
	CodeReason:    "a right to something sensitive for which nobody says why",
	CodeOwned:     "what a file of a lower layer may not speak about",
	CodeReview:    "a review that is overdue, or too far ahead",
}

// About says what mistakes of the kind are.
func (c Code) About() string { return abouts[c] }

// Codes returns every code that a mistake can have, in alphabetical order.
func Codes() []Code { return slices.Sorted(maps.Keys(abouts)) }

// kinds tell by the words of a format which kind of mistake it makes: messages
// about one kind are worded alike. The first that fits counts.
var kinds = []struct {
	code Code
	fits func(format string) bool
}{
	{CodeOwned, starts("team %q cannot", "team %q does not own", "team %q has not", "team %q would take")},
	{CodeLater, has("not supported yet")},
	{CodeKey, starts("unknown key", "no key of the configuration")},
	{CodeSyntax, starts("not valid YAML", "the file ", "a second document", "anchors and aliases", "nested deeper", "a key must be", "the tag ")},
	{CodeHidden, has("which does not show", "does not show, or changes", "ends a line for YAML")},
	{CodeConstant, has("always holds")},
	{CodeVain, has("never applies", "never apply", "never be recognised", "selects nobody", "stops nobody", "denies nothing", "could be bound", "bring a certificate", "raises nothing")},
	{CodeUnused, has("nothing uses", "nothing can have", "no group has it", "in no map line and has no weight")},
	{CodeOverlap, has("both match", "callers of identity", "have URIs in common")},
	{CodeBroad, starts("the rule covers")},
	{CodeReview, starts("the review of")},
	{CodeReason, starts("nobody says why")},
	{CodeTwice, has("already", " twice", "two columns are named")},
	{CodeMisplaced, has("has no meaning", "has no effect", "a peer has no", "means something only", "mean something only")},
	{CodeShape, starts("want %v", "want a value", "want %s as", "want a list", "want a map", "want nothing", "%v without anything in it", "a list kind")},
	{CodeValue, starts("no network", "no address", "no origin", "no host", "no deadline", "no SPIFFE ID")},
	{CodeName, starts("unknown ", "no type is", "no rule is", "no identity", "no issuer", "no catalog", "no trust domain", "no tool", "no listener", "no column", "no claim")},
	{CodeName, has("declares no attribute", "has no attribute", "has no table", "has no column", "which no rules file defines", "which may_assert does not name")},
	{CodeMissing, has(" has no ", " without a", "does not say", "must say", "must have", "says neither", "needs ")},
	{CodeMissing, starts("no ", "an empty ")},
}

// codeOf is the kind of mistake that a format makes.
func codeOf(format string) Code {
	for _, k := range kinds {
		if k.fits(format) {
			return k.code
		}
	}
	return CodeValue
}

func starts(words ...string) func(string) bool {
	return func(format string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(format, w) })
	}
}

func has(words ...string) func(string) bool {
	return func(format string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(format, w) })
	}
}
