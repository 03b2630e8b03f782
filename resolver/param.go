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
		alike := func(param string) bool { return paramAlike(param, name) }
		for j := range r.req.Query {
			if alike(r.req.Query[j].Name) {
				return rules.Faultf(rules.AmbiguousParameter, "%s stands in the path and in the query", name)
			}
		}
		if formHas(r.req, alike) || formHasPart(r.req, name) {
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
		if n > 0 && formHas(r.req, func(param string) bool { return paramAlike(param, name) }) {
			return rules.Faultf(rules.AmbiguousParameter, "%s stands in the query and in the form", name)
		}
	}
	return nil
}

// paramAlike reports whether some server reads param as name: without its
// brackets, in another case, or, as PHP does, with _ for dots and spaces and
// without spaces in front.
func paramAlike(param, name string) bool {
	base, _, _ := strings.Cut(param, "[")
	if strings.EqualFold(base, name) {
		return true
	}
	if !strings.ContainsAny(base, ". ") {
		return false
	}
	return strings.EqualFold(underscored(strings.TrimLeft(base, " ")), underscored(name))
}

var underscores = strings.NewReplacer(".", "_", " ", "_")

func underscored(name string) string { return underscores.Replace(name) }
