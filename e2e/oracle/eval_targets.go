package oracle

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
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
	properties []string // members of the body
}

// needsBody says whether the line reads the body: for a capture, or because its
// first target writes an object whose members are classified or limited.
func (w *World) needsBody(l *Line) bool {
	for _, t := range l.Targets {
		for _, c := range t.captures() {
			if c.In == "body" {
				return true
			}
		}
	}
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

func (t *TargetSpec) captures() []*Capture {
	var out []*Capture
	for _, c := range []*Capture{t.ID, t.Parent} {
		if c != nil {
			out = append(out, c)
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
	if e.req.Body == nil {
		return "body_missing"
	}
	if len(*e.req.Body) > e.w.BodyLimit {
		return "body_too_large"
	}
	switch strings.Join(e.req.header("content-type"), ",") {
	case "application/json", "application/json; charset=utf-8":
	default:
		return "body_type"
	}
	if enc := e.req.header("content-encoding"); len(enc) > 0 && enc[0] != "identity" {
		return "body_encoding"
	}
	d := json.NewDecoder(strings.NewReader(*e.req.Body))
	d.UseNumber()
	if e.req.Strict != "" || d.Decode(&e.body) != nil {
		return "body_malformed"
	}
	return ""
}

// capture is the rest of section 4, step 1: the ids that the request names. The
// targets are taken in order; one by one they are read, counted, and held
// against their type's pattern.
func (e *evaluation) capture() string {
	for _, s := range e.line.Path {
		if s.Capture != "" && len(e.params(s.Capture)) > 0 {
			return "ambiguous_parameter"
		}
	}
	for _, t := range e.line.Targets {
		for _, c := range t.captures() {
			if c.In == "query" && len(e.params(c.Name)) > 1 {
				return "ambiguous_parameter"
			}
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
	return ""
}

// target reads what the i-th target of the line names.
func (e *evaluation) target(i int) string {
	spec := &e.line.Targets[i]
	base := target{spec: spec, first: i == 0, typ: e.w.typ(spec.Type), bounds: map[string]any{}}
	base.collection = spec.ID == nil && spec.Actions[0] != "create"
	if reason := e.bind(spec, &base); reason != "" {
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

// patterns holds compiled patterns: a world asks for few, and often.
var patterns sync.Map

// whole compiles a pattern so that it matches whole strings only.
func whole(pattern string) *regexp.Regexp {
	if known, ok := patterns.Load(pattern); ok {
		return known.(*regexp.Regexp)
	}
	compiled := regexp.MustCompile(`\A(?:` + pattern + `)\z`)
	patterns.Store(pattern, compiled)
	return compiled
}

func validID(t *Type, id string) bool {
	return len(id) <= 1024 && (t.IDPattern == "" || whole(t.IDPattern).MatchString(id))
}

func (e *evaluation) params(name string) []string {
	var out []string
	for _, p := range e.query {
		if p.Name == name {
			out = append(out, p.Value)
		}
	}
	return out
}

// values are what a capture gives: at least one, none of them empty, unless it is optional and absent.
func (e *evaluation) values(c *Capture) ([]string, string) {
	var out []string
	switch c.In {
	case "path":
		for i, s := range e.line.Path {
			if s.Capture == c.Name && s.Rest {
				out = []string{strings.Join(e.path[i:], "/")}
			} else if s.Capture == c.Name {
				out = []string{e.path[i]}
			}
		}
	case "claim":
		if role, ok := e.caller.claims[c.Name].(string); ok {
			out = []string{role}
		}
	case "query", "header":
		if out = e.req.header(c.Name); c.In == "query" {
			out = e.params(c.Name)
		}
		if len(out) > 1 {
			return nil, "ambiguous_parameter"
		}
		if c.Comma && len(out) == 1 {
			out = strings.Split(out[0], ",")
		}
	case "body":
		return member(e.body, c, c.Body, 0)
	}
	if len(out) == 0 && c.Optional {
		return nil, ""
	}
	if len(out) == 0 || slices.Contains(out, "") {
		return nil, "no_target"
	}
	return out, ""
}

// member walks the body to the member that a capture names.
func member(at any, c *Capture, names []string, depth int) ([]string, string) {
	if depth == len(names) {
		return scalar(at)
	}
	object, ok := at.(map[string]any)
	if !ok {
		return nil, "malformed_id"
	}
	next, ok := object[names[depth]]
	if !ok && c.Optional {
		return nil, ""
	}
	if !ok || next == nil {
		return nil, "no_target"
	}
	if depth != c.Each {
		return member(next, c, names, depth+1)
	}
	list, ok := next.([]any)
	if !ok {
		return nil, "malformed_id"
	}
	var all []string
	for _, element := range list {
		v, reason := member(element, c, names, depth+1)
		if reason != "" {
			return nil, reason
		}
		all = append(all, v...)
	}
	return all, ""
}

// scalar is an id in JSON: a string, or an integer by its text.
func scalar(v any) ([]string, string) {
	switch v := v.(type) {
	case nil:
		return nil, "no_target"
	case string:
		if v == "" {
			return nil, "no_target"
		}
		return []string{v}, ""
	case json.Number:
		if whole(`-?(0|[1-9][0-9]*)`).MatchString(v.String()) {
			return []string{v.String()}, ""
		}
	}
	return nil, "malformed_id"
}

// facts is section 4, step 2.
func (e *evaluation) facts() string {
	for _, t := range e.targets {
		if t.typ.Source == nil || t.spec.ID == nil {
			continue
		}
		for _, a := range t.spec.Actions {
			t.looked = t.looked || slices.ContainsFunc(e.w.Rules, func(r *Rule) bool { return !r.Deny && e.fits(r, a, t.typ) })
		}
		if t.looked {
			t.row = t.typ.row(t.id)
		}
		if t.row != nil && t.row.Bad != "" {
			return "catalog_bad_row" // no target was decided: a shadow entry of its type is of no use
		}
	}
	return ""
}

// settle is section 4, step 3: create|update becomes one or both.
func (e *evaluation) settle() string {
	var out []*target
	for _, t := range e.targets {
		for _, a := range t.spec.Actions {
			one := *t
			one.action = a
			if len(t.spec.Actions) == 2 && t.looked && (a == "create") != (t.row == nil) {
				continue
			}
			out = append(out, &one)
		}
	}
	e.targets = out
	return ""
}

// classify is section 4, step 4.
func (e *evaluation) classify() string {
	for _, t := range e.targets {
		top := len(e.w.Tiers) - 1
		if t.typ.MaxRowTier != "" {
			top = e.w.tier(t.typ.MaxRowTier)
		}
		action := -1
		for _, a := range t.typ.Actions {
			if a.Action == t.action {
				action = e.w.tier(a.Tier)
			}
		}
		if t.collection {
			if t.tier = action; action < 0 {
				t.tier = top
			}
			continue
		}
		t.tier = max(e.w.tier(t.typ.Tier), action)
		rowTier := -1
		if t.row != nil {
			rowTier = e.w.tier(t.row.Tier)
		}
		t.tier = max(t.tier, rowTier)
		if t.typ.Tier == "" && rowTier < 0 {
			t.tier = max(t.tier, e.w.tier(e.w.Unclassified))
		}
		if t.first && (t.action == "create" || t.action == "update") {
			for m := range e.body {
				t.properties = append(t.properties, m)
			}
			for _, p := range t.typ.Properties {
				if slices.Contains(t.properties, p.Member) {
					t.tier = max(t.tier, e.w.tier(p.Tier))
				}
			}
		}
	}
	return ""
}
