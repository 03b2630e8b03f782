package diff

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// ids are those that rules tell apart, as far as an object of the type can have
// them in some version, and one that nothing names.
func (p *pass) ids(sh shape, r *reads, w *who) []any {
	words := []string{"x1"}
	if r.words["id"] != nil {
		words = slices.Concat(words, w.words, r.words["id"].list)
	}
	var out set[any]
	for _, s := range p.sides {
		typ := s.schema.Types[sh.typ]
		if typ == nil {
			continue
		}
		plain := "x1"
		if typ.ID != nil {
			plain = example(typ.ID.String())
		}
		for _, word := range append([]string{plain}, words...) {
			tail := plain[min(len(plain), len(word)):]
			for _, id := range []string{word, word + tail, word + "1", word + plain} {
				if id != "" && len(id) <= 200 && (typ.ID == nil || typ.ID.MatchString(id)) && (id == word || !slices.Contains(words, id)) {
					out.add(any(id))
				}
				if r.words["id"] == nil && len(out.list) > 0 {
					return out.list
				}
			}
		}
	}
	if len(out.list) == 0 {
		p.note("type " + sh.typ + ": no id is found that its pattern lets pass")
		return []any{""}
	}
	return out.list
}

// example is a text that a pattern matches, mostly.
func example(pattern string) string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return ""
	}
	var b strings.Builder
	write(&b, re.Simplify())
	return b.String()
}

func write(b *strings.Builder, re *syntax.Regexp) {
	switch re.Op { //nolint:exhaustive // all others match the empty text
	case syntax.OpLiteral:
		b.WriteString(string(re.Rune))
	case syntax.OpCharClass:
		if len(re.Rune) > 0 {
			b.WriteRune(printable(re.Rune))
		}
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		b.WriteByte('x')
	case syntax.OpCapture, syntax.OpConcat:
		for _, sub := range re.Sub {
			write(b, sub)
		}
	case syntax.OpPlus, syntax.OpAlternate:
		write(b, re.Sub[0])
	}
}

// printable is a letter or a digit of a class of characters, where it has one.
func printable(ranges []rune) rune {
	for _, try := range "aA01" {
		for i := 0; i+1 < len(ranges); i += 2 {
			if ranges[i] <= try && try <= ranges[i+1] {
				return try
			}
		}
	}
	return ranges[0]
}
