package resolver

import (
	"strconv"

	"github.com/tiergate/tiergate/rules"
)

// partialMarker is set by the proxy on every request whose body it buffered. A
// client's own copy never gets here, but goes on to the upstream.
const partialMarker = "x-envoy-auth-partial-body"

// readBody decides whether the body is absent, whole or cut. Without a marker and
// without a body it was not inspected; a body that is there counts, for another
// proxy may not mark it. "false", and no marker, prove nothing when the buffer was
// exactly full, or when the lengths disagree.
func readBody(req *rules.Request, raw *rules.RawRequest, limit int) error {
	length, err := contentLength(req)
	if err != nil {
		return err
	}
	marker, marked := req.Header(partialMarker)
	if !marked && len(raw.Body) == 0 {
		return nil
	}
	if marked && marker != "true" && marker != "false" {
		return rules.Faultf(rules.MalformedRequest, "%s is %.20q", partialMarker, marker)
	}
	have := int64(len(raw.Body))
	if length >= 0 && length < have {
		return rules.Faultf(rules.MalformedRequest, "content-length is %d, the body has %d bytes", length, have)
	}
	cut := marker == "true" || raw.Size > have || length > have || have > 0 && have >= int64(limit)
	if have > 0 || cut {
		if err := checkFormType(req, cut); err != nil {
			return err
		}
	}
	if cut {
		req.BodyCut = true
		return nil
	}
	req.Body, req.HasBody = raw.Body, true
	if err := checkForm(req); err != nil {
		return err
	}
	return checkJSON(req)
}

// contentLength returns the header's number, or -1 without one.
func contentLength(req *rules.Request) (int64, error) {
	v, ok := req.Header("content-length")
	if !ok {
		return -1, nil
	}
	for i := range len(v) {
		if v[i] < '0' || v[i] > '9' {
			return 0, rules.Faultf(rules.MalformedRequest, "content-length is %.40q", v)
		}
	}
	n, err := strconv.ParseInt(v, 10, 64)
	if err != nil {
		return 0, rules.Faultf(rules.MalformedRequest, "content-length is %.40q", v)
	}
	return n, nil
}

// checkBodiless refuses a body where the method gives it no meaning (RFC 9110
// section 9.3.1): servers that read it all the same act on what nobody decided. A
// length of 0 is no body.
func checkBodiless(req *rules.Request) error {
	if req.Method != fetch && req.Method != head && req.Method != trace {
		return nil
	}
	length, _ := contentLength(req) // it has been judged
	_, chunked := req.Header("transfer-encoding")
	if length > 0 || len(req.Body) > 0 || req.BodyCut || chunked && !req.HasBody {
		return rules.Faultf(rules.MalformedRequest, "%s with a body, and its line reads none", req.Method)
	}
	return nil
}
