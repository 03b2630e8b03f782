package tree

import (
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// number reads -?int frac? exp? and returns its text.
func (r *reader) number() (string, error) {
	start := r.at
	if r.peek() == '-' {
		r.at++
	}
	if r.peek() == '0' {
		r.at++
	} else if !r.digits() {
		return "", r.fail("no digit")
	}
	if r.peek() == '.' {
		if r.at++; !r.digits() {
			return "", r.fail("no digit")
		}
	}
	if c := r.peek(); c == 'e' || c == 'E' {
		r.at++
		if c := r.peek(); c == '+' || c == '-' {
			r.at++
		}
		if !r.digits() {
			return "", r.fail("no digit")
		}
	}
	return r.s[start:r.at], nil
}

func (r *reader) digits() bool {
	start := r.at
	for isDigit(r.peek()) {
		r.at++
	}
	return r.at > start
}

// text reads a string from its opening quote.
func (r *reader) text() (string, error) {
	r.at++
	start := r.at
	for r.at < len(r.s) {
		switch c := r.s[r.at]; {
		case c == '"':
			r.at++
			return r.s[start : r.at-1], nil
		case c == '\\':
			return r.escaped(start)
		case c < ' ':
			return "", r.fail("a control byte in a string")
		}
		r.at++
	}
	return "", r.fail("a string without end")
}

// escaped goes on with a string that began at start and has an escape at r.at.
func (r *reader) escaped(start int) (string, error) {
	out := []byte(r.s[start:r.at])
	for r.at < len(r.s) {
		c := r.s[r.at]
		r.at++
		switch {
		case c == '"':
			return string(out), nil
		case c < ' ':
			return "", r.fail("a control byte in a string")
		case c != '\\':
			out = append(out, c)
			continue
		}
		ru, err := r.escape()
		if err != nil {
			return "", err
		}
		out = utf8.AppendRune(out, ru)
	}
	return "", r.fail("a string without end")
}

// escape reads what follows a backslash; \u escapes of a pair are one character.
func (r *reader) escape() (rune, error) {
	c := r.peek()
	r.at++
	if i := strings.IndexByte(`"\/bfnrt`, c); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), nil
	}
	if c != 'u' {
		return 0, r.fail("an unknown escape")
	}
	u, err := r.unit()
	if err != nil || !utf16.IsSurrogate(u) {
		return u, err
	}
	if !strings.HasPrefix(r.s[r.at:], `\u`) {
		return 0, r.fail("half a surrogate pair")
	}
	r.at += 2
	low, err := r.unit()
	if err != nil {
		return 0, err
	}
	if u = utf16.DecodeRune(u, low); u == utf8.RuneError {
		return 0, r.fail("half a surrogate pair")
	}
	return u, nil
}

// unit reads the four hexadecimal digits of a \u escape.
func (r *reader) unit() (rune, error) {
	var u rune
	for range 4 {
		digit := strings.IndexByte("0123456789abcdef", lower(r.peek()))
		if digit < 0 {
			return 0, r.fail("a bad \\u escape")
		}
		u = u<<4 | rune(digit) //nolint:gosec // below 16
		r.at++
	}
	return u, nil
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func lower(c byte) byte {
	if 'A' <= c && c <= 'F' {
		return c + 'a' - 'A'
	}
	return c
}
