package resolver

import (
	"bytes"
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// formKind is how a server may look for parameters in a body.
type formKind uint8

const (
	noForm formKind = iota
	urlEncoded
	multipart // of any subtype: some servers read parameters from all
)

// bodyKind is all that servers may take a body for. A body without a type is a
// form to some, and to others JSON if it starts like it.
type bodyKind struct {
	form formKind
	json bool
}

// kindOfBody goes by the content type, as servers do: some look only for /json
// or +json anywhere in it.
func kindOfBody(req *rules.Request) (kind bodyKind, contentType string) {
	v, _ := req.Header("content-type")
	if v == "" {
		return bodyKind{urlEncoded, bytes.HasPrefix(bytes.TrimLeft(req.Body, " \t\r\n"), []byte("{"))}, ""
	}
	v = strings.ToLower(v)
	switch {
	case strings.HasPrefix(v, "application/x-www-form-urlencoded"):
		kind.form = urlEncoded
	case strings.HasPrefix(v, "multipart/"):
		kind.form = multipart
	}
	kind.json = strings.Contains(v, "/json") || strings.Contains(v, "+json")
	return kind, v
}

// checkFormType refuses a form whose fields cannot be read here, but by some server.
func checkFormType(req *rules.Request, cut bool) error {
	if kind, contentType := kindOfBody(req); kind.form != noForm {
		return checkReadable(req, contentType, cut)
	}
	return nil
}

// checkReadable refuses a body that is encoded, cut, or in another character set.
func checkReadable(req *rules.Request, contentType string, cut bool) error {
	if encoding, ok := req.Header("content-encoding"); ok && !strings.EqualFold(encoding, "identity") {
		return rules.Faultf(rules.BodyEncoding, "a form or JSON with a content-encoding")
	}
	if !utf8Only(contentType) {
		return rules.Faultf(rules.BodyType, "a form or JSON in another charset than utf-8")
	}
	if cut {
		return rules.Faultf(rules.BodyTooLarge, "a form or JSON that was cut or is over the limit")
	}
	return nil
}

// utf8Only reports whether a content type, in lower case, names no charset, or
// once and plainly utf-8.
func utf8Only(contentType string) bool {
	_, value, named := strings.Cut(contentType, "charset")
	if !named {
		return true
	}
	value, more, _ := strings.Cut(value, ";")
	value = strings.TrimSpace(value)
	return (value == "=utf-8" || value == `="utf-8"`) && !strings.Contains(more, "charset")
}

// checkForm refuses a form that servers may read differently, and one that
// changes the method on the way.
func checkForm(req *rules.Request) error {
	if len(req.Body) == 0 {
		return nil
	}
	switch kind, _ := kindOfBody(req); kind.form {
	case urlEncoded:
		body := string(req.Body)
		if manyParams(body) {
			return rules.Faultf(rules.BodyMalformed, "a form with more than %d fields", maxParams)
		}
		for part := range strings.SplitSeq(body, "&") {
			if _, _, ok := decodePair(part); !ok || strings.IndexByte(part, ';') >= 0 {
				return rules.Faultf(rules.BodyMalformed, "a form with a semicolon, a bad escape, a NUL or bytes that are not UTF-8")
			}
		}
	case multipart:
		body := strings.ToLower(string(req.Body))
		if manyParts(body) {
			return rules.Faultf(rules.BodyMalformed, "a form with more than %d parts", maxParams)
		}
		if err := checkSpelling(body); err != nil {
			return err
		}
	case noForm:
	}
	if formHas(req, methodParam) {
		return rules.Faultf(rules.MethodOverride, "form field %s", methodParam)
	}
	return nil
}

// checkJSON refuses JSON that changes the method on the way. What is no strict
// JSON is not judged yet: see checkUnneeded.
func checkJSON(req *rules.Request) error {
	if kind, _ := kindOfBody(req); !kind.json || len(req.Body) == 0 {
		return nil
	}
	if v, err := tree.ReadJSON(req.Body); err == nil {
		if m, twin := v.Member(methodParam); m != nil || twin {
			return rules.Faultf(rules.MethodOverride, "member %s", methodParam)
		}
	}
	return nil
}

// jsonOf is the body of a request that servers read as JSON, nil where it is none.
func jsonOf(req *rules.Request) *tree.Value {
	if kind, _ := kindOfBody(req); !req.HasBody || !kind.json || len(req.Body) == 0 {
		return nil
	}
	v, err := tree.ReadJSON(req.Body)
	if err != nil { // it was refused, or is going to be
		return nil
	}
	return v
}

// checkUnneeded refuses JSON that could not be searched, where no line is going
// to read it and would refuse it for the same reasons.
func checkUnneeded(req *rules.Request) error {
	kind, contentType := kindOfBody(req)
	if !kind.json || len(req.Body) == 0 && !req.BodyCut {
		return nil
	}
	if err := checkReadable(req, contentType, req.BodyCut); err != nil {
		return err
	}
	if _, err := tree.ReadJSON(req.Body); err != nil {
		return &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	return nil
}

// methodParam is the parameter by which frameworks let a client change the method.
const methodParam = "_method"

// formHas reports whether some server finds a field of that name in the body.
func formHas(req *rules.Request, name string) bool {
	if !req.HasBody {
		return false
	}
	switch kind, _ := kindOfBody(req); kind.form {
	case urlEncoded:
		for part := range strings.SplitSeq(string(req.Body), "&") {
			if field, _, ok := decodePair(part); !ok || alike.Name(field, name) {
				return true
			}
		}
	case multipart:
		return partHas(strings.ToLower(string(req.Body)), name)
	case noForm:
	}
	return false
}
