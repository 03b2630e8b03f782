package resolver

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// splitPath returns the decoded segments of a path, or a fault where two
// servers could disagree on them: how many there are, or what one of them says.
// slash: one of them holds a slash that was encoded, of which they disagree, too,
// unless the line knows its server. exact: the path is what the client sent, byte
// by byte.
func splitPath(path string, exact bool) (segs []string, slash bool, err error) {
	if path == "" || path[0] != '/' {
		return nil, false, rules.Faultf(rules.AmbiguousPath, "the path does not start with a slash")
	}
	for i := range len(path) {
		if what := oddInPath(path[i], exact); what != "" {
			return nil, false, rules.Faultf(rules.AmbiguousPath, "the path has %s at byte %d", what, i)
		}
	}
	segs = make([]string, 0, strings.Count(path, "/"))
	for rest, more := path[1:], true; more; {
		var seg string
		seg, rest, more = strings.Cut(rest, "/")
		decoded, what := decodeSegment(seg)
		if what == "" && decoded == "" && more {
			what = "an empty segment"
		}
		if what != "" {
			return nil, false, rules.Faultf(rules.AmbiguousPath, "the path has %s at segment %d", what, len(segs)+1)
		}
		slash = slash || len(decoded) < len(seg) && strings.IndexByte(decoded, '/') >= 0
		segs = append(segs, decoded)
	}
	return segs, slash, nil
}

// oddInPath names a byte that must not stand in a raw path, or returns "".
func oddInPath(c byte, exact bool) string {
	switch {
	case c == '\\':
		return "a backslash"
	case c == ';':
		return "a path parameter"
	case c == '#':
		return "a fragment"
	case c == '!' && !exact:
		// The proxy may have written it for a byte that is not UTF-8. Sent as %21 it is itself.
		return "an exclamation mark, which may stand for another byte"
	case c <= ' ' || c == 0x7f:
		return "a space or a control byte"
	case c > 0x7f:
		return "a byte that should be percent-encoded"
	}
	return ""
}

// decodeSegment decodes one segment once. what names the ambiguity, if any; that
// of an encoded slash is left to the line, but not what stands between two of them.
func decodeSegment(seg string) (decoded, what string) {
	decoded, ok := unescape(seg, false)
	if !ok {
		return "", "a bad percent escape"
	}
	if len(decoded) == len(seg) { // no escapes: oddInPath has seen every byte
		return seg, dots(seg)
	}
	if strings.IndexByte(decoded, '/') < 0 {
		return decoded, oddSegment(decoded)
	}
	for part := range strings.SplitSeq(decoded, "/") {
		if what := oddSegment(part); what != "" {
			return "", what + " beside an encoded slash"
		}
	}
	return decoded, ""
}

// oddSegment names what makes a decoded segment ambiguous, or returns "".
func oddSegment(seg string) string {
	switch {
	case seg == "":
		return "an empty segment"
	case strings.ContainsAny(seg, `\`):
		return "an encoded backslash"
	case strings.ContainsAny(seg, ";?#"):
		return "an encoded delimiter"
	case hasEscape(seg):
		return "a double encoding"
	case seg[0] == ' ' || seg[len(seg)-1] == ' ':
		return "a segment that starts or ends with a space"
	}
	if what := oddText(seg); what != "" {
		return what
	}
	if what := lookAlike(seg); what != "" {
		return what
	}
	return dots(seg)
}

// dots refuses segments of dots alone, and of what some server drops between
// them; some servers give three a meaning too.
func dots(seg string) string {
	if seg != "" && strings.IndexFunc(seg, func(r rune) bool { return r != '.' && r != ' ' && !alike.Invisible(r) }) < 0 {
		return "a dot segment"
	}
	return ""
}

// slashAlikes are what Windows code pages turn into a slash or a backslash:
// fraction slash, division slash, set minus.
const slashAlikes = "\u2044\u2215\u2216"

// lookAlike names what a segment becomes for a server that puts paths into
// Unicode's form NFKC, where that is more than other letters of a name.
func lookAlike(seg string) string {
	if isASCII(seg) {
		return ""
	}
	same := norm.NFKC.String(seg)
	bare := same
	if i := strings.IndexAny(same, ";?#"); i >= 0 {
		bare = same[:i]
	}
	switch {
	case strings.ContainsAny(same, `/\`) || strings.ContainsAny(seg, slashAlikes):
		return "a look-alike of a slash or a backslash"
	case hasEscape(same):
		return "a look-alike of a percent escape"
	case dots(bare) != "":
		return "a look-alike of a dot segment"
	}
	return ""
}

// oddText names what makes decoded text unfit to be an id, or returns "": text
// that is not UTF-8, overlong forms included, and what does not print, which some
// servers trim or drop: control and format characters, spaces but the plain one.
func oddText(s string) string {
	if !utf8.ValidString(s) {
		return "bytes that are not UTF-8"
	}
	for _, r := range s {
		if !unicode.IsPrint(r) {
			return "a character that does not print"
		}
	}
	return ""
}

// unescape decodes percent escapes once, and with plus also + as a space. It
// reports false for an escape that is cut or not hexadecimal.
func unescape(s string, plus bool) (string, bool) {
	at := strings.IndexByte(s, '%')
	if at < 0 && (!plus || strings.IndexByte(s, '+') < 0) {
		return s, true
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '+' && plus:
			c = ' '
		case c == '%':
			if !isEscape(s[i:]) {
				return "", false
			}
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		}
		out = append(out, c)
	}
	return string(out), true
}

// hasEscape reports whether s holds something that reads as a percent escape.
func hasEscape(s string) bool {
	for {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			return false
		}
		if s = s[i:]; isEscape(s) {
			return true
		}
		s = s[1:]
	}
}

func isEscape(s string) bool { return len(s) >= 3 && s[0] == '%' && isHex(s[1]) && isHex(s[2]) }

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
