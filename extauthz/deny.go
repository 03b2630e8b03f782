package extauthz

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/tiergate/tiergate/rules"
)

// words are the fixed texts of a denial, one a status: they say nothing about
// the object, the rules or the credential.
type words struct {
	code   codes.Code
	title  string
	detail string
}

var texts = map[int]words{
	400: {codes.InvalidArgument, "Bad Request", "The request is malformed or can be read in more than one way."},
	404: {codes.NotFound, "Not Found", "There is nothing here."},
	410: {codes.NotFound, "Gone", "This is no longer here."},
	423: {codes.FailedPrecondition, "Locked", "This cannot be used now."},
	451: {codes.PermissionDenied, "Unavailable For Legal Reasons", "This is not available for legal reasons."},

	401: {codes.Unauthenticated, "Unauthorized", "This request needs a valid credential."},
	403: {codes.PermissionDenied, "Forbidden", "This request is not allowed."},
	413: {codes.OutOfRange, "Content Too Large", "The request body is too large to be checked."},
	503: {codes.Unavailable, "Service Unavailable", "The request could not be checked. Try again later."},
}

// deny writes the response of a denial. It cannot fail: a status that is not one
// of ours is 503.
func (a *answers) deny(out *rules.Outcome, raw *rules.RawRequest) wire {
	status := out.Status()
	text, ok := texts[status]
	if !ok || out.Effect == rules.Allow {
		status, text = 503, texts[503]
	}
	if own := out.Refusal.Text; own != "" && status != 503 {
		text.detail = own
	}
	w := make(wire, 0, 1024)
	code := w.open(responseStatus)
	w.varint(statusCode, uint64(text.code))
	w.close(code)

	denied := w.open(responseDenied)
	httpStatus := w.open(deniedStatus)
	if calm(out) {
		w.varint(statusCode, http.StatusOK)
	} else {
		w.varint(statusCode, uint64(status))
	}
	w.close(httpStatus)
	switch {
	case isGRPC(raw):
		w.string(deniedBody, text.detail) // the proxy makes it the grpc-message
	case out.Reply.ID != "":
		w.header(deniedHeaders, "content-type", "application/json")
		w.string(deniedBody, a.rpcError(status, text, out, raw.ID))
	default:
		w.header(deniedHeaders, "content-type", "application/problem+json")
		w.string(deniedBody, a.problem(status, text, out.Reason, raw.ID))
	}
	w.header(deniedHeaders, decisionHeader, raw.ID)
	w.header(deniedHeaders, "cache-control", "no-store")
	if challenge := a.challenges.of(out, raw); challenge != "" {
		w.header(deniedHeaders, "www-authenticate", challenge)
	}
	if out.Nonce != "" {
		w.header(deniedHeaders, nonceHeader, out.Nonce)
	}
	if status == 503 {
		w.header(deniedHeaders, "retry-after", "1")
	}
	w.close(denied)
	writeMetadata(&w, out, raw.ID)
	return w
}

// notAllowed is the code of a JSON-RPC error, of those that are a server's own
// (JSON-RPC 2.0 section 5.1), for a call that was denied.
const notAllowed = "-32001"

// calm reports whether the client sees status 200: in JSON-RPC it may, where policy says
// no or the message is wrong, for the error says so. Whoever must log in or try again
// later learns that from HTTP.
func calm(out *rules.Outcome) bool {
	no := out.Reason.Status() // whatever a deny rule has it answered with
	return out.Reply.Calm && out.Reply.ID != "" && (no == http.StatusForbidden || no == http.StatusBadRequest)
}

// rpcError is a JSON-RPC error by which the client knows which of its requests was
// denied. The request's id is JSON text already.
func (a *answers) rpcError(status int, text words, out *rules.Outcome, id string) string {
	return `{"jsonrpc":"2.0","id":` + out.Reply.ID + `,"error":{"code":` + notAllowed + `,"message":` + quoted(text.detail) + `,"data":` + a.problem(status, text, out.Reason, id) + `}}`
}

// quoted is a text in JSON. A deny rule may have any in its answers.
func quoted(text string) string {
	out, _ := json.Marshal(text) // a string always can be
	return string(out)
}

// problem is an RFC 9457 body.
func (a *answers) problem(status int, text words, reason rules.Reason, id string) string {
	var b strings.Builder
	b.Grow(192)
	b.WriteString(`{"type":"about:blank","title":"`)
	b.WriteString(text.title)
	b.WriteString(`","status":`)
	b.WriteString(strconv.Itoa(status))
	b.WriteString(`,"detail":`)
	b.WriteString(quoted(text.detail))
	b.WriteString(`,"decision":"`)
	b.WriteString(id)
	if a.expose {
		b.WriteString(`","reason":"`)
		b.WriteString(shown(reason, status))
	}
	b.WriteString(`"}`)
	return b.String()
}

// shown is a reason as a caller may see it: what exactly is wrong with a token
// helps only whoever forges one, and what is hidden is not there.
func shown(r rules.Reason, status int) string {
	if status == http.StatusNotFound {
		return string(rules.UnknownObject)
	}
	if r == rules.Revoked || strings.HasPrefix(string(r), "token_") || strings.HasPrefix(string(r), "binding_") {
		return "invalid_token"
	}
	return string(r)
}

// isGRPC reports whether the proxy will answer the client in gRPC.
func isGRPC(raw *rules.RawRequest) bool {
	for i := range raw.Headers {
		if raw.Headers[i].Name == "content-type" {
			rest, ok := strings.CutPrefix(raw.Headers[i].Value, "application/grpc")
			return ok && (rest == "" || rest[0] == '+')
		}
	}
	return false
}
