package audit

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// WithoutTokens returns a text with every token in it replaced by the beginning of
// its hash, [token sha256:0123456789ab], so that nobody can use it and two of the
// same are still seen to be. A token is what begins as the header of a JWS or JWE
// does, a JSON object in base64url, and goes on over at least two dots: the compact
// forms have two and four (RFC 7515 section 3.1, RFC 7516 section 3.1), and one
// that something hangs behind is no less a token. Clients put them into paths,
// where they become ids. So any byte may be written as a percent escape, padding
// changes nothing, and slashes before the second dot divide it only for the eye.
// A key that has no form of its own is not found.
func WithoutTokens(s string) string {
	if strings.Count(s, ".") < 2 && strings.IndexByte(s, '%') < 0 {
		return s // nearly always
	}
	var b strings.Builder
	from := 0 // what is before is in b
	for at := 0; at < len(s); {
		if !opensObject(s[at:]) {
			at++
			continue
		}
		n, whole := tokenLength(s[at:])
		if whole {
			sum := sha256.Sum256([]byte(s[at : at+n]))
			b.WriteString(s[from:at])
			b.WriteString("[token sha256:")
			b.WriteString(hex.EncodeToString(sum[:6]))
			b.WriteByte(']')
			from = at + n
		}
		at += n // without two dots in it, no part of it has them
	}
	if from == 0 {
		return s
	}
	b.WriteString(s[from:])
	return b.String()
}

// opensObject reports whether a text begins, in base64url, as a JSON object does:
// a brace, and white space or a quote behind it. White space may stand before the
// brace (RFC 7515 section 4 allows it); of more than two bytes of it the rest
// begins an object too, and what stands before is no secret.
func opensObject(s string) bool {
	switch s[0] {
	case 'e', 'I', 'C', 'D', '%': // a brace, or white space, and what may be any byte
	default:
		return false
	}
	var text [8]byte
	n := 0
	for n < len(text) && s != "" {
		c, size := next(s)
		if !inBase64(c) {
			break
		}
		text[n], s = c, s[size:]
		n++
	}
	if n%4 == 1 { // no byte ends so
		n--
	}
	var head [6]byte
	n, err := base64.RawURLEncoding.Decode(head[:], text[:n])
	if err != nil {
		return false
	}
	for i, c := range head[:min(n, 3)] {
		switch {
		case c == '{':
			return i+1 < n && (head[i+1] == '"' || isSpace(head[i+1]))
		case !isSpace(c):
			return false
		}
	}
	return false
}

// tokenLength is how far a token goes that begins a text, and whether it is whole:
// has two dots.
func tokenLength(s string) (n int, whole bool) {
	dots := 0
	for n < len(s) {
		c, size := next(s[n:])
		switch {
		case c == '.':
			dots++
		case c == '/' && dots < 2, c == '=', inBase64(c):
		default:
			return n, dots >= 2
		}
		n += size
	}
	return n, dots >= 2
}

// next returns the first byte of a text as whoever decodes it sees it, and how
// much of the text that takes: %2E is a dot, and so is %252E.
func next(s string) (c byte, size int) {
	if s[0] != '%' {
		return s[0], 1
	}
	size = 1
	for strings.HasPrefix(s[size:], "25") {
		size += 2
	}
	var decoded [1]byte
	if len(s) < size+2 {
		return '%', 1
	}
	if _, err := hex.Decode(decoded[:], []byte{s[size], s[size+1]}); err != nil {
		return '%', 1
	}
	return decoded[0], size + 2
}

func inBase64(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '-' || c == '_'
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }
