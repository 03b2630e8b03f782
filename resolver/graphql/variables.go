package graphql

import (
	"errors"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// variables are the values that an operation's variables have. Those that it does
// not declare are ignored, as servers do, unless their name is almost one.
func (s *Schema) variables(op *ast.OperationDefinition, given *value, work *coercion) (map[string]value, error) {
	if given == nil {
		given = &value{Kind: tree.Object}
	}
	if len(given.Names) > maxVariables {
		return nil, malformed("more than %d variables", maxVariables)
	}
	out := make(map[string]value, len(op.VariableDefinitions))
	for _, d := range op.VariableDefinitions {
		if twin(given.Names, op, d.Variable) {
			return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: a variable that is not declared, and almost the one%s", at(d.Position))
		}
		v, present, err := s.variable(d, given, work)
		switch {
		case errors.Is(err, errValues):
			return nil, rules.Faultf(rules.TooManyTargets, "graphql: more than %d values", maxValues)
		case err != nil:
			return nil, malformed("the variable%s: %v", at(d.Position), err)
		case present:
			out[d.Variable] = v
		}
	}
	return out, nil
}

func (s *Schema) variable(d *ast.VariableDefinition, given *value, work *coercion) (v value, present bool, err error) {
	shape := s.shape(d.Type)
	if m, _ := given.Member(d.Variable); m != nil {
		v, err = work.value(shape, m, 0)
		return v, true, err
	}
	if d.DefaultValue != nil {
		if v, _, err = (&literals{}).value(d.DefaultValue, 0); err == nil {
			v, err = work.value(shape, &v, 0)
		}
		return v, true, err
	}
	if shape.required {
		return v, false, errors.New("it has no value")
	}
	return v, false, nil
}

// twin reports whether a name that the operation does not declare is almost one
// that it does.
func twin(names []string, op *ast.OperationDefinition, declared string) bool {
	for _, n := range names {
		if n != declared && alike.Name(n, declared) && op.VariableDefinitions.ForName(n) == nil {
			return true
		}
	}
	return false
}
