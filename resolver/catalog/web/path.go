package web

import (
	"errors"
	"strings"

	"github.com/tiergate/tiergate/resolver/tree"
)

// path leads to a member of a JSON value, by names.
type path struct {
	names    []string
	optional bool
}

// parsePath reads "a.b", "a.b?" or, as others write it, "$.a.b".
func parsePath(text string) (p path, err error) {
	text, p.optional = strings.CutSuffix(text, "?")
	if text == "$" {
		return p, nil
	}
	p.names = strings.Split(strings.TrimPrefix(text, "$."), ".")
	for _, name := range p.names {
		if name == "" || strings.ContainsAny(name, "[]*$@'\" ") {
			return p, errors.New("want names with dots between them, such as data.owner.email")
		}
	}
	return p, nil
}

var (
	errMissing = errors.New("is missing")
	errTwin    = errors.New("has a twin that some reader takes for it")
	errKind    = errors.New("is not what it should be")
)

// find returns the member, or nil for one that may be missing and is, or stands in
// something that is null.
func (p path) find(v *tree.Value) (*tree.Value, error) {
	for _, name := range p.names {
		if v.Kind == tree.Null && p.optional {
			return nil, nil //nolint:nilnil // absent
		}
		if v.Kind != tree.Object {
			return nil, errMissing
		}
		m, twin := v.Member(name)
		switch {
		case twin:
			return nil, errTwin
		case m == nil && p.optional:
			return nil, nil //nolint:nilnil // absent
		case m == nil:
			return nil, errMissing
		}
		v = m
	}
	return v, nil
}

func (p path) given() bool { return p.names != nil }
