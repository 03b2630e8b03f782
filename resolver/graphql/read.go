package graphql

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/tiergate/tiergate/rules"
)

// Read returns the calls of an HTTP request, at least one, in the order of its
// documents. Fields of the types of operations are calls always, fields of other
// types where a line is about them. Its error is a *rules.Fault.
func (s *Schema) Read(in Request) ([]Call, error) {
	calls, err := s.calls(&in)
	if err != nil {
		return nil, err
	}
	if err := s.plusIsSpace(&in, calls); err != nil {
		return nil, err
	}
	return calls, nil
}

func (s *Schema) calls(in *Request) ([]Call, error) {
	parts, err := s.parts(in)
	if err != nil {
		return nil, err
	}
	left := &limits{
		aliases: s.options.MaxAliases, calls: s.options.MaxCalls, selections: maxSelections, coercion: coercion{left: maxValues},
	}
	var out []Call
	for i := range parts {
		calls, err := s.execute(&parts[i], in.Method == post, left)
		if err != nil {
			return nil, err
		}
		out = append(out, calls...)
	}
	if len(parts) == 0 {
		return nil, rules.Faultf(rules.NoTarget, "graphql: a batch of no requests")
	}
	if len(out) == 0 {
		return nil, rules.Faultf(rules.NoTarget, "graphql: the request asks for nothing but __typename")
	}
	return out, nil
}

// execute finds the calls of one operation.
func (s *Schema) execute(p *part, mayChange bool, left *limits) ([]Call, error) {
	doc, err := s.document(p)
	if err != nil {
		return nil, err
	}
	op, err := operation(doc, p.operation)
	if err != nil {
		return nil, err
	}
	switch {
	case op.Operation == ast.Subscription:
		return nil, rules.Faultf(rules.UpgradeNotSupported, "graphql: subscriptions are not supported yet")
	case op.Operation != ast.Query && !mayChange:
		return nil, rules.Faultf(rules.NoRoute, "graphql: a %s by GET", op.Operation)
	}
	variables, err := s.variables(op, p.variables, &left.coercion)
	if err != nil {
		return nil, err
	}
	w := &walk{s: s, limits: left, args: literals{variables}, doc: doc}
	if err := w.selections(op.SelectionSet, 0); err != nil {
		return nil, err
	}
	return w.result(), nil
}

// document is the one that a request brings or names.
func (s *Schema) document(p *part) (*ast.QueryDocument, error) {
	if p.hash != nil {
		if p.query != nil && hashOf(*p.query) != *p.hash {
			return nil, malformed("the document is not the one that sha256Hash names")
		}
		if doc := s.persisted[*p.hash]; doc != nil {
			return doc, nil
		}
		if p.query == nil {
			return nil, rules.Faultf(rules.NoRoute, "graphql: sha256Hash names no persisted document")
		}
	}
	if p.query == nil {
		return nil, rules.Faultf(rules.NoTarget, "graphql: the request has no document")
	}
	if s.options.OnlyPersisted {
		if doc := s.persisted[hashOf(*p.query)]; doc != nil {
			return doc, nil
		}
		return nil, rules.Faultf(rules.NoRoute, "graphql: the document is not among the persisted ones")
	}
	return s.parse(*p.query)
}
