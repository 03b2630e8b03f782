package form

import (
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
)

// Boundary returns the boundary of a content type that is exactly
// multipart/form-data with that one parameter (RFC 2046 section 5.1.1). Its
// characters are those that need no quotes, quoted or not.
func Boundary(contentType string) (string, bool) {
	media, params, has := strings.Cut(contentType, ";")
	b, ok := strings.CutPrefix(strings.TrimLeft(params, " "), "boundary=")
	if !has || !ok || strings.TrimRight(media, " ") != "multipart/form-data" {
		return "", false
	}
	if len(b) > 1 && b[0] == '"' && b[len(b)-1] == '"' {
		b = b[1 : len(b)-1]
	}
	return b, b != "" && len(b) <= 70 && only(b, "'+_.-")
}

// only reports whether a text has letters, digits and the characters of more alone.
func only(s, more string) bool {
	for i := range len(s) {
		c := s[i] | 0x20
		if (c < 'a' || c > 'z') && (s[i] < '0' || s[i] > '9') && strings.IndexByte(more, s[i]) < 0 {
			return false
		}
	}
	return true
}

const newline = "\r\n"

// ReadMultipart reads a body of multipart/form-data (RFC 7578) into an object.
// It refuses all that servers may divide in another way: text before the first
// part and behind the last, lines that do not end in CR LF, and the boundary
// anywhere but between two parts.
func ReadMultipart(body []byte, boundary string) (*tree.Value, error) {
	f := fields{root: node{Value: tree.Value{Kind: tree.Object}}}
	pieces := strings.SplitN(string(body), "--"+boundary, MaxFields+3)
	last := len(pieces) - 1
	if pieces[0] != "" || last < 1 {
		return nil, fail("it does not begin with its boundary")
	}
	if strings.TrimSuffix(pieces[last], newline) != "--" {
		return nil, fail("it does not end with its boundary, or has more than %d fields", MaxFields)
	}
	for i, piece := range pieces[1:last] {
		part, begins := strings.CutPrefix(piece, newline)
		part, ends := strings.CutSuffix(part, newline)
		if !begins || !ends {
			return nil, fail("part %d does not stand between two boundaries", i+1)
		}
		name, value, why := readPart(part)
		if why != "" {
			return nil, fail("part %d %s", i+1, why)
		}
		if err := f.add(name, value); err != nil {
			return nil, err
		}
	}
	v := f.root.value()
	return &v, nil
}

// readPart reads the headers and the content of a part, or says why not.
func readPart(part string) (name string, value tree.Value, why string) {
	head, content, found := strings.Cut(part, newline+newline)
	if !found {
		return "", value, "has no end of its headers"
	}
	h, why := readHeaders(head)
	switch {
	case why != "":
		return "", value, why
	case h.name == "":
		return "", value, "has no name"
	case h.length != "" && h.length != strconv.Itoa(len(content)):
		return "", value, "is not as long as it says"
	case strings.HasPrefix(h.kind, "multipart/"):
		return "", value, "is of several parts itself"
	case h.unnamed && content != "": // net/http and ASP.NET take it for a value, others for a file
		return "", value, "has an empty filename, and is not empty"
	case h.file:
		return h.name, tree.Value{File: true}, ""
	case !h.utf8Only():
		return "", value, "is of another charset than utf-8"
	case !plain(content):
		return "", value, "holds a NUL or bytes that are not UTF-8"
	}
	return h.name, tree.Value{Kind: tree.String, Text: content, File: !h.text()}, ""
}
