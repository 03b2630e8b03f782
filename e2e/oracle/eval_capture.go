package oracle

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// patterns holds compiled patterns: a world asks for few, and often.
var patterns sync.Map

// whole compiles a pattern so that it matches whole strings only.
func whole(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	compiled := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	patterns.Store(pattern, compiled)
	return compiled
}

func validID(t *Type, id string) bool {
	for _, v := range t.inID(id) {
		if text, is := v.(string); is && text == "" {
			return false
		}
	}
	return len(id) <= 1024 && !strings.ContainsRune(id, '\u0301') && ( // no letter of the traffic has the accent apart in form NFC
	t.IDPattern == "" || whole(t.IDPattern).MatchString(id))
}

// inID are the attributes that an id gives by its pattern's named groups.
func (t *Type) inID(id string) map[string]any {
	if t.IDPattern == "" {
		return nil
	}
	out := map[string]any{}
	pattern := whole(t.IDPattern)
	m := pattern.FindStringSubmatch(id)
	for i, name := range pattern.SubexpNames() {
		if name == "" || m == nil {
			continue
		}
		out[name] = m[i]
		if a, _ := t.attribute(name); a.Kind == "int" {
			n, err := strconv.ParseInt(m[i], 10, 64)
			if out[name] = n; err != nil || strconv.FormatInt(n, 10) != m[i] {
				out[name] = "" // no integer in its only spelling
			}
		}
	}
	return out
}

// values are what a capture gives: at least one, none of them empty, unless it is optional and absent.
func (e *evaluation) values(c *Capture) ([]string, string) {
	if len(c.With) > 0 {
		return e.parts(c)
	}
	var out []string
	switch c.In {
	case "path":
		out = []string{e.line.captured(c.Name, e.path, e.compare)}
	case "claim":
		if e.caller.token == nil && !e.caller.machine {
			return nil, "credential_missing"
		}
		if role, ok := e.caller.claims[c.Name].(string); ok {
			out = []string{role}
		}
	case "query", "header":
		if out = e.req.header(c.Name); c.In == "query" {
			for i, p := range e.folding(c.Name) { // one at most, unless it may come again
				if p.Name != c.Name {
					return nil, "ambiguous_parameter"
				}
				if i > 0 && slices.Contains(out, "") {
					break // that is what the answer is about
				}
				out = append(out, p.Value)
			}
			e.reachIf(c.Repeated && len(out) > 1, "query: repeated")
		}
		if len(out) > 1 && !c.Repeated {
			return nil, "ambiguous_parameter"
		}
		if c.Comma && len(out) == 1 {
			out = strings.Split(out[0], ",")
		}
		if c.In == "header" && len(out) == 1 && strings.ContainsFunc(out[0], func(r rune) bool { return r >= 0x80 }) {
			return nil, "malformed_id"
		}
	case "body", "form":
		return member(e.body, c, c.Body, 0, e.line.Exact)
	}
	if len(out) == 0 && c.Optional {
		return nil, ""
	}
	if len(out) == 0 || slices.Contains(out, "") {
		return nil, "no_target"
	}
	return out, ""
}

// parts joins the parts of an id, each of which has one value.
func (e *evaluation) parts(c *Capture) ([]string, string) {
	first := *c
	first.With = nil
	var texts []string
	for _, part := range append([]Capture{first}, c.With...) {
		text, reason := e.values(&part)
		if reason != "" {
			return nil, reason
		}
		if strings.Contains(text[0], "/") {
			return nil, "malformed_id"
		}
		texts = append(texts, text[0])
	}
	return []string{strings.Join(texts, "/")}, ""
}

// member walks the body to the member that a capture names.
func member(at any, c *Capture, names []string, depth int, exact bool) ([]string, string) {
	if depth == len(names) {
		if _, list := at.([]any); list && c.In == "form" {
			return nil, "ambiguous_parameter"
		}
		return scalar(at, exact)
	}
	object, ok := at.(map[string]any)
	if _, is := at.(file); is {
		return nil, "body_malformed"
	}
	if !ok {
		return nil, "malformed_id"
	}
	if twin(object, names[depth]) {
		return nil, "ambiguous_parameter"
	}
	next, ok := object[names[depth]]
	if !ok && c.Optional {
		return nil, ""
	}
	if !ok || next == nil {
		return nil, "no_target"
	}
	if depth != c.Each {
		return member(next, c, names, depth+1, exact)
	}
	list, ok := next.([]any)
	if _, is := next.(file); is {
		return nil, "body_malformed"
	}
	if text, is := next.(string); is && c.In == "form" {
		list, ok = []any{text}, true // one value is a list of one
	}
	if !ok {
		return nil, "malformed_id"
	}
	var all []string
	for _, element := range list {
		v, reason := member(element, c, names, depth+1, exact)
		if reason != "" {
			return nil, reason
		}
		all = append(all, v...)
	}
	return all, ""
}

// twin says whether an object has another member that some reader takes for the named one.
func twin(object map[string]any, name string) bool {
	for member := range object {
		if member != name && foldsTo(member, name) {
			return true
		}
	}
	return false
}

// scalar is an id in JSON: a string, or an integer by its text, of 53 bits or,
// where all who read it are exact, 64.
func scalar(v any, exact bool) ([]string, string) {
	switch v := v.(type) {
	case nil:
		return nil, "no_target"
	case file:
		return nil, "body_malformed"
	case string:
		if v == "" {
			return nil, "no_target"
		}
		return []string{v}, ""
	case json.Number:
		if !whole(`-?(0|[1-9][0-9]*)`).MatchString(v.String()) || v == "-0" {
			break
		}
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if exact && err == nil || !exact && err == nil && n > -1<<53 && n < 1<<53 {
			return []string{v.String()}, ""
		}
	}
	return nil, "malformed_id"
}
