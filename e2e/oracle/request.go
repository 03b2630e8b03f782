package oracle

import (
	"fmt"
	"time"
)

// Request is one request as the client sends it.
type Request struct {
	Method  string
	Host    string
	Target  string // path and query, raw
	Headers []Header
	Token   int    // index in World.Tokens, -1 for none
	Auth    string // a raw authorization value instead of a token
	Scheme  string // DPoP, "" for Bearer
	Proof   string // "" for none, goodProof and its like, or one of proofFaults
	Nonce   string // of the proof: "", ours or foreign
	Peer    string // SPIFFE id of the client certificate, "" for none
	Phase   int
	After   time.Duration // since the first one of those that are judged in process
	Body    *string       // nil for no body at all
	// Strict says that Body is not strict JSON although a lenient reader takes it.
	Strict string
}

// Header is a header field as sent.
type Header struct{ Name, Value string }

func (r *Request) String() string {
	s := fmt.Sprintf("%s %s%s", r.Method, r.Host, r.Target)
	for _, h := range r.Headers {
		s += fmt.Sprintf("\n  %s: %s", h.Name, h.Value)
	}
	if r.Auth != "" {
		s += "\n  authorization: " + r.Auth
	}
	if r.Token >= 0 {
		s += fmt.Sprintf("\n  token %d", r.Token)
	}
	if r.Scheme != "" || r.Proof != "" {
		s += fmt.Sprintf("\n  scheme %q, proof %q, nonce %q", r.Scheme, r.Proof, r.Nonce)
	}
	if r.Phase > 0 {
		s += fmt.Sprintf("\n  phase %d", r.Phase)
	}
	if r.After > 0 {
		s += fmt.Sprintf("\n  after %v", r.After)
	}
	if r.Peer != "" {
		s += "\n  peer " + r.Peer
	}
	if r.Body != nil {
		s += fmt.Sprintf("\n  body %.400s", *r.Body)
	}
	return s
}

// header returns the values of a header, by lower-case name, in order.
func (r *Request) header(name string) []string {
	var out []string
	for _, h := range r.Headers {
		if h.Name == name {
			out = append(out, h.Value)
		}
	}
	return out
}

// Answer is what becomes of a request.
type Answer struct {
	Asked   bool // the server was asked; else the proxy refused by itself
	Status  int  // 200 stands for what the upstream answers
	Effect  string
	Reason  string
	Targets []Verdict         // those that were decided, in order
	Set     map[string]string // the managed headers that the upstream sees
	Revoked string            // what the entry goes by that names the caller
	Strip   bool              // the upstream does not get the credential
	Reached []string          // of constructs
	Shadow  *Second           // nil where the second verdict is the same
	Text    string            // what a deny rule has its denials say
	Stream  time.Duration     // for how long an allow lets a stream go on
	Answers []Said            // of the caller, to what rules ask
}

// Second is the verdict without the shadow entry that excused a denial, or with
// the rules in shadow.
type Second struct{ Effect, Reason, By string }

// Said is an answer under its name in the record.
type Said struct{ As, Value string }

// Verdict is the decision on one target.
type Verdict struct {
	Action, Type, ID, Tier, From, Effect, Reason string

	Rule       string // the first that applied, or the deny rule; "" otherwise
	Categories []string
	As         string // actor where it is about who acts for the caller
}
