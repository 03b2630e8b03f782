package rules

import (
	"net/netip"
	"strings"
	"time"
)

// RawRequest is one request as the proxy described it, before any of it was
// judged. It knows no protos, so that every way in can make one.
type RawRequest struct {
	ID     string    // decision id, unique
	Now    time.Time // our clock; the only time this Check knows
	Serves *HostSet  // what the listener serves; nil serves nothing

	Method  string
	Path    string // with query, as the proxy read it
	RawPath string // the :path header as it arrived; "" when it did not
	Exact   bool   // RawPath and the headers' values are as the client sent them: no ! stands for a byte that is not UTF-8
	Host    string
	Headers []Header // without pseudo headers; repeats apart where the proxy kept them

	Body []byte
	Size int64 // bytes the proxy buffered; more than len(Body) proves a cut

	Source      netip.Addr // direct TCP peer
	Principal   string     // of the peer's certificate, as the proxy reports it
	Certificate string     // URL-encoded PEM of the peer's leaf; "" when not sent
	ProxyID     string     // the proxy's id of the stream
}

// Header is one header field: lower-case name, bytes of the value.
type Header struct{ Name, Value string }

// Param is one query parameter, decoded once.
type Param struct{ Name, Value string }

// Request is a request of which there is exactly one reading.
type Request struct {
	ID     string
	Now    time.Time
	Host   string   // lower-case, no port, no trailing dot
	Method string   // upper-case token
	Path   string   // starts with one slash, no query, percent-encoding as sent
	Segs   []string // Path's segments, each decoded once; a trailing slash is a last empty one
	Slash  bool     // a segment holds a slash that was sent as %2F
	Query  []Param  // in order

	RawQuery string // what stands behind the first question mark, as sent
	Headers  []Header
	Body     []byte
	HasBody  bool // the proxy buffered the body and sent all of it
	BodyCut  bool // the proxy sent only a part of the body, or it is over the limit
	Upgrade  bool // asks to go on as a WebSocket
	Exact    bool // path, query and headers are as the client sent them, see RawRequest

	Source      netip.Addr
	ClientIP    netip.Addr // as client_ip in the configuration says
	Principal   string
	Certificate string
}

// Header returns the value of the first header of that lower-case name.
func (r *Request) Header(name string) (string, bool) {
	for i := range r.Headers {
		if r.Headers[i].Name == name {
			return r.Headers[i].Value, true
		}
	}
	return "", false
}

// once returns the value of a header of that lower-case name that comes exactly once.
// One that comes twice says two things.
func (r *Request) once(name string) (value string, ok bool) {
	for i := range r.Headers {
		if r.Headers[i].Name != name {
			continue
		}
		if ok {
			return "", false
		}
		value, ok = r.Headers[i].Value, true
	}
	return value, ok
}

// HostSet is a set of canonical host names.
type HostSet struct {
	hosts map[string]struct{}
	below map[string]struct{} // .example.com for *.example.com
}

// NewHostSet makes a set of names in canonical form: lower-case, no port. One that
// begins with *. stands for all names below it.
func NewHostSet(hosts ...string) *HostSet {
	s := &HostSet{hosts: make(map[string]struct{}, len(hosts)), below: make(map[string]struct{})}
	for _, h := range hosts {
		if below, ok := strings.CutPrefix(h, "*"); ok {
			s.below[below] = struct{}{}
			continue
		}
		s.hosts[h] = struct{}{}
	}
	return s
}

// Has reports whether host is in the set. A nil set has none.
func (s *HostSet) Has(host string) bool {
	if s == nil {
		return false
	}
	if _, ok := s.hosts[host]; ok || len(s.below) == 0 {
		return ok
	}
	for i := 1; i < len(host); i++ {
		if host[i] != '.' {
			continue
		}
		if _, ok := s.below[host[i:]]; ok {
			return true
		}
	}
	return false
}
