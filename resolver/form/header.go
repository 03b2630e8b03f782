package form

import (
	"strings"
	"unicode"
)

// headers are those of a part.
type headers struct {
	name, length, kind string
	file               bool // it has a filename
	unnamed            bool // which is empty, as of a file input in which nobody chose one
}

// readHeaders reads the header lines of a part, or says why not. What a part is
// called, what it is and how it is encoded must be said once, and so that no
// server reads it in another way.
func readHeaders(head string) (h headers, why string) {
	seen := map[string]bool{}
	for line := range strings.SplitSeq(head, newline) {
		name, value, found := strings.Cut(line, ":")
		name = strings.ToLower(name)
		switch {
		case !found || !plain(line) || strings.IndexFunc(line, unicode.IsControl) >= 0:
			return h, "has a header line that is none"
		case seen[name]:
			return h, "says a header twice"
		}
		seen[name] = true
		if why := h.read(name, strings.Trim(value, " ")); why != "" {
			return h, why
		}
	}
	return h, ""
}

func (h *headers) read(name, value string) (why string) {
	switch name {
	case "content-disposition":
		if !h.disposition(value) {
			return "has another content-disposition than form-data and a name"
		}
	case "content-type":
		h.kind = strings.ToLower(value)
	case "content-length":
		h.length = value
	case "content-transfer-encoding":
		if e := strings.ToLower(value); e != "binary" && e != "8bit" && e != "7bit" {
			return "has a transfer encoding"
		}
	default:
		return "has a header that parts of forms do not have"
	}
	return ""
}

// utf8Only reports whether the part's type names no charset, or plainly utf-8.
func (h *headers) utf8Only() bool {
	_, charset, named := strings.Cut(h.kind, "charset")
	return !named || charset == "=utf-8" || charset == `="utf-8"`
}

// text reports whether the part's type is one of text, or not said. A value of any
// other type is a file to some servers.
func (h *headers) text() bool { return h.kind == "" || strings.HasPrefix(h.kind, "text/") }

// disposition reads form-data; name="…" and the name of a file behind it (RFC
// 7578 section 4.2). Servers disagree on backslashes, and clients write escapes
// for what cannot stand in quotes, so that a name has neither.
func (h *headers) disposition(v string) bool {
	rest, ok := strings.CutPrefix(v, "form-data;")
	if !ok {
		return false
	}
	if h.name, rest, ok = param(rest, "name="); !ok || strings.Contains(h.name, "%") {
		return false
	}
	if !strings.Contains(rest, ";") {
		return rest == ""
	}
	var filename string
	if filename, rest, ok = param(rest[1:], "filename="); !ok {
		return false
	}
	h.file, h.unnamed = true, strings.TrimSpace(filename) == ""
	if rest == "" || h.unnamed {
		return rest == ""
	}
	// Some clients write the same name once more, for letters that are not ASCII.
	value, ok := strings.CutPrefix(strings.TrimLeft(rest[1:], " "), "filename*=")
	return ok && rest[0] == ';' && len(value) > 7 && strings.EqualFold(value[:7], "utf-8''") && only(value[7:], "%-_.~!$&+^`|#")
}

// param reads one parameter, quoted or a plain word, up to the next semicolon.
func param(s, key string) (value, rest string, ok bool) {
	if s, ok = strings.CutPrefix(strings.TrimLeft(s, " "), key); !ok {
		return "", "", false
	}
	if quoted, is := strings.CutPrefix(s, `"`); is {
		value, rest, ok = strings.Cut(quoted, `"`)
		return value, rest, ok && !strings.Contains(value, `\`) && (rest == "" || rest[0] == ';')
	}
	value, _, _ = strings.Cut(s, ";")
	return value, s[len(value):], value != "" && only(value, "_-.")
}
