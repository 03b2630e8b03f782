package resolver

import (
	"slices"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// ambiguousParameters refuses a path capture that the query, a form or, with another
// value, JSON names too, and a captured query parameter that comes twice or in the body too: servers
// disagree on which one counts. PHP and Rails also read id[] and id[0] as id, and
// some servers fold case.
func (r *resolution) ambiguousParameters() error {
	params := r.params()
	for i := range r.op.captures {
		name := r.op.captures[i].text
		if timesIn(params, name) > 0 {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the query", name)
		}
		if formHas(r.req, name) {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the form", name)
		}
	}
	if err := r.pathInJSON(); err != nil {
		return err
	}
	for _, name := range r.op.Query {
		if n := timesIn(params, name); n > 1 && !slices.Contains(r.op.lists, name) {
			return rules.Faultf(rules.AmbiguousParameter, "the query has %s %d times", name, n)
		}
		if formHas(r.req, name) { // without one in the query, servers with one map for both read this one
			return rules.Faultf(rules.AmbiguousParameter, "%s is read from the query and stands in the form", name)
		}
	}
	if err := r.queryInJSON(); err != nil {
		return err
	}
	return r.bodyInQuery()
}

// params are the names of the query, each folded once however often it is compared.
func (r *resolution) params() []alike.Once {
	if r.folded == nil && len(r.req.Query) > 0 {
		r.folded = make([]alike.Once, len(r.req.Query))
		for i := range r.req.Query {
			r.folded[i] = alike.Fold(r.req.Query[i].Name)
		}
	}
	return r.folded
}

func timesIn(params []alike.Once, name string) (n int) {
	for i := range params {
		if params[i].Is(name) {
			n++
		}
	}
	return n
}

// pathInJSON refuses a path capture that is a member of a JSON body, too, and is not
// said to be the same there, as in a PUT of a whole object.
func (r *resolution) pathInJSON() error {
	if len(r.op.captures) == 0 {
		return nil
	}
	body := r.json()
	if body == nil {
		return nil
	}
	for i := range r.op.captures {
		c := &r.op.captures[i]
		m, twin := body.Member(c.text)
		if twin || m != nil && (m.Kind != tree.String && m.Kind != tree.Number || m.Text != c.value(r.segs)) {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and, not the same, in the body", c.text)
		}
	}
	return nil
}

// json is the body where servers read it as JSON, nil where they do not.
func (r *resolution) json() *tree.Value {
	switch {
	case r.kind == formBody:
		return nil
	case r.body == nil && !r.searched:
		r.found, r.searched = jsonOf(r.req), true
	}
	if r.body == nil {
		return r.found
	}
	return r.body
}

// queryInJSON refuses a captured query parameter that is a member of a JSON body,
// too: servers with one map for both read that one. One that says the same is no
// other reading.
func (r *resolution) queryInJSON() error {
	if len(r.op.Query) == 0 {
		return nil
	}
	body := r.json()
	if body == nil {
		return nil
	}
	for _, name := range r.op.Query {
		m, twin := body.Member(name)
		if twin || m != nil && !r.says(name, m) {
			return rules.Faultf(rules.AmbiguousParameter, "%s is read from the query and stands in the body", name)
		}
	}
	return nil
}

// says reports whether the query has one parameter of that name, with that value.
func (r *resolution) says(name string, m *tree.Value) bool {
	i := slices.IndexFunc(r.req.Query, func(p rules.Param) bool { return p.Name == name })
	return i >= 0 && timesIn(r.params(), name) == 1 && m.Kind != tree.Array && m.Kind != tree.Object && r.req.Query[i].Value == m.Text
}

// bodyInQuery refuses a parameter of the query that belongs in the body: servers
// with one map for both would read what nobody decided, by its own name or within
// that of the object. One that the line captures was judged.
func (r *resolution) bodyInQuery() error {
	params := r.params()
	for j := range params {
		same := func(name string) bool { return params[j].Is(name) }
		if slices.ContainsFunc(r.op.Query, same) {
			continue
		}
		if i := slices.IndexFunc(r.op.members, same); i >= 0 {
			return rules.Faultf(rules.AmbiguousParameter, "%s belongs in the body and stands in the query", r.op.members[i])
		}
		if i := slices.IndexFunc(r.op.members, params[j].Wraps); i >= 0 {
			return rules.Faultf(rules.AmbiguousParameter, "%s belongs in the body and stands in the query, within another name", r.op.members[i])
		}
	}
	return nil
}
