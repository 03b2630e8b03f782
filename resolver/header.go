package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// readHeaders are the headers that we read. Those with a bit must come once,
// with one value: the proxy joins repeats of some by a comma, so a comma is a
// repeat. The others may be lists.
var readHeaders = map[string]uint32{
	"authorization":                 1 << 0,
	"proxy-authorization":           1 << 1,
	"dpop":                          1 << 2,
	"host":                          1 << 3,
	"content-type":                  1 << 4,
	"content-length":                1 << 5,
	"content-encoding":              1 << 6,
	"transfer-encoding":             1 << 7,
	"origin":                        1 << 8,
	"access-control-request-method": 1 << 9,
	"x-envoy-auth-partial-body":     1 << 10,
	"x-envoy-external-address":      1 << 11,
	"x-forwarded-for":               0,
	"connection":                    0,
	"upgrade":                       0,
	"early-data":                    0,
}

// overrides are the headers by which frameworks let a client change the method,
// and those in which proxies hand on the method that a request had.
var overrides = setOf("x-http-method-override", "x-http-method", "x-method-override", "x-method", "x-override-method",
	"x-tunneled-method", "x-original-method", "x-forwarded-method", "method-override", "x-http-methodoverride", "x-rest-method")

// removed are headers by which frameworks let a client change the path. They
// are taken out before the upstream, but only in this spelling.
var removed = setOf(rules.PathHints()...)

func setOf(names ...string) map[string]bool {
	set := make(map[string]bool, len(names))
	for _, name := range names {
		set[name] = true
	}
	return set
}

type seenHeaders struct{ upgrade bool }

// checkHeaders refuses header lists that two servers could read in two ways.
func checkHeaders(headers []rules.Header) (seenHeaders, error) {
	var seen seenHeaders
	var once uint32
	for i := range headers {
		h := &headers[i]
		if !validName(h.Name) {
			return seen, rules.Faultf(rules.MalformedRequest, "header name %.80q", h.Name)
		}
		if strings.IndexByte(h.Value, 0) >= 0 || strings.IndexByte(h.Value, '\r') >= 0 || strings.IndexByte(h.Value, '\n') >= 0 {
			return seen, rules.Faultf(rules.MalformedRequest, "the value of header %q has a control byte", h.Name)
		}
		if err := checkTwin(h.Name); err != nil {
			return seen, err
		}
		bit, read := readHeaders[h.Name]
		if bit != 0 {
			if once&bit != 0 || strings.IndexByte(h.Value, ',') >= 0 {
				return seen, rules.Faultf(rules.AmbiguousHeader, "%s comes more than once", h.Name)
			}
			once |= bit
		}
		if read {
			if err := seen.note(h); err != nil {
				return seen, err
			}
		}
		if overrides[h.Name] {
			return seen, rules.Faultf(rules.MethodOverride, "header %s", h.Name)
		}
	}
	if both := readHeaders["content-length"] | readHeaders["transfer-encoding"]; once&both == both {
		return seen, rules.Faultf(rules.MalformedRequest, "both content-length and transfer-encoding")
	}
	return seen, nil
}

// note judges the headers whose value alone matters.
func (s *seenHeaders) note(h *rules.Header) error {
	switch h.Name {
	case "upgrade":
		s.upgrade = true
	case "connection":
		for name := range strings.SplitSeq(h.Value, ",") {
			switch name = strings.ToLower(strings.Trim(name, " \t")); name {
			case "", "close", "keep-alive", "te":
			case "upgrade", "http2-settings":
				s.upgrade = true
			default:
				// A hop between us and the upstream would drop that header.
				return rules.Faultf(rules.AmbiguousHeader, "connection names header %.80q", name)
			}
		}
	case "early-data":
		return rules.Faultf(rules.AmbiguousHeader, "a request in early data may be a replay (RFC 8470)")
	}
	return nil
}

// checkTwin refuses names that CGI-like servers take for one of those we read or remove:
// content_type and content.type become the same variable as content-type.
func checkTwin(name string) error {
	if strings.IndexByte(name, '_') < 0 && strings.IndexByte(name, '.') < 0 {
		return nil
	}
	twin := dashed(name)
	if overrides[twin] {
		return rules.Faultf(rules.MethodOverride, "header %.80q", name)
	}
	if _, read := readHeaders[twin]; read || removed[twin] {
		return rules.Faultf(rules.AmbiguousHeader, "header %.80q may be read as %s", name, twin)
	}
	return nil
}

var dashes = strings.NewReplacer("_", "-", ".", "-")

func dashed(name string) string { return dashes.Replace(name) }

// validName accepts lower-case tokens (RFC 9110 section 5.6.2). Pseudo headers
// are not headers: whoever made the raw request has taken them out.
func validName(name string) bool {
	for i := range len(name) {
		if !tokenByte[name[i]] {
			return false
		}
	}
	return name != ""
}

var tokenByte = func() (t [256]bool) {
	for _, c := range []byte("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz") {
		t[c] = true
	}
	return t
}()
