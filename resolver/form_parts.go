package resolver

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/alike"
)

// partHas looks for a name in a multipart form, which is in lower case. It
// searches rather than parses, for servers disagree on where a part begins and
// how a name is quoted: the name is found where it stands behind one of nameKeys,
// in the same header line. Each line is read once, whatever it holds.
func partHas(body, name string) bool {
	for body != "" {
		end := lineEnd(body)
		if named := behindKey(body[:end]); named != "" && nameIn(named, name) {
			return true
		}
		body = body[min(end+1, len(body)):]
	}
	return false
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

// nameIn holds every word of a line against the name. A line that spells names
// in parts or in another encoding may hold any name.
func nameIn(line, name string) bool {
	plain := strings.ReplaceAll(line, "filename*", "") // many clients send it, and it names no field
	if strings.ContainsRune(plain, '\\') || strings.Contains(plain, "=?") || strings.Contains(plain, "name*") {
		return true
	}
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
