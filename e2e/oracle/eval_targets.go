package oracle

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// target is one action on one object or collection.
type target struct {
	spec       *TargetSpec
	first      bool // it comes from the line's first target
	action     string
	typ        *Type
	id         string
	parent     string         // what the request says
	bounds     map[string]any // attributes that the request fixes
	collection bool
	looked     bool // the catalog was asked
	row        *Row
	tier       int
	from       string // what says so
	categories []string
	sure       truth // whether they are exactly these
	above      bool  // the catalog was asked for the parent
	aboveRow   *Row
	aboveAge   time.Duration  // of what the catalog says of it
	properties []string       // paths that the body writes
	reads      []string       // paths that the request asks for
	body       map[string]any // what conditions may read of it
	also       []string       // further paths that it writes
	objects    []any          // what the body writes, and of each the member that is none of it
	skip       []string
}

// needsBody says whether the line reads the body: for a capture, or because its
// first target writes an object whose members are classified or limited.
func (w *World) needsBody(l *Line) bool {
	for _, t := range l.Targets {
		for _, c := range t.captures() {
			if c.inBody() {
				return true
			}
		}
	}
	return w.writes(l) || w.reads(l)
}

// writes says whether the line's first target writes an object whose members are
// classified or limited.
func (w *World) writes(l *Line) bool {
	first := l.Targets[0]
	for _, a := range first.Actions {
		if a != "create" && a != "update" {
			continue
		}
		if len(w.typ(first.Type).Properties) > 0 {
			return true
		}
		for _, writable := range w.typ(first.Type).Writable {
			if writable.Action == a {
				return true
			}
		}
	}
	return false
}

// inBody are the names that belong in the body of a line's requests.
func (w *World) inBody(l *Line) (names []string) {
	for _, t := range l.Targets {
		for _, c := range t.captures() {
			if c.inBody() {
				names = append(names, c.Body[0])
			}
		}
	}
	names = append(names, w.outermost(l)...)
	if l.Writes != "" {
		names = append(names, l.Writes)
	}
	first := w.typ(l.Targets[0].Type)
	for _, a := range l.Targets[0].Actions {
		if a != "create" && a != "update" {
			continue
		}
		for _, writable := range first.Writable {
			if writable.Action == a {
				for _, m := range writable.Members {
					names = append(names, firstStep(m))
				}
			}
		}
		for _, p := range first.Properties {
			names = append(names, firstStep(p.Member))
		}
		for _, attribute := range first.Attributes {
			names = append(names, attribute.Name)
		}
	}
	return names
}

func (c *Capture) inBody() bool { return c.In == "body" || c.In == "form" }

// inQuery are the query parameters that a line captures.
func (l *Line) inQuery() (names []string) {
	for _, t := range l.Targets {
		for _, c := range t.captures() {
			if c.In == "query" {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func (t *TargetSpec) captures() []*Capture {
	var out []*Capture
	for _, c := range []*Capture{t.ID, t.Parent} {
		if c == nil {
			continue
		}
		out = append(out, c)
		for i := range c.With {
			out = append(out, &c.With[i])
		}
	}
	for i := range t.Bounds {
		out = append(out, &t.Bounds[i].From)
	}
	return out
}

// readBody is the part of section 4, step 1, about the body.
func (e *evaluation) readBody() string {
	if !e.w.needsBody(e.line) {
		return ""
	}
	if e.req.Body == nil || *e.req.Body == "" {
		return "body_missing"
	}
	if len(*e.req.Body) >= e.w.BodyLimit {
		return "body_too_large"
	}
	_, contentType := e.sent()
	if !e.line.reads(contentType) {
		return "body_type"
	}
	if enc := e.req.header("content-encoding"); len(enc) > 0 && enc[0] != "identity" {
		return "body_encoding"
	}
	if e.line.Form {
		if !e.reachIf(e.readForm(), "form: "+strings.Split(contentType, ";")[0]) {
			return "body_malformed"
		}
		return ""
	}
	return e.readJSON()
}

// capture is the rest of section 4, step 1: the ids that the request names. The
// targets are taken in order; one by one they are read, counted, and held
// against their type's pattern.
func (e *evaluation) capture() string {
	for _, s := range e.line.Path {
		for _, name := range s.names() {
			if len(e.folding(name)) > 0 || e.inForm(name) || e.otherInJSON(name, e.line.captured(name, e.path, e.compare)) {
				return "ambiguous_parameter"
			}
		}
	}
	for _, t := range e.line.Targets {
		for _, c := range t.captures() {
			if c.In == "query" && (len(e.folding(c.Name)) > 1 && !c.Repeated || e.inForm(c.Name) || e.inJSON(c.Name)) {
				return "ambiguous_parameter"
			}
		}
	}
	for _, p := range e.query {
		folds := func(name string) bool { return foldsTo(p.Name, name) }
		wraps := func(name string) bool { return folds(name) || wrapped(p.Name, name) }
		if slices.ContainsFunc(e.w.inBody(e.line), wraps) && !slices.ContainsFunc(e.line.inQuery(), folds) {
			return "ambiguous_parameter"
		}
	}
	for i := range e.line.Targets {
		if reason := e.target(i); reason != "" {
			return reason
		}
	}
	if len(e.targets) == 0 {
		return "no_target"
	}
	reads, reason := e.asked()
	if reason != "" {
		return reason
	}
	for _, t := range e.targets {
		if t.first {
			t.reads = reads
		}
	}
	return e.writing()
}

// target reads what the i-th target of the line names.
func (e *evaluation) target(i int) string {
	spec := &e.line.Targets[i]
	base := target{spec: spec, first: i == 0, typ: e.w.typ(spec.Type), bounds: map[string]any{}}
	base.collection = spec.ID == nil && spec.Actions[0] != "create"
	if reason := e.bind(spec, &base); reason != "" {
		return reason
	}
	if reason := e.brought(&base); reason != "" {
		return reason
	}
	ids := []string{""}
	if spec.ID != nil {
		var reason string
		if ids, reason = e.values(spec.ID); reason != "" {
			return reason
		}
	}
	limit := e.line.Max
	if limit == 0 {
		limit = 100
	}
	if len(e.targets)+len(ids) > limit {
		return "too_many_targets"
	}
	for _, id := range ids {
		if spec.ID != nil && !validID(base.typ, id) {
			return "malformed_id"
		}
		t := base
		t.id = id
		e.targets = append(e.targets, &t)
	}
	return ""
}

// bind reads the parent and the bounds of a target.
func (e *evaluation) bind(spec *TargetSpec, t *target) string {
	if spec.Parent != nil {
		v, reason := e.values(spec.Parent)
		if reason != "" {
			return reason
		}
		if !validID(e.w.typ(spec.ParentType), v[0]) {
			return "malformed_id"
		}
		t.parent = v[0] // no line has an optional parent
	}
	for _, b := range spec.Bounds {
		v, reason := e.values(&b.From)
		if reason != "" {
			return reason
		}
		if len(v) == 0 {
			continue // optional and absent: the collection is wider
		}
		t.bounds[b.Attr] = v[0]
		if a, _ := t.typ.attribute(b.Attr); a.Kind == "int" {
			n, err := strconv.ParseInt(v[0], 10, 64)
			if err != nil {
				return "malformed_id"
			}
			t.bounds[b.Attr] = n
		}
	}
	return ""
}

// firstStep is the outermost member of a path.
func firstStep(path string) string {
	name, _, _ := strings.Cut(path, ".")
	return strings.TrimSuffix(name, "[]")
}
