package graphql

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/core"
	spec "github.com/vektah/gqlparser/v2/validator/rules"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// directiveRule is our own: a directive may change what a field means.
const directiveRule = "DirectivesAreFree"

// documentRules are the specification's, section 5, except that fields of one
// response name may differ: each of them is read, and comparing them all costs
// more than everything else together. Ours come last.
func (s *Schema) documentRules() []core.Rule {
	return []core.Rule{
		spec.FieldsOnCorrectTypeRuleWithoutSuggestions, spec.FragmentsOnCompositeTypesRule, spec.KnownArgumentNamesRuleWithoutSuggestions,
		spec.KnownDirectivesRule, spec.KnownFragmentNamesRule, spec.KnownRootTypeRule, spec.KnownTypeNamesRuleWithoutSuggestions,
		spec.LoneAnonymousOperationRule, spec.NoFragmentCyclesRule, spec.NoUndefinedVariablesRule, spec.NoUnusedFragmentsRule,
		spec.NoUnusedVariablesRule, spec.PossibleFragmentSpreadsRule, spec.ProvidedRequiredArgumentsRule, spec.ScalarLeafsRuleWithoutSuggestions,
		spec.UniqueArgumentNamesRule, spec.UniqueDirectivesPerLocationRule, spec.UniqueFragmentNamesRule, spec.UniqueInputFieldNamesRule,
		spec.UniqueOperationNamesRule, spec.UniqueVariableNamesRule, spec.ValuesOfCorrectTypeRuleWithoutSuggestions,
		spec.VariablesAreInputTypesRule, spec.VariablesInAllowedPositionRule,
		{Name: directiveRule, RuleFunc: s.freeDirectives},
	}
}

// freeDirectives refuses directives that the schema adds to the language. What
// @skip and @include decide does not matter here, and @defer changes the order.
func (s *Schema) freeDirectives(on *core.Events, fail core.AddErrFunc) {
	on.OnDirective(func(_ *core.Walker, d *ast.Directive) {
		if !slices.Contains([]string{"skip", "include", "defer"}, d.Name) && !s.options.free("@"+d.Name) {
			fail(core.Message("directive"), core.At(d.Position))
		}
	})
}

// parse reads and validates a document, all operations of it. What is returned
// must not be changed by who reads it.
func (s *Schema) parse(text string) (*ast.QueryDocument, error) {
	if err := oneReading(text); err != nil {
		return nil, err
	}
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, s.options.MaxTokens)
	if place := positionOf(err); err != nil && place == "" { // the one fault that has no place
		return nil, malformed("a document of more than %d tokens", s.options.MaxTokens)
	} else if err != nil {
		return nil, malformed("no GraphQL document%s", place)
	}
	for _, f := range doc.Fragments {
		if len(f.VariableDefinition) > 0 {
			return nil, malformed("variables of fragments are not GraphQL%s", at(f.Position))
		}
	}
	for _, o := range doc.Operations {
		if len(o.VariableDefinitions) > maxVariables {
			return nil, malformed("an operation of more than %d variables%s", maxVariables, at(o.Position))
		}
	}
	if !cheap(doc) {
		return nil, malformed("a document that costs too much to validate")
	}
	if broken := s.validate(doc); broken != nil {
		return nil, broken
	}
	return doc, nil
}

// oneReading refuses what readers of documents are known to disagree on: which
// characters end a line, and where a run of quotes ends a block string.
func oneReading(text string) error {
	switch {
	case !utf8.ValidString(text):
		return malformed("the document is not UTF-8")
	case strings.ContainsAny(text, "\u0085\u2028\u2029"):
		return malformed("the document has a line separator that some readers do not know")
	case strings.Contains(text, `""""`):
		return malformed("the document has four quotes in a row")
	}
	return nil
}

// validate returns the first fault of a document. What the schema has no field
// for is no route.
func (s *Schema) validate(doc *ast.QueryDocument) error {
	var first *gqlerror.Error
	on := &core.Events{}
	for _, rule := range s.checks {
		rule.RuleFunc(on, func(options ...core.ErrorOption) {
			if first != nil {
				return
			}
			first = &gqlerror.Error{Rule: rule.Name}
			for _, o := range options {
				o(first)
			}
		})
	}
	core.Walk(s.ast, doc, on)
	if first == nil {
		return nil
	}
	switch first.Rule {
	case spec.FieldsOnCorrectTypeRuleWithoutSuggestions.Name:
		return rules.Faultf(rules.NoRoute, "graphql: a field that the schema has not%s", positionOf(first))
	case spec.KnownRootTypeRule.Name:
		return rules.Faultf(rules.NoRoute, "graphql: a kind of operation that the schema has not%s", positionOf(first))
	case directiveRule:
		return rules.Faultf(rules.NoRoute, "graphql: a directive that is not free%s", positionOf(first))
	}
	return malformed("invalid by %s%s", first.Rule, positionOf(first))
}

// operation is the one of a document that servers execute. Where they would not
// agree there is none.
func operation(doc *ast.QueryDocument, name *string) (*ast.OperationDefinition, error) {
	if len(doc.Operations) == 0 {
		return nil, malformed("the document has no operation")
	}
	if name == nil || *name == "" {
		if len(doc.Operations) > 1 {
			return nil, malformed("the document has %d operations, and operationName names none", len(doc.Operations))
		}
		return doc.Operations[0], nil
	}
	var found *ast.OperationDefinition
	for _, o := range doc.Operations {
		switch {
		case o.Name == *name:
			found = o
		case alike.Name(o.Name, *name):
			return nil, rules.Faultf(rules.AmbiguousParameter, "graphql: an operation whose name is almost operationName%s", at(o.Position))
		}
	}
	if found == nil {
		return nil, malformed("the document has no operation of that name")
	}
	return found, nil
}

func malformed(format string, args ...any) error {
	return rules.Faultf(rules.BodyMalformed, "graphql: "+format, args...)
}

func at(p *ast.Position) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf(" at %d:%d of the document", p.Line, p.Column)
}

func positionOf(err error) string {
	e, ok := errors.AsType[*gqlerror.Error](err)
	if !ok || len(e.Locations) == 0 {
		return ""
	}
	return fmt.Sprintf(" at %d:%d of the document", e.Locations[0].Line, e.Locations[0].Column)
}
