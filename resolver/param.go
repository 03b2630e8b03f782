package resolver

import (
	"slices"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// ambiguousParameters refuses a path capture that the query or a form names
// too, and a captured query parameter that comes twice: servers disagree on
// which one counts. PHP and Rails also read id[] and id[0] as id, and some
// servers fold case.
func (r *resolution) ambiguousParameters() error {
	for i := range r.op.captures {
		name := r.op.captures[i].text
		for j := range r.req.Query {
			if alike.Name(r.req.Query[j].Name, name) {
				return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the query", name)
			}
		}
		if formHas(r.req, name) {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the form", name)
		}
	}
	for _, name := range r.op.Query {
		n := 0
		for j := range r.req.Query {
			if alike.Name(r.req.Query[j].Name, name) {
				n++
			}
		}
		if n > 1 && !slices.Contains(r.op.lists, name) {
			return rules.Faultf(rules.AmbiguousParameter, "the query has %s %d times", name, n)
		}
		if formHas(r.req, name) { // without one in the query, servers with one map for both read this one
			return rules.Faultf(rules.AmbiguousParameter, "%s is read from the query and stands in the form", name)
		}
	}
	return r.bodyInQuery()
}

// bodyInQuery refuses a parameter of the query that belongs in the body: servers
// with one map for both would read what nobody decided. One that the line captures
// was judged.
func (r *resolution) bodyInQuery() error {
	for j := range r.req.Query {
		param := r.req.Query[j].Name
		same := func(name string) bool { return alike.Name(param, name) }
		if i := slices.IndexFunc(r.op.members, same); i >= 0 && !slices.ContainsFunc(r.op.Query, same) {
			return rules.Faultf(rules.AmbiguousParameter, "%s belongs in the body and stands in the query", r.op.members[i])
		}
	}
	return nil
}
