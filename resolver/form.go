package resolver

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/tiergate/tiergate/rules"
)

// formKind is how a server may look for parameters in a body.
type formKind uint8

const (
	noForm formKind = iota
	urlEncoded
	multipart // of any subtype: some servers read parameters from all
)

// kindOfForm goes by the content type alone, as servers do.
func kindOfForm(req *rules.Request) (kind formKind, parameters string) {
	v, _ := req.Header("content-type")
	for mediaType, kind := range formTypes {
		if len(v) >= len(mediaType) && strings.EqualFold(v[:len(mediaType)], mediaType) {
			return kind, v[len(mediaType):]
		}
	}
	return noForm, ""
}

var formTypes = map[string]formKind{"application/x-www-form-urlencoded": urlEncoded, "multipart/": multipart}

// checkFormType refuses a form whose fields cannot be read here, but by some
// server: its body is encoded, cut, or in another character set.
func checkFormType(req *rules.Request, cut bool) error {
	kind, parameters := kindOfForm(req)
	if kind == noForm {
		return nil
	}
	if encoding, ok := req.Header("content-encoding"); ok && !strings.EqualFold(encoding, "identity") {
		return rules.Faultf(rules.BodyEncoding, "a form with a content-encoding")
	}
	if !utf8Only(parameters) {
		return rules.Faultf(rules.BodyType, "a form in another charset than utf-8")
	}
	if cut {
		return rules.Faultf(rules.BodyTooLarge, "a form that was cut or is over the limit")
	}
	return nil
}

// utf8Only reports whether the parameters of a content type name no charset, or
// once and plainly utf-8.
func utf8Only(parameters string) bool {
	_, value, named := strings.Cut(strings.ToLower(parameters), "charset")
	if !named {
		return true
	}
	value, more, _ := strings.Cut(value, ";")
	value = strings.TrimSpace(value)
	return (value == "=utf-8" || value == `="utf-8"`) && !strings.Contains(more, "charset")
}

// checkForm refuses a form that servers may read differently, and one that
// changes the method on the way.
func checkForm(req *rules.Request) error {
	kind, _ := kindOfForm(req)
	if kind == urlEncoded {
		for part := range strings.SplitSeq(string(req.Body), "&") {
			if _, _, ok := decodePair(part); !ok || strings.IndexByte(part, ';') >= 0 {
				return rules.Faultf(rules.BodyMalformed, "a form with a semicolon, a bad escape, a NUL or bytes that are not UTF-8")
			}
		}
	}
	if formHas(req, "_method") {
		return rules.Faultf(rules.MethodOverride, "form field _method")
	}
	return nil
}

// formHas reports whether some server finds a field of that name in the body.
func formHas(req *rules.Request, name string) bool {
	if !req.HasBody {
		return false
	}
	switch kind, _ := kindOfForm(req); kind {
	case urlEncoded:
		for part := range strings.SplitSeq(string(req.Body), "&") {
			if field, _, ok := decodePair(part); !ok || paramAlike(field, name) {
				return true
			}
		}
	case multipart:
		return partHas(strings.ToLower(string(req.Body)), name)
	case noForm:
	}
	return false
}

// partHas looks for a name in a multipart form, which is in lower case. It
// searches rather than parses, for servers disagree on where a part begins and
// how a name is quoted: the name is found where it stands behind the letters
// "name", in the same header line. Each line is read once, whatever it holds.
func partHas(body, name string) bool {
	for {
		at := strings.Index(body, "name")
		if at < 0 {
			return false
		}
		end := at + lineEnd(body[at:])
		if nameIn(body[at:end], name) {
			return true
		}
		body = body[end:]
	}
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
	alike := func(word string) bool {
		decoded, ok := unescape(word, false)
		return paramAlike(word, name) || ok && paramAlike(decoded, name)
	}
	for _, ends := range []func(rune) bool{endsText, endsPlain} {
		for text := range strings.FieldsFuncSeq(line, ends) {
			if alike(text) {
				return true
			}
			for word := range strings.FieldsSeq(text) {
				if alike(word) {
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
