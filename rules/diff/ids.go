package diff

import (
	"regexp/syntax"
	"slices"
	"strings"
)

// ids are those that rules tell apart, as far as an object of the type can have
// them in some version, and one that nothing names for each choice of versions in
// which it can.
func (p *pass) ids(sh shape, r *reads, w *who) []any {
	var named []string
	if r.words["id"] != nil {
		named = slices.Concat(w.words, r.words["id"].list)
	}
	var plain set[string]
	plain.add("x1")
	for _, s := range p.sides {
		if typ := s.schema.Types[sh.typ]; typ != nil && typ.ID != nil {
			plain.add(example(typ.ID.String()))
		}
	}
	found := make(map[[2]bool][]string) // by where they can be
	for _, x := range plain.list {
		if in := p.fits(sh.typ, x); in != [2]bool{} && len(found[in]) == 0 && !slices.Contains(named, x) {
			found[in] = append(found[in], x)
		}
	}
	for _, word := range named { // itself, and one that begins with it, wherever they can be
		if in := p.fits(sh.typ, word); in != [2]bool{} {
			found[in] = append(found[in], word)
		}
		longer := make(map[[2]bool]bool)
		for _, x := range plain.list {
			for _, id := range []string{word + x[min(len(x), len(word)):], word + "1", word + x} {
				if in := p.fits(sh.typ, id); in != [2]bool{} && !longer[in] && !slices.Contains(named, id) {
					longer[in] = true
					found[in] = append(found[in], id)
				}
			}
		}
	}
	var out set[any]
	for _, in := range [][2]bool{{true, true}, {false, true}, {true, false}} { // the plainest can be in both
		for _, id := range found[in] {
			out.add(any(id))
		}
	}
	if len(out.list) == 0 {
		p.note("type " + sh.typ + ": no id is found that its pattern lets pass")
		return []any{""}
	}
	return out.list
}

// fits says in which versions an object of a type can have an id.
func (p *pass) fits(typ, id string) (in [2]bool) {
	for i, s := range p.sides {
		t := s.schema.Types[typ]
		in[i] = t != nil && id != "" && len(id) <= 200 && (t.ID == nil || t.ID.MatchString(id))
	}
	return in
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
