package alike

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Append appends s as the most lenient server reads a name: in Unicode's
// form NFKC (UAX 15), which has one letter for all that look like it, without
// case, without what nobody sees, and without spaces at its ends. The two i's
// of Turkish and the sharp s are folded as full case folding does in any
// language. Texts that strings.EqualFold takes for equal are equal here too.
func Append(to []byte, s string) []byte {
	if !isASCII(s) {
		s = norm.NFKC.String(strings.Map(seen, s))
	}
	for _, r := range strings.TrimFunc(s, atEnds) {
		switch {
		case 'A' <= r && r <= 'Z':
			r += 'a' - 'A'
		case r < ' ' || r == 0x7f:
			continue
		case r < utf8.RuneSelf:
		case r == 'ı' || r == 'İ':
			r = 'i'
		case r == dotAbove: // it is left where İ becomes a small letter
			continue
		case r == 'ß' || r == 'ẞ':
			to = append(to, "ss"...)
			continue
		default:
			r = smallest(r)
		}
		to = utf8.AppendRune(to, r)
	}
	return to
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

const dotAbove = '\u0307'

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
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point)
}

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
