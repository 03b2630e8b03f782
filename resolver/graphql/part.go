package graphql

import (
	"slices"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// part is one GraphQL request. What is nil was not given, or is null, which
// servers take for the same.
type part struct {
	query     *string
	operation *string
	variables *value
	hash      *string // of a persisted document
}

// members are what a GraphQL request may have. By another, such as id or
// documentId, some server may find another document.
var members = []string{"query", "operationName", "variables", "extensions"}

func readPart(v *value) (p part, err error) {
	if v.Kind != tree.Object {
		return p, malformed("a request that is no object")
	}
	for i, name := range v.Names {
		if !slices.Contains(members, name) {
			return p, stranger("member", name)
		}
		m := &v.Items[i]
		if m.Kind == tree.Null {
			continue
		}
		switch name {
		case "query":
			p.query, err = textOf(name, m)
		case "operationName":
			p.operation, err = textOf(name, m)
		case "variables":
			if p.variables = m; m.Kind != tree.Object {
				err = malformed("variables is no object")
			}
		case "extensions":
			p.hash, err = persistedHash(m)
		}
		if err != nil {
			return part{}, err
		}
	}
	return p, nil
}

func textOf(name string, v *value) (*string, error) {
	if v.Kind != tree.String {
		return nil, malformed("%s is no string", name)
	}
	return &v.Text, nil
}

// stranger is the fault of a name that requests do not have.
func stranger(what, name string) error {
	for _, m := range members {
		if alike.Name(name, m) {
			return rules.Faultf(rules.AmbiguousParameter, "graphql: a %s that some server reads as %s", what, m)
		}
	}
	if what == "member" {
		return malformed("a member other than query, operationName, variables and extensions")
	}
	return rules.Faultf(rules.AmbiguousParameter, "graphql: a %s other than query, operationName, variables and extensions", what)
}

// persistedHash is extensions.persistedQuery.sha256Hash. Other extensions are the
// server's own.
func persistedHash(v *value) (*string, error) {
	if v.Kind != tree.Object {
		return nil, malformed("extensions is no object")
	}
	q, twin := v.Member("persistedQuery")
	if twin {
		return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: an extension that some server reads as persistedQuery")
	}
	if q == nil {
		return nil, nil //nolint:nilnil // no hash and no fault
	}
	if q.Kind != tree.Object {
		return nil, malformed("persistedQuery is no object")
	}
	var hash *value
	for i, name := range q.Names {
		switch item := &q.Items[i]; {
		case name == "sha256Hash" && item.Kind == tree.String:
			hash = item
		case name == "version" && item.Kind == tree.Number && item.Text == "1":
		default:
			return nil, malformed("persistedQuery is not { version: 1, sha256Hash: … }")
		}
	}
	if hash == nil {
		return nil, malformed("persistedQuery has no sha256Hash")
	}
	return &hash.Text, nil
}

// params are the parameters of the URL as the object that they stand for.
func (s *Schema) params(all []rules.Param) (*value, error) {
	out := &value{Kind: tree.Object}
	for _, p := range all {
		if slices.Contains(s.options.IgnoredParams, p.Name) && !slices.ContainsFunc(members, func(m string) bool { return alike.Name(p.Name, m) }) {
			continue
		}
		if !slices.Contains(members, p.Name) {
			return nil, stranger("parameter", p.Name)
		}
		if slices.Contains(out.Names, p.Name) {
			return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: parameter %s is repeated", p.Name)
		}
		one := &value{Kind: tree.String, Text: p.Value}
		if p.Name == "variables" || p.Name == "extensions" {
			var err error
			if one, err = tree.ReadJSON([]byte(p.Value)); err != nil {
				return nil, &rules.Fault{Reason: rules.BodyMalformed, Detail: "parameter " + p.Name, Err: err}
			}
		}
		out.Names, out.Items = append(out.Names, p.Name), append(out.Items, *one)
	}
	return out, nil
}
