package resolver

import (
	"unicode"
	"unicode/utf8"
)

// appendFold appends s in such a form that two texts have the same one exactly
// if strings.EqualFold holds for them.
func appendFold(to []byte, s string) []byte {
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf && (r < 'a' || r > 'z'):
		case r < utf8.RuneSelf:
			r -= 'a' - 'A'
		default:
			r = smallest(r)
		}
		to = utf8.AppendRune(to, r)
	}
	return to
}

// smallest is the first of the characters that differ from r only in case.
func smallest(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return least
}
