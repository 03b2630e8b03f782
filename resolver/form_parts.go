package resolver

import (
	"iter"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// partHas looks for a name in a multipart form, which is in lower case. It
// searches rather than parses, for servers disagree on where a part begins and
// how a name is quoted: the name is found where it stands behind one of nameKeys,
// in the same header line. Each line is read once, whatever it holds.
func partHas(body, name string) bool {
	for _, line := range headerLines(body) {
		if nameIn(behindKey(line), name) {
			return true
		}
	}
	return false
}

// headerLines are the lines of a body, each with where it begins.
func headerLines(body string) iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(body); {
			end := at + lineEnd(body[at:])
			if !yield(at, body[at:end]) {
				return
			}
			at = end + 1
		}
	}
}

// checkSpelling refuses a form, in lower case, with a line that spells a name in
// pieces or in another encoding: some servers decode it, and then it may be any.
// The error tells the line and its header, never more: bodies stay out of logs.
func checkSpelling(body string) error {
	for at, line := range headerLines(body) {
		named := strings.ReplaceAll(behindKey(line), "filename*", "") // many clients send it, and it names no field
		for _, odd := range [...]struct{ text, is string }{{`\`, "a backslash"}, {"=?", "an encoded word"}, {"name*", "name*"}} {
			if strings.Contains(named, odd.text) {
				return rules.Faultf(rules.BodyMalformed, "line %d of a multipart form, %s, holds %s where the part's name is read",
					1+strings.Count(body[:at], "\n"), headerOf(line), odd.is)
			}
		}
	}
	return nil
}

// headerOf is the header that a line is, of those that name a part.
func headerOf(line string) string {
	for _, header := range [...]string{"content-disposition", "content-id", "content-type"} {
		if strings.HasPrefix(line, header) {
			return "a header " + header
		}
	}
	return "no header that names a part"
}

// nameKeys are behind what a part's name stands: name= and filename=, and for
// Rack, where there is no name, the part's Content-ID or its type.
var nameKeys = [...]string{"name", "content-id", "content-type"}

// behindKey is what follows the first key in a line, "" without one. The letters
// of name stay, for nameIn asks how the name is written.
func behindKey(line string) string {
	first := len(line)
	for _, key := range nameKeys {
		at := strings.Index(line, key)
		if at >= 0 && key != nameKeys[0] {
			at += len(key)
		}
		if at >= 0 {
			first = min(first, at)
		}
	}
	return strings.TrimLeft(line[first:], ": \t")
}

// manyParts counts the headers that can name a part of a form in lower case.
func manyParts(body string) bool {
	return strings.Count(body, "content-disposition")+strings.Count(body, nameKeys[1]) > maxParams
}

// lineEnd is where a header's line ends: it goes on where the next one starts
// with a space or a tab (RFC 5322 section 2.2.3).
func lineEnd(s string) int {
	for i := range len(s) {
		if s[i] != '\n' && (s[i] != '\r' || strings.HasPrefix(s[i:], "\r\n")) {
			continue
		}
		if next := i + 1; next == len(s) || s[next] != ' ' && s[next] != '\t' {
			return i
		}
	}
	return len(s)
}

// keys are what stands in front of a name, which a capture may well be called.
var keys = regexp.MustCompile(`(^|;)[ \t]*(?:file)?name\*?[ \t]*=`)

// nameIn holds every word of a line against the name. What words do not tell,
// checkSpelling has refused.
func nameIn(line, name string) bool {
	line = keys.ReplaceAllString(line, "$1=")
	same := func(word string) bool {
		decoded, ok := unescape(word, false)
		return alike.Name(word, name) || ok && alike.Name(decoded, name)
	}
	for _, ends := range []func(rune) bool{endsText, endsPlain} {
		for text := range strings.FieldsFuncSeq(line, ends) {
			if same(text) {
				return true
			}
			for word := range strings.FieldsSeq(text) {
				if same(word) {
					return true
				}
			}
		}
	}
	return false
}

// endsText knows the delimiters of header parameters, and what no name holds.
func endsText(r rune) bool {
	return strings.ContainsRune(`"'=;,()<>?`, r) || unicode.IsControl(r)
}

// endsPlain also takes what is not ASCII for a delimiter.
func endsPlain(r rune) bool { return endsText(r) || r >= utf8.RuneSelf }
