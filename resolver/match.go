package resolver

import "github.com/tiergate/tiergate/rules"

// Match is the one operation of a request, or a CORS preflight, which is none.
// The zero Match has neither and gives no targets.
type Match struct {
	Op        *Operation
	Preflight bool
}

// Match finds the operation of a canonical request, or returns a *rules.Fault
// no_route. It does not allocate, and its cost does not grow with the number
// of routes.
func (r *Routes) Match(req *rules.Request) (Match, error) {
	h := r.hosts[req.Host]
	if h == nil {
		return Match{}, rules.Faultf(rules.NoRoute, "no line is for host %q", req.Host)
	}
	if h.cors.V && isPreflight(req) {
		return Match{Preflight: true}, nil
	}
	method := req.Method
	if method == head { // its answer tells what GET's would
		method = "GET"
	}
	if op := h.root.match(method, req.Segs); op != nil {
		return Match{Op: op}, nil
	}
	return Match{}, rules.Faultf(rules.NoRoute, "no line of %s is for %s %.200q", req.Host, req.Method, req.Path)
}

// isPreflight follows the Fetch standard: a browser asks before it sends.
func isPreflight(req *rules.Request) bool {
	if req.Method != options {
		return false
	}
	_, origin := req.Header("origin")
	_, method := req.Header("access-control-request-method")
	return origin && method
}
