package extauthz

import "github.com/tiergate/tiergate/rules"

// Bounds of Envoy's on one request, unless it is told others: headers, pseudo
// headers among them, and the bytes of their names and values. It answers 500,
// without reason or record, to an allow that takes a request over them.
const (
	maxHeaders     = 100
	maxHeaderBytes = 60 << 10
)

// The pseudo headers, which every request has: how many, and the bytes of their
// names and of the longest scheme.
const (
	pseudoHeaders     = 4
	pseudoHeaderBytes = len(":method:path:authority:schemehttps")
)

// room refuses a request that has no room for what the answer adds. What is
// going to be removed counts until then, as it does for Envoy.
func room(set []rules.Header, raw *rules.RawRequest) error {
	sent := raw.Headers
	headers, bytes := pseudoHeaders+len(sent), pseudoHeaderBytes+len(raw.Method)+len(raw.Path)+len(raw.Host)
	for i := range sent {
		bytes += len(sent[i].Name) + len(sent[i].Value)
	}
	for i := range set {
		if !sets(sent, set[i].Name) {
			headers++
		}
		bytes += len(set[i].Name) + len(set[i].Value)
	}
	headers, bytes = headers+1, bytes+len(decisionHeader)+len(raw.ID)
	if headers > maxHeaders || bytes > maxHeaderBytes {
		return rules.Faultf(rules.MalformedRequest, "%d headers of %d bytes with those of the answer, more than %d or %d", headers, bytes, maxHeaders, maxHeaderBytes)
	}
	return nil
}
