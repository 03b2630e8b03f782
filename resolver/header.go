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

// seenHeaders are what headers say together.
type seenHeaders struct {
	upgrade   bool // some header is about another protocol
	webSocket bool // it is the one that may be
	named     bool // connection names it, as it must
	other     bool // and there is another one
}

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
		s.webSocket = s.webSocket || strings.EqualFold(h.Value, "websocket") // RFC 6455 section 4.2.1
		s.other = s.other || !strings.EqualFold(h.Value, "websocket")
	case "connection":
		for name := range strings.SplitSeq(h.Value, ",") {
			switch name = strings.ToLower(strings.Trim(name, " \t")); name {
			case "", "close", "keep-alive", "te":
			case "upgrade":
				s.upgrade, s.named = true, true
			case "http2-settings":
				s.upgrade, s.other = true, true
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

// upgrades reports whether a request asks for a WebSocket and for nothing else.
// One that brings a body might be two requests to a server that declines.
func (s *seenHeaders) upgrades(req *rules.Request) bool {
	length, sized := req.Header("content-length")
	_, chunked := req.Header("transfer-encoding")
	bare := (!sized || length == "0") && !chunked && len(req.Body) == 0 && !req.BodyCut
	return s.webSocket && s.named && !s.other && bare && req.Method == fetch
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
