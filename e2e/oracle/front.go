package oracle

import (
	"regexp"
	"slices"
	"strings"
)

// front is what the proxy does to a request before it asks, as far as the
// generated traffic can tell. Both bootstraps in package envoy remove dot
// segments; only the hardened one merges slashes and refuses by itself.
type front string

const (
	hardened front = "hardened"
	base     front = "base"
)

var escapedSlash = regexp.MustCompile(`(?i)%(2f|5c)`)

// proxyBody is how much of a body both bootstraps buffer.
const proxyBody = 65536

// refuses returns the status with which the proxy answers by itself, or 0.
func (f front) refuses(r *Request) int {
	raw, _, _ := strings.Cut(r.Target, "?")
	underscore := slices.ContainsFunc(r.Headers, func(h Header) bool { return strings.Contains(h.Name, "_") })
	switch {
	case !strings.HasPrefix(raw, "/"), strings.Contains(raw, "%00"):
		return 400
	case f == hardened && (escapedSlash.MatchString(raw) || underscore):
		return 400
	case r.Body != nil && len(*r.Body) > proxyBody:
		return 413
	}
	return 0
}

var (
	unreserved = regexp.MustCompile(`(?i)%(2d|2e|5f|7e|3[0-9]|4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])`)
	slashes    = regexp.MustCompile(`/{2,}`)
)

// path is the target as the server is shown it.
func (f front) path(target string) string {
	raw, query, has := strings.Cut(target, "?")
	raw = unreserved.ReplaceAllStringFunc(raw, func(s string) string { return string(unhex(s[1])<<4 | unhex(s[2])) })
	raw = strings.ReplaceAll(raw, `\`, "/")
	raw = withoutDots(raw)
	if f == hardened {
		raw = slashes.ReplaceAllString(raw, "/")
	}
	if has {
		return raw + "?" + query
	}
	return raw
}

// withoutDots removes dot segments as RFC 3986 section 5.2.4 does, and keeps empty ones.
func withoutDots(raw string) string {
	var out []string
	segments := strings.Split(raw, "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch s {
		case "..":
			if len(out) > 1 {
				out = out[:len(out)-1]
			}
		case ".":
		default:
			out = append(out, s)
			continue
		}
		if last {
			out = append(out, "")
		}
	}
	return strings.Join(out, "/")
}

func unhex(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}
