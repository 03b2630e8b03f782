package rules

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// exampleOf is a short text that a pattern matches as a whole, "" where none is found.
func exampleOf(pattern string) string {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	writeExample(&b, parsed)
	if whole, err := regexp.Compile(`\A(?:` + pattern + `)\z`); err != nil || !whole.MatchString(b.String()) {
		return ""
	}
	return b.String()
}

func writeExample(b *strings.Builder, re *syntax.Regexp) {
	all := func() {
		for _, sub := range re.Sub {
			writeExample(b, sub)
		}
	}
	switch re.Op { //nolint:exhaustive // the rest needs no text
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		b.WriteRune(readableOf(re.Rune))
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpConcat, syntax.OpCapture:
		all()
	case syntax.OpAlternate, syntax.OpPlus:
		writeExample(b, re.Sub[0])
	case syntax.OpStar, syntax.OpQuest:
		if b.Len() == 0 { // an answer that says nothing is none
			writeExample(b, re.Sub[0])
		}
	case syntax.OpRepeat:
		for range max(re.Min, 1) {
			writeExample(b, re.Sub[0])
		}
	}
}

// readableOf is a letter or digit of a class if it has one: ranges come in pairs.
func readableOf(ranges []rune) rune {
	for _, want := range "1ax" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= want && want <= ranges[i+1] {
				return want
			}
		}
	}
	for i := 0; i+1 < len(ranges); i += 2 {
		if r := max(ranges[i], '!'); r <= ranges[i+1] {
			return r
		}
	}
	return ranges[0]
}
