package oracle

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

// file is the value of a part that some server takes for a file.
type file struct{}

// field is one field of a form: its name in steps, and its value, a text or a file.
type field struct {
	steps []string
	value any
}

// fieldName is text with at most five pairs of brackets behind it.
var fieldName = regexp.MustCompile(`^([^\[\]]+)((?:\[[^\[\]]*\]){0,5})$`)

// readForm reads the form of a line that wants one (section 4), or says that it
// has no single reading. What the traffic makes odd on purpose, it marks.
func (e *evaluation) readForm() bool {
	body, contentType := e.sent()
	pairs, ok := pairsOf(body, contentType)
	if !ok || e.req.Strict != "" || len(pairs) > 256 {
		return false
	}
	var fields []field
	for _, p := range pairs {
		m := fieldName.FindStringSubmatch(p.name)
		if m == nil || strings.ContainsFunc(p.name, unicode.IsControl) || foldsTo(p.name, "_charset_") {
			return false
		}
		steps := []string{m[1]}
		for _, s := range strings.Split(m[2], "[")[1:] {
			steps = append(steps, strings.TrimSuffix(s, "]"))
		}
		fields = append(fields, field{steps, p.value})
	}
	read, ok := members(fields)
	e.body = read
	return ok
}

// pair is a field as it was sent, decoded.
type pair struct {
	name  string
	value any
}

func pairsOf(body, contentType string) (pairs []pair, ok bool) {
	if !strings.HasPrefix(contentType, "multipart/") {
		for _, text := range strings.Split(body, "&") {
			if text == "" {
				continue
			}
			name, value, _ := strings.Cut(text, "=")
			name, err1 := url.QueryUnescape(name)
			value, err2 := url.QueryUnescape(value)
			if pairs = append(pairs, pair{name, value}); err1 != nil || err2 != nil {
				return nil, false
			}
		}
		return pairs, true
	}
	_, params, err := mime.ParseMediaType(contentType)
	for r := multipart.NewReader(strings.NewReader(body), params["boundary"]); err == nil; {
		var part *multipart.Part
		if part, err = r.NextRawPart(); err != nil {
			break
		}
		content, failed := io.ReadAll(part)
		_, said, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
		filename, named := said["filename"]
		if strings.TrimSpace(filename) == "" && named && len(content) > 0 {
			return nil, false // a file to some servers, a value to others
		}
		p := pair{part.FormName(), string(content)}
		if kind := part.Header.Get("Content-Type"); named || kind != "" && !strings.HasPrefix(strings.ToLower(kind), "text/") {
			p.value = file{}
		}
		pairs, err = append(pairs, p), failed
	}
	return pairs, errors.Is(err, io.EOF)
}

// members groups fields by their first step.
func members(fields []field) (map[string]any, bool) {
	out := map[string]any{}
	for _, f := range fields {
		if _, done := out[f.steps[0]]; done {
			continue
		}
		v, ok := below(fields, f.steps[0])
		if !ok {
			return nil, false
		}
		out[f.steps[0]] = v
	}
	return out, true
}

// below is the value of the fields that begin with a step.
func below(fields []field, step string) (any, bool) {
	var found []field
	for _, f := range fields {
		if f.steps[0] == step {
			found = append(found, field{f.steps[1:], f.value})
		}
	}
	return valueOf(found)
}

// valueOf is what fields without more steps say, or what is in brackets.
func valueOf(fields []field) (any, bool) {
	kinds := map[string]bool{}
	var list []any
	for _, f := range fields {
		kinds[kindOf(f.steps)] = true
		list = append(list, f.value)
	}
	switch {
	case len(kinds) != 1:
		return nil, false
	case kinds["value"] && len(list) == 1:
		return list[0], true
	case kinds["value"], kinds["appended"]:
		return list, !slices.ContainsFunc(fields, func(f field) bool { return len(f.steps) > 1 })
	case kinds["member"]:
		return asAny(members(fields))
	}
	return elements(fields)
}

func asAny(m map[string]any, ok bool) (any, bool) { return m, ok }

// elements are numbered from 0, in order.
func elements(fields []field) (any, bool) {
	var out []any
	last := -1
	for _, f := range fields {
		n, _ := strconv.Atoi(f.steps[0])
		if n == last && len(f.steps) > 1 {
			continue
		}
		if n != last+1 {
			return nil, false
		}
		last = n
		v, ok := below(fields, f.steps[0])
		if !ok {
			return nil, false
		}
		out = append(out, v)
	}
	return out, true
}

func kindOf(steps []string) string {
	switch {
	case len(steps) == 0:
		return "value"
	case steps[0] == "":
		return "appended"
	case whole("0|[1-9][0-9]{0,8}").MatchString(steps[0]):
		return "numbered"
	}
	return "member"
}

// formType says whether a content type is one of those that a line of forms reads.
func formType(contentType string) bool {
	return slices.Contains([]string{urlencoded, urlencoded + "; charset=utf-8", fmt.Sprintf("%s; boundary=%s", multiparts, boundary)}, contentType)
}

const (
	urlencoded = "application/x-www-form-urlencoded"
	multiparts = "multipart/form-data"
	boundary   = "----oracle7"
)
