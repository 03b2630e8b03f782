package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// Options are the settings of the server that bear on how a request is read.
// The zero Options let no body in and take the direct peer for the client.
type Options struct {
	MaxBody  int // bytes; a body of this length or more counts as cut
	ClientIP ClientIP
}

// Canonical returns the only reading of a request, or a *rules.Fault: 400 for
// what is ambiguous or malformed, 403 host_not_served and upgrade_not_supported
// for what is clear and not for us; only then is the request returned together
// with the fault, for the record. A body that was cut is no fault yet, for most
// operations do not need it, unless it is a form: 413.
//
// The request shares memory with raw, which must not change afterwards.
func Canonical(raw *rules.RawRequest, o *Options) (*rules.Request, error) {
	if raw == nil {
		return nil, rules.Faultf(rules.MalformedRequest, "the message holds no request")
	}
	if o == nil {
		o = &Options{}
	}
	req := &rules.Request{
		ID: raw.ID, Now: raw.Now, Method: raw.Method, Headers: raw.Headers,
		Source: unzoned(raw.Source), Principal: raw.Principal, Certificate: raw.Certificate,
	}
	if err := checkMethod(raw.Method); err != nil {
		return nil, err
	}
	seen, err := checkHeaders(raw.Headers)
	if err != nil {
		return nil, err
	}
	if err := readHost(req, raw); err != nil {
		return nil, err
	}
	if raw.Method != connect { // its target is a host and a port
		if err := readTarget(req, raw); err != nil {
			return nil, err
		}
	}
	req.ClientIP = o.ClientIP.of(req)
	if !raw.Serves.Has(req.Host) { // whoever sends us what we do not serve makes no work
		return req, rules.Faultf(rules.HostNotServed, "%q", req.Host)
	}
	if err := readBody(req, raw, o.MaxBody); err != nil {
		return nil, err
	}
	req.Upgrade = seen.upgrade
	if raw.Method == connect || seen.upgrade && !seen.upgrades(req) {
		return req, rules.Faultf(rules.UpgradeNotSupported, "%s", raw.Method)
	}
	return req, nil
}

// Methods with a meaning of their own here; net/http has them, at the price of
// all of net/http.
const (
	connect = "CONNECT"
	options = "OPTIONS"
	head    = "HEAD"
	fetch   = "GET"
	trace   = "TRACE"
	post    = "POST"
)

// checkMethod lets upper-case tokens pass, known or not: a server that folds
// case would read "get" as another operation than the one decided.
func checkMethod(m string) error {
	for i := range len(m) {
		if (m[i] < 'A' || m[i] > 'Z') && (m[i] != '-' || i == 0) {
			return rules.Faultf(rules.MalformedRequest, "method %.40q is not in upper-case letters", m)
		}
	}
	if m == "" || len(m) > 32 {
		return rules.Faultf(rules.MalformedRequest, "method %.40q: want 1 to 32 letters", m)
	}
	return nil
}

// maxTarget bounds path and query together, in bytes. It is below the 60 KiB
// that the proxy allows all headers together.
const maxTarget = 32 << 10

// readTarget reads path and query, split once, at the first question mark.
func readTarget(req *rules.Request, raw *rules.RawRequest) error {
	if len(raw.Path) > maxTarget {
		return rules.Faultf(rules.MalformedRequest, "path and query have %d bytes, more than %d", len(raw.Path), maxTarget)
	}
	if raw.RawPath != "" && raw.RawPath != raw.Path {
		return rules.Faultf(rules.AmbiguousPath, "the :path header and the proxy's reading of it differ")
	}
	path, query, _ := strings.Cut(raw.Path, "?")
	exact := raw.Exact && raw.RawPath != "" // they are the same bytes
	segs, slash, err := splitPath(path, exact)
	if err != nil {
		return err
	}
	params, err := splitQuery(query)
	if err != nil {
		return err
	}
	req.Path, req.Segs, req.Slash, req.RawQuery, req.Query, req.Exact = path, segs, slash, query, params, exact
	return nil
}
