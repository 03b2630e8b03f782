package catalog

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// asSeen is a name as a hurried reader sees it: in Unicode's form NFKC, which has
// one letter for its wide and styled variants, without case, without what does
// not show, without spaces at its ends, and with the Latin letter for those of
// other scripts that look just like it.
func asSeen(name string) string {
	visible := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || unicode.In(r, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		return unicode.ToLower(unicode.ToUpper(r)) // upper first: it joins what folding joins
	}, norm.NFKC.String(name))
	return lookalikes.Replace(strings.TrimSpace(visible))
}

// lookalikes are the small letters of Cyrillic and Greek that pass for Latin ones.
var lookalikes = strings.NewReplacer(
	"а", "a", "в", "b", "с", "c", "ԁ", "d", "е", "e", "һ", "h", "і", "i", "ј", "j", "к", "k", "м", "m", "н", "h",
	"о", "o", "р", "p", "ԛ", "q", "ѕ", "s", "т", "t", "ѵ", "v", "ԝ", "w", "х", "x", "у", "y",
	"α", "a", "ε", "e", "ι", "i", "κ", "k", "ν", "v", "ο", "o", "ρ", "p", "τ", "t", "υ", "u", "χ", "x", "ı", "i",
)

// shortest is how many letters a name must have for others to be a slip away from
// it: of two letters, one off is another word.
const shortest = 3

// alike reports whether a written name is hardly meant to be another one than the
// known name: it looks the same, or one slip of the finger is between them.
func alike(written, known string) bool {
	a, b := []rune(asSeen(written)), []rune(asSeen(known))
	return string(a) == string(b) || len(b) >= shortest && oneSlip(a, b, mixes(norm.NFKC.String(written)))
}

// oneSlip reports whether one letter more, less or other, or two neighbours that
// changed places, make b of a. In a name that mixes scripts any foreign letter may
// stand for any Latin one.
func oneSlip(a, b []rune, mixed bool) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	same := func(a, b []rune) bool {
		for i := range a {
			if a[i] != b[i] && (!mixed || foreign(a[i]) == foreign(b[i])) {
				return false
			}
		}
		return len(a) == len(b)
	}
	n := 0
	for n < len(a) && same(a[n:n+1], b[n:n+1]) {
		n++
	}
	a, b = a[n:], b[n:]
	switch {
	case len(b)-len(a) == 1:
		return same(a, b[1:])
	case len(a) != len(b):
		return false
	case len(a) == 0:
		return true // nothing but foreign letters between them
	}
	return same(a[1:], b[1:]) || len(a) > 1 && a[0] == b[1] && a[1] == b[0] && same(a[2:], b[2:])
}

func foreign(r rune) bool { return r > unicode.MaxASCII }

// mixes reports whether a name has letters of ASCII and others.
func mixes(name string) bool {
	latin := func(r rune) bool { return !foreign(r) && unicode.IsLetter(r) }
	return strings.ContainsFunc(name, foreign) && strings.ContainsFunc(name, latin)
}
