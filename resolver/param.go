package resolver

import (
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// ambiguousParameters refuses a path capture that the query or a form names
// too, and a captured query parameter that comes twice: servers disagree on
// which one counts. PHP and Rails also read id[] and id[0] as id, and some
// servers fold case.
func (r *resolution) ambiguousParameters() error {
	for i := range r.op.captured {
		name := r.op.captured[i].name
		for j := range r.req.Query {
			if paramAlike(r.req.Query[j].Name, name) {
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
			if paramAlike(r.req.Query[j].Name, name) {
				n++
			}
		}
		if n > 1 {
			return rules.Faultf(rules.AmbiguousParameter, "the query has %s %d times", name, n)
		}
		if formHas(r.req, name) { // without one in the query, servers with one map for both read this one
			return rules.Faultf(rules.AmbiguousParameter, "%s is read from the query and stands in the form", name)
		}
	}
	return nil
}

// paramAlike reports whether some server reads param as name: without its
// brackets, in another case, without spaces around it, or, as PHP does, with _
// for dots, spaces and a bracket that is never closed.
func paramAlike(param, name string) bool {
	base, _, brackets := strings.Cut(param, "[")
	return spelt(base, name) || brackets && spelt(param, name)
}

func spelt(param, name string) bool {
	if strings.EqualFold(strings.TrimSpace(param), name) {
		return true
	}
	return strings.ContainsAny(param, ". [") && strings.EqualFold(underscored(strings.TrimLeft(param, " ")), underscored(name))
}

var underscores = strings.NewReplacer(".", "_", " ", "_", "[", "_")

func underscored(name string) string { return underscores.Replace(name) }
