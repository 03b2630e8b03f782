package oracle

import (
	"slices"
	"strings"
)

// pathHints are the headers by which proxies say which path a request had.
var pathHints = []string{"x-original-url", "x-rewrite-url", "x-envoy-original-path", "x-original-uri", "x-forwarded-uri", "x-forwarded-path",
	"x-forwarded-prefix", "x-script-name", "script-name", "path-info"}

// single are the headers that come once, as far as the traffic repeats any.
var single = []string{"host", "content-type", "origin", "access-control-request-method"}

// headers is the part of section 1 about headers and the host.
func (e *evaluation) headers() string {
	seen := map[string]bool{}
	for _, h := range e.req.Headers {
		plain := strings.NewReplacer("_", "-", ".", "-").Replace(h.Name)
		known := slices.Concat(pathHints, single, []string{"x-forwarded-for"})
		switch {
		case slices.Contains(overrides, plain):
			return "method_override"
		case plain != h.Name && slices.Contains(known, plain), h.Name == "early-data",
			slices.Contains(single, h.Name) && (seen[h.Name] || strings.Contains(h.Value, ",")):
			return "ambiguous_header"
		case h.Name == "connection" && slices.ContainsFunc(strings.Split(h.Value, ", "), func(name string) bool {
			return !slices.Contains([]string{"upgrade", "keep-alive"}, strings.ToLower(name))
		}):
			return "ambiguous_header"
		}
		seen[h.Name] = true
	}
	host, ok := hostName(e.req.Host)
	for _, also := range e.req.header("host") {
		if name, fine := hostName(also); !fine || name != host {
			return "ambiguous_host"
		}
	}
	if !ok {
		return "ambiguous_host"
	}
	return ""
}

// aHost is a name, maybe with a dot at its end and a port.
var aHost = `([A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*)\.?(:[1-9][0-9]{0,4})?`

// hostName is the name of a host, and whether it is one.
func hostName(s string) (string, bool) {
	m := whole(aHost).FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	return strings.ToLower(m[1]), true
}
