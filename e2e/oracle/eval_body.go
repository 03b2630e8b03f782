package oracle

import (
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// overrides are the headers that ask for another method.
var overrides = []string{"x-http-method-override", "x-http-method", "x-method-override", "x-method", "x-override-method",
	"x-tunneled-method", "x-original-method", "x-forwarded-method", "method-override", "x-http-methodoverride", "x-rest-method"}

// sent is the body, "" for none, and what it is said to be.
func (e *evaluation) sent() (body, contentType string) {
	if e.req.Body != nil {
		body = *e.req.Body
	}
	return body, strings.Join(e.req.header("content-type"), ",")
}

// unreadable says why a body cannot be searched, or "".
func (e *evaluation) unreadable() string {
	body, contentType := e.sent()
	if enc := e.req.header("content-encoding"); len(enc) > 0 && enc[0] != "identity" {
		return "body_encoding"
	}
	if strings.Contains(contentType, "charset") && !strings.HasSuffix(contentType, "charset=utf-8") {
		return "body_type"
	}
	if len(body) >= e.w.BodyLimit {
		return "body_too_large"
	}
	return ""
}

// form is the part of section 1 about bodies that are forms, or may be.
func (e *evaluation) form() string {
	body, contentType := e.sent()
	parts := strings.HasPrefix(contentType, "multipart/")
	if body == "" || contentType != "" && !parts && !strings.HasPrefix(contentType, urlencoded) {
		return e.method()
	}
	if reason := e.unreadable(); reason != "" {
		return reason
	}
	if parts {
		return e.searchParts(body)
	}
	if strings.Count(body, "&") >= 256 {
		return "body_malformed"
	}
	if text, err := url.QueryUnescape(body); err != nil || !utf8.ValidString(text) || strings.Contains(text, "\x00") || strings.Contains(body, ";") {
		return "body_malformed"
	}
	for _, pair := range strings.Split(body, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(name); err == nil {
			e.fields = append(e.fields, name)
		}
	}
	if e.inForm("_method") {
		return "method_override"
	}
	return e.method()
}

// nameInPart is the name of a part, or of its file, as any server may find it.
var nameInPart = regexp.MustCompile(`name="([^"]*)"`)

// searchParts is the same of a multipart form.
func (e *evaluation) searchParts(body string) string {
	if e.req.Strict == oddSpelling {
		return "body_malformed"
	}
	for _, m := range nameInPart.FindAllStringSubmatch(body, -1) {
		e.fields = append(e.fields, m[1])
	}
	if e.inForm("_method") {
		return "method_override"
	}
	return ""
}

// isJSON says whether some server takes the body for JSON.
func (e *evaluation) isJSON() bool {
	body, contentType := e.sent()
	if contentType == "" {
		return strings.HasPrefix(body, "{")
	}
	return body != "" && (strings.Contains(contentType, "/json") || strings.Contains(contentType, "+json"))
}

// strict says whether the body is strict JSON, and reads it.
func (e *evaluation) strict(into any) bool {
	body, _ := e.sent()
	return e.req.Strict == "" && json.Unmarshal([]byte(body), into) == nil
}

// method is the part of section 1 about JSON that asks for another method.
func (e *evaluation) method() string {
	var members map[string]any
	if body, _ := e.sent(); !e.isJSON() || len(body) >= e.w.BodyLimit || !e.strict(&members) {
		return ""
	}
	for name := range members {
		if foldsTo(name, "_method") {
			return "method_override"
		}
	}
	return ""
}

// unread is section 2, step 4: JSON that nobody needs must be searchable all the same.
func (e *evaluation) unread() string {
	if !e.isJSON() {
		return ""
	}
	var any any
	if reason := e.unreadable(); reason != "" {
		return reason
	}
	if !e.strict(&any) {
		return "body_malformed"
	}
	return ""
}

// first is the first of two reasons, if there is one.
func first(reason, other string) string {
	if reason != "" {
		return reason
	}
	return other
}
