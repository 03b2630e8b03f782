package resolver

import "github.com/tiergate/tiergate/rules"

// Match is the one operation of a request, or a CORS preflight, which is none.
// The zero Match has neither and gives no targets. Of an endpoint, Targets adds
// the lines of the calls that it read.
type Match struct {
	Op        *Operation
	Calls     []*Operation
	Reply     string // JSON text: the id of a JSON-RPC request, by which its answer is known
	Preflight bool
}

// Match finds the operation of a canonical request, or returns a *rules.Fault:
// no_route, or ambiguous_path where a server that compares paths without regard
// to case would find another line; where the operation needs no body, the fault of
// JSON that could not be searched. It allocates nothing unless it fails or such a
// body came, and its cost does not grow with the number of routes.
func (r *Routes) Match(req *rules.Request) (Match, error) {
	h := r.hosts[req.Host]
	if h == nil {
		return Match{}, rules.Faultf(rules.NoRoute, "no line is for host %q", req.Host)
	}
	if h.cors.V && isPreflight(req) {
		return unneeded(Match{Preflight: true}, req)
	}
	method := req.Method
	if method == head { // its answer tells what GET's would
		method = "GET"
	}
	op := h.root.match(method, req.Segs, exactly)
	switch {
	case op == nil:
		return Match{}, rules.Faultf(rules.NoRoute, "no line of %s is for %s and this path of %d segments", req.Host, req.Method, len(req.Segs))
	case op != h.root.match(method, req.Segs, folded):
		return Match{}, rules.Faultf(rules.AmbiguousPath, "%s is matched, but without regard to case another line is", op.Template)
	}
	if op.NeedsBody { // whoever reads it judges it
		return Match{Op: op}, nil
	}
	return unneeded(Match{Op: op}, req)
}

// unneeded is a match that reads no body.
func unneeded(m Match, req *rules.Request) (Match, error) {
	if err := checkUnneeded(req); err != nil {
		return Match{}, err
	}
	return m, nil
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
