package form

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/tree"
)

// ReadURLEncoded reads a body of application/x-www-form-urlencoded (URL Standard,
// section 5.1), whose charset is UTF-8, into an object. Fields are divided by &
// alone, + is a space, and empty fields between two & do not count.
func ReadURLEncoded(body []byte) (*tree.Value, error) {
	f := fields{root: node{Value: tree.Value{Kind: tree.Object}}}
	text := string(body)
	if strings.Count(text, "&") >= MaxFields {
		return nil, fail("more than %d fields", MaxFields)
	}
	if strings.IndexByte(text, ';') >= 0 { // some servers divide there
		return nil, fail("a semicolon")
	}
	for part := range strings.SplitSeq(text, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		name, ok := decode(name)
		value, fine := decode(value)
		if !ok || !fine {
			return nil, fail("field %d has a bad escape, a NUL or bytes that are not UTF-8", f.count+1)
		}
		if err := f.add(name, tree.Value{Kind: tree.String, Text: value}); err != nil {
			return nil, err
		}
	}
	v := f.root.value()
	return &v, nil
}

func decode(s string) (string, bool) {
	text, err := url.QueryUnescape(s)
	return text, err == nil && plain(text)
}

// plain reports whether all servers read a text to its end, and as UTF-8.
func plain(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }
