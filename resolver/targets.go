package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/form"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// Targets names what a request touches: at least one target, in the order of
// the line, none of them looked up yet. It is pure; its error is a *rules.Fault
// of docs/reference/decisions.md, section 4.
func (m *Match) Targets(req *rules.Request, c *rules.Caller) ([]rules.Target, error) {
	if m.Op == nil || m.Op.Open {
		return nil, rules.Faultf(rules.NoTarget, "the operation names no object")
	}
	if m.Op.endpoint != nil {
		return m.called(req, c)
	}
	r := resolution{op: m.Op, req: req, segs: m.segs, caller: c}
	if m.Op.Protocol == protoRPC {
		if err := r.readMessage(); err != nil {
			return nil, err
		}
	} else if m.Op.NeedsBody {
		if err := r.readBody(); err != nil {
			return nil, err
		}
	}
	return r.all(make([]rules.Target, 0, len(m.Op.targets)))
}

// all appends what the operation's targets name.
func (r *resolution) all(out []rules.Target) ([]rules.Target, error) {
	if err := r.ambiguousParameters(); err != nil {
		return nil, err
	}
	for i := range r.op.targets {
		var err error
		if out, err = r.target(out, &r.op.targets[i]); err != nil {
			return nil, err
		}
	}
	if len(out) == r.start {
		return nil, rules.Faultf(rules.NoTarget, "every target is optional, and the request names none")
	}
	return r.properties(out)
}

// resolution is the state of one call of Targets.
type resolution struct {
	op     *Operation
	req    *rules.Request
	segs   []string // of the path, as it was matched
	caller *rules.Caller
	body   *tree.Value // nil unless the operation needs it
	start  int         // of the line's targets, among those of other calls
	first  int         // the end of those that the line's first one gave
	ids    []string
	room   [4]string

	folded   []alike.Once // the names of the query, see params
	found    *tree.Value  // the JSON of a body that nothing reads, see json
	searched bool
	kind     bodyKinds     // of the body that came
	fields   []string      // that a GraphQL call selects
	batch    bool          // the ids being read are those of a batch, whose elements are kept:
	element  *tree.Value   // the one at hand
	elements []*tree.Value // those of the ids
	loose    []*tree.Value // those without an id
}

// readBody demands a whole body of a kind that the line reads.
func (r *resolution) readBody() error {
	if r.op.bodies == formBody {
		return r.readForm()
	}
	if err := whole(r.req); err != nil {
		return err
	}
	contentType, _ := r.req.Header("content-type")
	if r.kind = r.op.bodies & kindOfJSON(contentType); r.kind == 0 {
		return rules.Faultf(rules.BodyType, "content-type is %.80q, want %s", contentType, r.op.bodies)
	}
	return r.readJSON()
}

