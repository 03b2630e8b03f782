package alike

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// between are what readings of a name differ by: what divides its steps, and what
// PHP has for it. But for these, a text that is read as a name begins with it.
const between = " ._[]"

// appendBeginning appends as much of a text, folded, as decides whether it is read
// as a name, which is folded, and returns false where what it begins with has
// decided that it is not. So a text costs what the name does, however much its
// characters would be folded to.
func appendBeginning(to []byte, s string, name []byte) ([]byte, bool) {
	if isASCII(s) || !isASCII(string(name)) { // the one costs little, the others are few
		return Append(to, s), true
	}
	s = visible(s)
	var segments norm.Iter
	for segments.InitString(norm.NFKC, s); !segments.Done(); {
		segment := segments.Next()
		for len(segment) > 0 {
			r, size := utf8.DecodeRune(segment)
			segment = segment[size:]
			at := len(to)
			if at == 0 && atEnds(r) {
				continue
			}
			to = appendRune(to, r)
			if atEnds(r) {
				continue
			}
			for _, c := range to[at:] {
				if c < utf8.RuneSelf && strings.IndexByte(between, c) >= 0 {
					continue
				}
				name = bytes.TrimLeft(name, between)
				if len(name) == 0 { // it is not the name itself, and what follows is no part of it
					return to, true
				}
				if c != name[0] {
					return nil, false
				}
				name = name[1:]
			}
		}
	}
	return Append(to[:0], s), true
}
