package diff

import (
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/resolver"
)

// requestOf are the words of a line that say where a request has what it names.
type requestOf struct {
	path, query string
	params      url.Values
	headers     map[string]string
	body        map[string]any
	taken       map[string]string
	ok          bool
}

var (
	targetForm = regexp.MustCompile(`^[\w|.-]+ ([\w.-]+)(?:/(\{[^}]*\}|[^\s\[{]+))?(?:\[(.*)\])?(?: in [\w.-]+/(\{[^}]*\}|\S+))?$`)
	holes      = regexp.MustCompile(`\{[^}]*\}`)
)

// witness is the request of a flip; nil where its line is none of a path, or takes
// what it touches from where no test can put it.
func (f *flip) witness() *Witness {
	op := f.by.unit.op
	if op.Protocol != "" || !f.by.unit.shape.writes() && f.by.unit.sees(f.thing).property != "" && f.thing.property != "" {
		return nil
	}
	head, tail, _ := strings.Cut(op.Line, " -> ")
	specs := strings.Split(tail, ", ")
	r := &requestOf{params: url.Values{}, headers: map[string]string{}, body: map[string]any{}, taken: map[string]string{}, ok: true}
	_, r.path, _ = strings.Cut(head, " ")
	r.path, r.query, _ = strings.Cut(r.path, "?")
	f.others = slices.Clone(f.others)
	for _, flips := range []bool{true, false} { // what differs has its way where a capture is for two things
		touch := 0
		for _, spec := range specs {
			m := targetForm.FindStringSubmatch(spec)
			if m == nil || touch >= len(op.Touches) {
				return nil
			}
			at := touch
			if touch++; op.Touches[at].Upsert {
				if touch++; f.others[at] == nil {
					at++
				}
			}
			if th := f.others[at]; th != nil && (th == f.thing) == flips {
				f.others[at] = r.takes(m, th)
			}
		}
	}
	if f.by.unit.shape.writes() && f.thing.property != "" && !put(r.body, strings.Split(f.thing.property, "."), "x") {
		return nil
	}
	return f.made(op, r)
}

// made puts the parts of a request together.
func (f *flip) made(op *resolver.Operation, r *requestOf) *Witness {
	if !r.ok {
		return nil
	}
	method, _, _ := strings.Cut(op.Methods()[0], "|")
	for pair := range strings.SplitSeq(r.query, "&") {
		if name, hole, ok := strings.Cut(pair, "="); ok && r.taken[hole] != "" {
			r.params.Set(name, r.taken[hole])
		}
	}
	path := holes.ReplaceAllStringFunc(r.path, func(hole string) string {
		name, rest, _ := strings.Cut(strings.Trim(hole, "{}"), "=")
		value := r.taken["{"+name+"}"]
		if value == "" {
			value = "x1"
		}
		if rest == "**" {
			return value
		}
		return url.PathEscape(value)
	})
	t := f.who.trial
	t.At, t.Headers, t.Body = f.later, r.headers, r.body
	t.Method = method
	if t.URL = "https://" + strings.Replace(op.Host, "*", "any", 1) + path; len(r.params) > 0 {
		t.URL += "?" + strings.ReplaceAll(r.params.Encode(), "+", "%20")
	}
	if len(t.Body) == 0 && !op.NeedsBody {
		t.Body = nil
	}
	t.Objects = f.objects(op)
	t.bring(f.asked)
	return &Witness{t.yaml(), t}
}

// takes has a request name a thing as a target says, whose parts m holds. Where it
// names something else there already, that is what it is.
func (r *requestOf) takes(m []string, th *thing) *thing {
	as := *th
	as.id = r.put(m[2], th.id)
	for bound := range strings.SplitSeq(m[3], ",") {
		if name, from, ok := strings.Cut(bound, "="); ok {
			r.put(from, th.bound(name))
		}
	}
	if as.parent = r.put(m[4], th.parent); as.id == th.id && as.parent == th.parent {
		return th
	}
	return &as
}

// put notes the value of a capture, and returns what the request has for it.
func (r *requestOf) put(from, value string) string {
	hole := strings.TrimSuffix(strings.Trim(from, "{}"), "?")
	if from == "" || !strings.HasPrefix(from, "{") || value == "" {
		return value
	}
	if had, ok := r.taken["{"+hole+"}"]; ok {
		return had
	}
	r.taken["{"+hole+"}"] = value
	where, name, ok := strings.Cut(hole, ".")
	switch {
	case !ok && !slices.Contains([]string{"body", "query", "header", "caller"}, where):
	case where == "query":
		r.params.Set(strings.TrimSuffix(name, "[,]"), value)
	case where == "header":
		r.headers[name] = value
	case where == "body":
		r.ok = r.ok && put(r.body, strings.Split(name, "."), value)
	default:
		r.ok = false
	}
	return value
}

// put puts a value into a body; false where a path leads through something else.
func put(body map[string]any, path []string, value string) bool {
	name, list := strings.CutSuffix(path[0], "[]")
	if len(path) == 1 {
		if body[name] = any(value); list {
			body[name] = []any{value}
		}
		return true
	}
	inner, ok := body[name].(map[string]any)
	if body[name] != nil && !ok {
		return false
	}
	if inner == nil {
		inner = make(map[string]any)
	}
	if body[name] = any(inner); list {
		body[name] = []any{inner}
	}
	return put(inner, path[1:], value)
}