func (r *resolution) readJSON() error {
	if err := plain(r.req); err != nil {
		return err
	}
	v, err := tree.ReadJSON(r.req.Body)
	if err != nil {
		return &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	r.body = v
	return nil
}

// readForm reads a form of either encoding.
func (r *resolution) readForm() error {
	if err := whole(r.req); err != nil {
		return err
	}
	contentType, _ := r.req.Header("content-type")
	boundary, parts := form.Boundary(contentType)
	if !parts && !isExactly(contentType, "application/x-www-form-urlencoded") {
		return rules.Faultf(rules.BodyType, "content-type is %.80q, want %s", contentType, formBody)
	}
	if err := plain(r.req); err != nil {
		return err
	}
	r.kind = formBody
	var err error
	if parts {
		r.body, err = form.ReadMultipart(r.req.Body, boundary)
	} else {
		r.body, err = form.ReadURLEncoded(r.req.Body)
	}
	if err != nil {
		return &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	return nil
}

// wholeJSON demands a whole JSON body of exactly that type and no encoding.
func wholeJSON(req *rules.Request) (*tree.Value, error) {
	if err := whole(req); err != nil {
		return nil, err
	}
	if contentType, _ := req.Header("content-type"); !isJSON(contentType) {
		return nil, rules.Faultf(rules.BodyType, "content-type is %.80q, want application/json", contentType)
	}
	if err := plain(req); err != nil {
		return nil, err
	}
	v, err := tree.ReadJSON(req.Body)
	if err != nil {
		return nil, &rules.Fault{Reason: rules.BodyMalformed, Err: err}
	}
	return v, nil
}

// whole demands that the body is there, all of it.
func whole(req *rules.Request) error {
	switch {
	case req.BodyCut:
		return rules.Faultf(rules.BodyTooLarge, "the body was cut or is over the limit")
	case !req.HasBody:
		return rules.Faultf(rules.BodyMissing, "the proxy sent no body")
	case len(req.Body) == 0:
		return rules.Faultf(rules.BodyMissing, "the body is empty")
	}
	return nil
}

// plain demands that the body is not encoded once more.
func plain(req *rules.Request) error {
	if encoding, ok := req.Header("content-encoding"); ok && encoding != "identity" {
		return rules.Faultf(rules.BodyEncoding, "content-encoding is %.80q", encoding)
	}
	return nil
}

// isJSON accepts application/json and nothing like it.
func isJSON(contentType string) bool { return kindOfJSON(contentType) == plainJSON }

// kindOfJSON accepts the types of JSON that lines read, and nothing like them.
func kindOfJSON(contentType string) bodyKinds {
	for kind, media := range jsonTypes {
		if isExactly(contentType, media) {
			return kind
		}
	}
	return 0
}

var jsonTypes = map[bodyKinds]string{
	plainJSON: "application/json", mergePatch: "application/merge-patch+json", jsonPatch: "application/json-patch+json",
}

// isExactly accepts one media type, alone or with a charset, which can only be
// UTF-8, in either case.
func isExactly(contentType, want string) bool {
	media, params, has := strings.Cut(contentType, ";")
	if !has {
		return media == want
	}
	charset, ok := strings.CutPrefix(strings.TrimLeft(params, " "), "charset=")
	return ok && strings.TrimRight(media, " ") == want && strings.EqualFold(charset, "utf-8")
}

// target appends what one target of the line names.
func (r *resolution) target(out []rules.Target, t *target) ([]rules.Target, error) {
	one := rules.Target{Action: t.action, Upsert: t.upsert, Collection: t.collection}
	one.Object = rules.Object{Type: t.typ, RowTier: rules.NoTier}
	if t.id == nil && !t.collection {
		one.Object.State = rules.New
	}
	if err := r.bind(&one, t); err != nil {
		return nil, err
	}
	var err error
	if one.Body, err = r.brought(t); err != nil {
		return nil, err
	}
	if t.id == nil {
		out = append(out, one)
	} else {
		r.batch = t == &r.op.targets[0] && r.op.written != nil && len(r.op.written.list) > 0
		ids, err := r.values(t.id)
		r.batch = false
		if err != nil {
			return nil, err
		}
		if len(out)+len(ids)-r.start > r.op.Max {
			return nil, r.tooMany(len(out) + len(ids) - r.start)
		}
		for _, id := range ids {
			if err := checkID(t.typ, id); err != nil {
				return nil, err
			}
			if one.Object.ID = id; t.typ.NamesAttributes() {
				one.Object.Attributes = make([]any, len(t.typ.Attributes))
				if wrong := t.typ.Named(id, one.Object.Attributes); wrong != "" {
					return nil, rules.Faultf(rules.MalformedID, "an id of %s: %s", t.typ.Name, wrong)
				}
			}
			out = append(out, one)
		}
	}
	if len(out)-r.start > r.op.Max {
		return nil, r.tooMany(len(out) - r.start)
	}
	if t == &r.op.targets[0] {
		r.first = len(out)
	}
	return out, nil
}

func (r *resolution) tooMany(n int) error {
	return rules.Faultf(rules.TooManyTargets, "the request names %d or more targets, the line allows %d", n, r.op.Max)
}

// bind reads the parent and the bounds. An optional one that is absent does not
// bind, which makes a collection wider.
func (r *resolution) bind(one *rules.Target, t *target) error {
	if t.parent != nil {
		ids, err := r.values(t.parent)
		if err != nil {
			return err
		}
		if len(ids) > 0 {
			if err := checkID(t.parentType, ids[0]); err != nil {
				return err
			}
			one.Object.Parent = ids[0]
		}
	}
	bound := one.Object.Parent != ""
	for i := range t.bounds {
		b := &t.bounds[i]
		v, ok, err := r.boundValue(b)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		if one.Object.Attributes == nil {
			one.Object.Attributes = make([]any, len(t.typ.Attributes))
		}
		one.Object.Attributes[b.slot], bound = v, true
	}
	one.Unbounded = t.collection && !bound
	return nil
}
