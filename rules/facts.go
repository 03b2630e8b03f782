package rules

import (
	"maps"
	"strings"
)

// facts is all that a condition or a template may read: one request, caller
// and target.
type facts struct {
	schema *Schema
	req    *Request
	caller *Caller // who is judged
	user   *Caller // for whom the caller acts; nil where it acts for itself
	target *Target
	tier   Tier

	categories categories // of the target
	sure       truth      // yes where these are all, see grade

	supposed bool              // the caller meets what it can bring, see Set.Supposing
	settle   func(string) bool // nil but for Set.Doubting

	// probe turns the question around, at load: what would be known of such a
	// target, whoever asks? Only what its object can never have is absent.
	probe bool

	spent uint64 // by the conditions that ran, in CEL's cost units
}

// ofObject is an id of the object or its parent: unknown where a collection
// does not bound it, or where a probe finds it given.
func (f *facts) ofObject(id string) (string, truth) {
	switch {
	case id != "" && !f.probe:
		return id, yes
	case id != "" || f.target.Collection:
		return "", unknown
	}
	return "", absent
}

// known is an attribute that a row or a bound has, or has not. Where it is open
// each member of a collection has its own.
func (f *facts) known(v any, ok, open bool) (any, truth) {
	switch {
	case ok && !f.probe:
		return v, yes
	case ok || open:
		return nil, unknown
	}
	return nil, absent
}

// ofCategories are the categories of the target. Where a classification that would
// add one could not be decided, whoever asks which there are gets no answer.
func (f *facts) ofCategories() (any, truth) {
	switch {
	case f.probe:
		return nil, unknown
	case f.sure != yes:
		return nil, f.sure
	}
	if k := f.schema.names(f.target.Object.Type, f.categories); k != nil {
		return k, yes
	}
	return []string{}, yes
}

// asked is how much is known of what every request has.
func (f *facts) asked() truth {
	if f.probe {
		return unknown
	}
	return yes
}

// parameter is the value of a query parameter that comes exactly once. One that
// is repeated has two readings, so it is absent.
func (f *facts) parameter(name string) string {
	value, seen := "", false
	for i := range f.req.Query {
		if f.req.Query[i].Name != name {
			continue
		}
		if seen {
			return ""
		}
		value, seen = f.req.Query[i].Value, true
	}
	return value
}

// header is the value of a header that comes exactly once, if it is text of which
// every character shows, and the client's own: the proxy puts a ! for what it cannot pass on.
func (f *facts) header(name string) string {
	value, ok := f.req.once(name)
	if !ok || !shows(value) || !f.req.Exact && strings.Contains(value, "!") {
		return ""
	}
	return value
}

// onBehalf is the caller for whom the request is made, whoever of the two is judged.
func (f *facts) onBehalf() *Caller {
	if f.user != nil {
		return f.user
	}
	return f.caller
}

// query is every parameter that comes exactly once and is not empty: what
// parameter finds.
func (f *facts) query() map[string]string {
	out := make(map[string]string, len(f.req.Query))
	times := make(map[string]int, len(f.req.Query))
	for _, p := range f.req.Query {
		out[p.Name] = p.Value
		times[p.Name]++
	}
	maps.DeleteFunc(out, func(name, value string) bool { return times[name] > 1 || value == "" })
	return out
}
