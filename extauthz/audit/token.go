package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// jose is how the header of a compact JWS or JWE begins: {" in base64url.
const jose = "eyJ"

// WithoutTokens returns a text with every token in it replaced by the beginning of
// its hash, [token sha256:0123456789ab], so that nobody can use it and two of the
// same are still seen to be. A token is what begins as the header of a JWS or JWE
// does (eyJ) and goes on, in base64url, over at least two dots: the compact forms
// have two and four (RFC 7515 section 3.1, RFC 7516 section 3.1), and one that
// something hangs behind is no less a token. Clients put them into paths, where
// they become ids. A key that has no form of its own is not found.
func WithoutTokens(s string) string {
	at := strings.Index(s, jose)
	if at < 0 {
		return s // nearly always
	}
	var b strings.Builder
	for at >= 0 {
		n, dots := tokenLength(s[at:])
		if dots < 2 {
			b.WriteString(s[:at+n])
		} else {
			sum := sha256.Sum256([]byte(s[at : at+n]))
			b.WriteString(s[:at])
			b.WriteString("[token sha256:")
			b.WriteString(hex.EncodeToString(sum[:6]))
			b.WriteByte(']')
		}
		s = s[at+n:]
		at = strings.Index(s, jose)
	}
	b.WriteString(s)
	return b.String()
}

// tokenLength is how far base64url and dots go, and how many of these are dots.
func tokenLength(s string) (n, dots int) {
	for n < len(s) {
		switch c := s[n]; {
		case c == '.':
			dots++
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_':
		default:
			return n, dots
		}
		n++
	}
	return n, dots
}
