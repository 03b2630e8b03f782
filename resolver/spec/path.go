package spec

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// segment is one segment of a path: text and parameters in turn, text first.
type segment struct {
	text   []string
	params []string // as captures are called
	rest   bool     // its one parameter stands for several segments
}

func (s *segment) literal() bool { return len(s.params) == 0 }

// reserved are names that no capture may have.
var reserved = []string{"body", "query", "header", "caller", "args", "message", "form"}

// divide reads a path of a specification, or says why no template can say it.
// rename is what each parameter is called, by its name there.
func divide(path string) (segs []segment, rename map[string]string, err error) {
	rename = map[string]string{}
	taken := map[string]bool{}
	if !strings.HasPrefix(path, "/") {
		return nil, nil, fmt.Errorf("the path %q does not start with /", path)
	}
	for text := range strings.SplitSeq(path[1:], "/") {
		seg := segment{text: []string{""}}
		for text != "" {
			open := strings.IndexByte(text, '{')
			if open < 0 {
				open = len(text)
			}
			seg.text[len(seg.text)-1] = text[:open]
			if open == len(text) {
				break
			}
			end := strings.IndexByte(text, '}')
			if end < open {
				return nil, nil, fmt.Errorf("the path %q has a { without }", path)
			}
			name, rest := parameter(text[open+1 : end])
			seg.rest = seg.rest || rest
			seg.params = append(seg.params, capture(name, taken, rename))
			seg.text = append(seg.text, "")
			text = text[end+1:]
		}
		for i, t := range seg.text {
			if seg.text[i], err = plainText(t); err != nil {
				return nil, nil, fmt.Errorf("the path %q %w", path, err)
			}
		}
		if seg.rest && len(seg.params) > 1 {
			return nil, nil, fmt.Errorf("the path %q has a parameter of several segments beside another one", path)
		}
		segs = append(segs, seg)
	}
	return segs, rename, nil
}

// parameter is a parameter's name, and whether its form says that it may hold
// slashes: {path+}, {path*}, {+path}, {path:.*}, {path=**}.
func parameter(text string) (name string, rest bool) {
	if name, pattern, found := strings.Cut(text, ":"); found {
		return name, strings.HasPrefix(pattern, ".")
	}
	if name, pattern, found := strings.Cut(text, "="); found {
		return name, pattern == "**"
	}
	name = strings.Trim(text, "+*")
	return name, name != text
}

// capture gives a parameter a name that a capture may have.
func capture(param string, taken map[string]bool, rename map[string]string) string {
	name := strings.Map(func(r rune) rune {
		if r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)) || r == '_' {
			return r
		}
		return '_'
	}, param)
	if name == "" || unicode.IsDigit(rune(name[0])) || slices.Contains(reserved, name) {
		name = "p_" + name
	}
	for plain, n := name, 2; taken[name]; n++ {
		name = plain + "_" + strconv.Itoa(n)
	}
	taken[name] = true
	if _, again := rename[param]; !again {
		rename[param] = name
	}
	return name
}

// plainText is a path's own text as a template writes it.
func plainText(t string) (string, error) {
	plain, err := url.PathUnescape(t)
	if err != nil {
		return "", fmt.Errorf("has %q, which is no escape", t)
	}
	for _, r := range plain {
		if r < utf8.RuneSelf && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("-._~$'()+,=:@", r) ||
			r == utf8.RuneError || !unicode.IsPrint(r) {
			return "", fmt.Errorf("has %q, which no template can say", r)
		}
	}
	return plain, nil
}

// template writes the segments in the map language.
func template(segs []segment) string {
	var b strings.Builder
	for _, s := range segs {
		b.WriteByte('/')
		for i, t := range s.text {
			b.WriteString(t)
			if i == len(s.params) {
				break
			}
			b.WriteString("{" + s.params[i])
			if s.rest {
				b.WriteString("=**")
			}
			b.WriteByte('}')
		}
	}
	return b.String()
}

// shapeOf is a path without the names of its parameters: two operations with the
// same shape and method are one request.
func shapeOf(path string) string {
	var b strings.Builder
	depth := 0
	for _, r := range path {
		switch {
		case r == '{':
			if depth++; depth == 1 {
				b.WriteString("{}")
			}
		case r == '}':
			depth = max(0, depth-1)
		case depth == 0:
			b.WriteRune(r)
		}
	}
	return b.String()
}
