package resolver

import (
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// values returns what a capture gives, none of it empty. An optional capture
// whose member is absent gives nothing; nothing in any other way is a fault.
// The result is good until the next call.
func (r *resolution) values(s *source) ([]string, error) {
	if s.kind == fromParts {
		return r.fromParts(s)
	}
	r.ids = r.room[:0]
	if s.kind == fromBody {
		if err := r.fromBody(r.body, s, s.steps, rules.NoKind); err != nil {
			return nil, err
		}
		if len(r.ids) == 0 && !s.optional {
			return nil, absent(s)
		}
		return r.ids, nil
	}
	if s.each {
		return r.repeats(s)
	}
	text, ok, err := r.text(s)
	if err != nil {
		return nil, err
	}
	if !ok && s.optional {
		return nil, nil
	}
	if text == "" {
		return nil, absent(s)
	}
	if !s.split {
		return append(r.ids, text), nil
	}
	for id := range strings.SplitSeq(text, ",") {
		if id == "" {
			return nil, absent(s)
		}
		r.ids = append(r.ids, id)
	}
	return r.ids, nil
}

// fromParts joins the parts of an id. One that may be absent and is leaves none.
func (r *resolution) fromParts(s *source) ([]string, error) {
	var room [4]string
	parts := room[:0]
	for _, part := range s.parts {
		text, err := r.values(part)
		if err != nil {
			return nil, err
		}
		if len(text) > 0 && strings.IndexByte(text[0], '/') >= 0 {
			return nil, malformed(part, "holds a slash, and is a part of an id")
		}
		parts = append(parts, text...)
	}
	if len(parts) < len(s.parts) {
		return nil, nil
	}
	return append(r.room[:0], strings.Join(parts, "/")), nil
}

func absent(s *source) error {
	return rules.Faultf(rules.NoTarget, "%s is absent, null or empty", s.text)
}

func malformed(s *source, why string) error {
	if s.member { // it names nothing
		return rules.Faultf(rules.BodyMalformed, "%s %s", s.text, why)
	}
	return rules.Faultf(rules.MalformedID, "%s %s", s.text, why)
}

// text reads a capture that is not in the body, and whether it is there.
func (r *resolution) text(s *source) (string, bool, error) {
	switch s.kind {
	case fromFixed:
		return s.name, true, nil
	case fromNamed:
		return s.path.value(r.segs), true, nil
	case fromQuery:
		return r.fromQuery(s)
	case fromHeader:
		return r.fromHeader(s)
	case fromClaim:
		return r.fromClaim(s)
	case fromBody, fromParts, fromArgs, fromMessage, fromForm: // values reads them
	}
	return "", false, malformed(s, "has no source")
}

func (r *resolution) fromQuery(s *source) (string, bool, error) {
	for i, param := range r.params() {
		p := &r.req.Query[i]
		if !param.Is(s.name) {
			continue
		}
		if p.Name != s.name {
			return "", false, rules.Faultf(rules.AmbiguousParameter, "parameter %d may be read as %s", i+1, s.name)
		}
		if strings.ContainsAny(p.Value, " !") && !plainQuery(r.req, s.name) {
			return "", false, rules.Faultf(rules.AmbiguousParameter, "%s holds a + or an exclamation mark that is not percent-encoded", s.name)
		}
		if hasEscape(p.Value) {
			return "", false, malformed(s, "is encoded twice")
		}
		return p.Value, true, nil
	}
	return "", false, nil
}

// repeats reads a query parameter that may come more than once, as name or, where
// the line says so, as name[]: servers that know only one of the two read none of the
// other. Those that take one of several read one that is decided.
func (r *resolution) repeats(s *source) ([]string, error) {
	sent := s.name
	if s.brackets {
		sent += "[]"
	}
	for part := range strings.SplitSeq(r.req.RawQuery, "&") {
		name, value, ok := decodePair(part)
		if !ok || !alike.Name(name, s.name) {
			continue
		}
		_, raw, _ := strings.Cut(part, "=")
		switch {
		case name != sent:
			return nil, rules.Faultf(rules.AmbiguousParameter, "a parameter may be read as %s, and is spelled in another way", s.name)
		case !plainValue(r.req, raw):
			return nil, rules.Faultf(rules.AmbiguousParameter, "%s holds a + or an exclamation mark that is not percent-encoded", s.name)
		case value == "":
			return nil, absent(s)
		case hasEscape(value):
			return nil, malformed(s, "is encoded twice")
		}
		r.ids = append(r.ids, value)
	}
	if len(r.ids) == 0 && !s.optional {
		return nil, absent(s)
	}
	return r.ids, nil
}

// fromHeader wants one header of that name, one value, and no twin of it.
func (r *resolution) fromHeader(s *source) (value string, found bool, err error) {
	for i := range r.req.Headers {
		h := &r.req.Headers[i]
		switch {
		case h.Name == s.name:
			if found || strings.IndexByte(h.Value, ',') >= 0 {
				return "", false, rules.Faultf(rules.AmbiguousParameter, "header %s comes more than once", s.name)
			}
			value, found = h.Value, true
		case len(h.Name) == len(s.name) && dashed(h.Name) == s.name:
			return "", false, rules.Faultf(rules.AmbiguousParameter, "header %.80q may be read as %s", h.Name, s.name)
		}
	}
	if !isASCII(value) {
		return "", false, malformed(s, "holds bytes beyond ASCII, which servers read in several character sets")
	}
	if !r.req.Exact && strings.IndexByte(value, '!') >= 0 { // the proxy may have written it for a byte that is not UTF-8
		return "", false, malformed(s, "holds an exclamation mark, which may stand for another byte")
	}
	return value, found, nil
}

func (r *resolution) anonymous() bool {
	return r.caller == nil || r.caller.Verified == nil || r.caller.Anonymous
}

// fromClaim reads a claim that the issuer may assert: a string or an integer.
func (r *resolution) fromClaim(s *source) (string, bool, error) {
	if r.anonymous() { // to come back with a credential may help
		return "", false, rules.Faultf(rules.CredentialMissing, "%s is of a caller, and this one is anonymous", s.text)
	}
	switch v := r.caller.Claims[s.name].(type) {
	case nil:
		return "", false, nil
	case string:
		return v, true, nil
	case int64:
		return strconv.FormatInt(v, 10), true, nil
	}
	return "", false, malformed(s, "is no string and no integer")
}

// fromBody walks to the members that a capture names and appends their text to
// r.ids. kind is that of the bound, which may be a boolean, or NoKind for an id.
func (r *resolution) fromBody(v *tree.Value, s *source, steps []step, kind rules.Kind) error {
	if len(steps) == 0 {
		text, err := r.scalar(v, s, kind)
		r.ids = append(r.ids, text)
		if r.batch {
			r.elements = append(r.elements, r.element)
		}
		return err
	}
	if steps[0].each {
		return r.fromEach(v, s, steps[1:], kind)
	}
	next, err := r.into(v, s, steps[0].member)
	switch {
	case err != nil:
		return err
	case next == nil && s.optional:
		if r.batch && r.element != nil {
			r.loose = append(r.loose, r.element)
		}
		return nil
	case next == nil || next.Kind == tree.Null:
		return absent(s)
	}
	return r.fromBody(next, s, steps[1:], kind)
}

// into is the member of a value, nil where it has none of that name.
func (r *resolution) into(v *tree.Value, s *source, name string) (*tree.Value, error) {
	if v.Kind != tree.Object {
		if v == r.body {
			return nil, rules.Faultf(rules.BodyMalformed, "the body is not an object")
		}
		return nil, malformed(s, "is not in an object")
	}
	next, twin := v.Member(name)
	if twin {
		return nil, rules.Faultf(rules.AmbiguousParameter, "another member may be read as %q", name)
	}
	return next, noFile(next, s)
}

// noFile refuses a file where the line reads a value: to be absent here would hide
// it from a deny rule, and some servers read its content all the same.
func noFile(v *tree.Value, s *source) error {
	if v != nil && v.File {
		return rules.Faultf(rules.BodyMalformed, "%s comes as a file, or as what some servers take for one", s.text)
	}
	return nil
}

// fromEach goes into every element. An empty list names nothing, though it is there.
func (r *resolution) fromEach(v *tree.Value, s *source, steps []step, kind rules.Kind) error {
	if s.form && v.Kind == tree.String { // a list of one, as a form says it
		return r.fromBody(v, s, steps, kind)
	}
	if v.Kind != tree.Array {
		return malformed(s, "is not a list")
	}
	if len(v.Items) == 0 {
		return absent(s)
	}
	for i := range v.Items {
		r.element = &v.Items[i]
		if err := noFile(r.element, s); err != nil {
			return err
		}
		if err := r.fromBody(r.element, s, steps, kind); err != nil {
			return err
		}
	}
	return nil
}

// maxExact is the largest integer that every JSON reader keeps exactly (RFC 7493 section 2.2).
const maxExact = 1<<53 - 1

// scalar is the text of a JSON value: a string, an integer, or a boolean where
// the bound's kind is one.
func (r *resolution) scalar(v *tree.Value, s *source, kind rules.Kind) (string, error) {
	switch v.Kind {
	case tree.Null:
		return "", absent(s)
	case tree.String:
		if v.Text == "" {
			return "", absent(s)
		}
		return v.Text, nil
	case tree.Bool:
		if kind == rules.Bool {
			return v.Text, nil
		}
	case tree.Number:
		n, err := strconv.ParseInt(v.Text, 10, 64)
		if err != nil || v.Text == "-0" || !r.op.exact && (n > maxExact || n < -maxExact) {
			return "", malformed(s, "is a number that readers do not agree on")
		}
		return v.Text, nil
	case tree.Array:
		if s.form { // servers take the first, the last or all
			return "", rules.Faultf(rules.AmbiguousParameter, "%s comes more than once", s.text)
		}
	case tree.Object:
	}
	return "", malformed(s, "is no string and no integer")
}

// boundValue reads a bound in its attribute's kind, and whether it is there.
func (r *resolution) boundValue(b *boundSlot) (any, bool, error) {
	var err error
	var texts []string
	if b.from.kind == fromBody {
		r.ids = r.room[:0]
		err = r.fromBody(r.body, &b.from, b.from.steps, b.kind)
		texts = r.ids
	} else {
		texts, err = r.values(&b.from)
	}
	if err != nil || len(texts) == 0 {
		return nil, false, err
	}
	if what := unfit(texts[0]); what != "" {
		return nil, false, malformed(&b.from, "has "+what)
	}
	v, ok := typed(b.kind, texts[0])
	if !ok {
		return nil, false, malformed(&b.from, "is not of kind "+b.kind.String())
	}
	return v, true, nil
}
