package alike

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/unicode/rangetable"
)

// Append appends s as the most lenient server reads a name: in Unicode's
// form NFKC (UAX 15), which has one letter for all that look like it, without
// case, without what nobody sees, and without spaces at its ends. The two i's
// of Turkish and the sharp s are folded as full case folding does in any
// language. Texts that strings.EqualFold takes for equal are equal here too. Of a
// text that is longer than any name it appends a part, so that one which is that
// long costs no more.
func Append(to []byte, s string) []byte {
	if !isASCII(s) {
		s = norm.NFKC.String(visible(s))
	}
	for _, r := range strings.TrimFunc(s, atEnds) {
		to = appendRune(to, r)
	}
	return to
}

// visible is what of a text is folded.
func visible(s string) string {
	return enough(strings.TrimFunc(strings.Map(seen, s), atEnds))
}

// appendRune appends what one character of a text in form NFKC is folded to.
func appendRune(to []byte, r rune) []byte {
	switch {
	case 'A' <= r && r <= 'Z':
		r += 'a' - 'A'
	case r < ' ' || r == 0x7f:
		return to
	case r < utf8.RuneSelf:
	case r == 'ı' || r == 'İ':
		r = 'i'
	case r == dotAbove: // it is left where İ becomes a small letter
		return to
	case r == joiner: // norm puts it behind every 30 marks
		return to
	case r == 'ß' || r == 'ẞ':
		return append(to, "ss"...)
	default:
		r = smallest(r)
	}
	return utf8.AppendRune(to, r)
}

// Folded reports, at a glance, whether Append would append s as it is. Of some
// texts it does not know.
func Folded(s string) bool {
	for i := range len(s) {
		if c := s[i]; c <= ' ' || c >= 0x7f || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}

// longest is how many characters of a text are folded. What is left of them is
// longer than the names that rules and frameworks have.
const longest = 1024

// enough cuts a text behind the characters that are folded. A dot above may be
// dropped, so it counts for nothing.
func enough(s string) string {
	if len(s) <= longest {
		return s
	}
	n := 0
	for i, r := range s {
		if r == dotAbove {
			continue
		}
		if n++; n > longest {
			return s[:i]
		}
	}
	return s
}

const (
	dotAbove = '\u0307'
	joiner   = '\u034f' // combining grapheme joiner
)

// smallest is the first of the characters that differ from r only in case, as a
// small letter if it is in ASCII.
func smallest(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	if 'A' <= least && least <= 'Z' {
		least += 'a' - 'A'
	}
	return least
}

// seen drops, for strings.Map, a character that nobody sees.
func seen(r rune) rune {
	if Invisible(r) {
		return -1
	}
	return r
}

// Invisible knows what some servers drop: control and format characters, byte
// order marks and joiners among them, and what Unicode lets a reader ignore.
func Invisible(r rune) bool {
	if r < 0x300 { // most names have no others
		return r < ' ' || 0x7f <= r && r < 0xa0 || r == 0xad
	}
	return unicode.Is(invisible, r)
}

var invisible = rangetable.Merge(unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)

// atEnds knows what is trimmed from both ends: also a dot that is dropped anyway,
// for a space may stand before it, as in NFKC of a dot above that stands alone.
func atEnds(r rune) bool { return unicode.IsSpace(r) || Invisible(r) || r == dotAbove }

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
