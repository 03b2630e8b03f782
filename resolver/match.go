package resolver

import "github.com/tiergate/tiergate/rules"

// Match is the one operation of a request, or a CORS preflight, which is none.
// The zero Match has neither and gives no targets. Of an endpoint, Targets adds
// the lines of the calls that it read.
type Match struct {
	Op        *Operation
	Calls     []*Operation
	Reply     rules.Reply // who waits for an answer in JSON-RPC
	Preflight bool

	segs []string // of the path, as captures read them
}

// Match finds the operation of a canonical request, or returns a *rules.Fault:
// no_route, or ambiguous_path where servers could find another line or read
// another object from the same path; where the operation needs no body, the fault of
// one that its method does not have, or of JSON that could not be searched, and then
// the match says of which operation. It allocates nothing unless it fails or such a
// body came, and its cost does not grow with the number of routes.
// A request for an upgrade whose line does not say that it streams is
// upgrade_not_supported, whatever else is wrong with it.
func (r *Routes) Match(req *rules.Request) (Match, error) {
	m, err := r.match(req)
	if req.Upgrade && (m.Op == nil || !m.Op.upgrades()) {
		return Match{}, rules.Faultf(rules.UpgradeNotSupported, "no line with stream is for it")
	}
	return m, err
}

func (r *Routes) match(req *rules.Request) (Match, error) {
	h := r.host(req.Host)
	if h == nil {
		return Match{}, rules.Faultf(rules.NoRoute, "no line is for host %q", req.Host)
	}
	if h.cors.V && isPreflight(req) {
		if err := h.slashes(req); err != nil {
			return Match{}, err
		}
		return unneeded(Match{Preflight: true}, req)
	}
	m, err := h.match(req.Method, req.Path, req.Segs, req.Slash)
	if err != nil || m.Op.NeedsBody { // whoever reads it judges it
		return m, err
	}
	if !m.Op.carries {
		if err := checkBodiless(req); err != nil {
			return m, err
		}
	}
	return unneeded(m, req)
}

// unneeded is a match that reads no body.
func unneeded(m Match, req *rules.Request) (Match, error) {
	return m, checkUnneeded(req)
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
