package graphql

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/core"

	"github.com/tiergate/tiergate/rules"
)

// Schema is a GraphQL schema together with what map lines are about. It never
// changes; any number of goroutines may read with it.
type Schema struct {
	options   Options
	ast       *ast.Schema
	checks    []core.Rule
	inputs    map[string]*input
	fields    map[*ast.FieldDefinition]*field
	named     map[string]*field             // by Type.field
	persisted map[string]*ast.QueryDocument // valid; by their hash
}

// field is one field of one type, as a selection may name it.
type field struct {
	name    string // Type.field
	args    []member
	calls   []target
	covered bool // its arguments are seen by a line for whatever type answers, or they are free
}

// target is a call that selecting a field makes.
type target struct {
	name string
	args []member
}

// Compile reads the text of a schema in GraphQL's schema definition language.
// With mistakes, which stand in file or in Options.PersistedFile, the schema is nil.
func Compile(schema, file string, o Options) (*Schema, rules.Mistakes) {
	o.setDefaults()
	c := &compiler{file: file, defaults: map[*input]progress{}}
	parsed, err := validator.LoadSchema(validator.Prelude, &ast.Source{Name: file, Input: schema})
	if err != nil {
		c.mistakes.Add(c.placeOf(err), "%s", messageOf(err))
		return nil, c.mistakes
	}
	if parsed.Query == nil {
		c.mistakes.AddHint(rules.Pos{File: file}, "declare type Query", "the schema has no query type")
		return nil, c.mistakes
	}
	c.s = &Schema{
		options: o, ast: parsed, inputs: map[string]*input{}, fields: map[*ast.FieldDefinition]*field{},
		named: map[string]*field{}, persisted: map[string]*ast.QueryDocument{},
	}
	c.s.checks = c.s.documentRules()
	c.inputs()
	c.fields()
	if len(c.mistakes) == 0 {
		c.persisted()
	}
	if len(c.mistakes) > 0 {
		return nil, c.mistakes
	}
	return c.s, nil
}

type compiler struct {
	s        *Schema
	file     string
	mistakes rules.Mistakes
	defaults map[*input]progress // whose members have them
}

func (c *compiler) persisted() {
	for _, hash := range slices.Sorted(maps.Keys(c.s.options.Persisted)) {
		text := c.s.options.Persisted[hash]
		at := rules.Pos{File: c.s.options.PersistedFile}
		if want := hashOf(text); hash != want {
			c.mistakes.Add(at, "document %.64q has the hash %s", hash, want)
			continue
		}
		doc, err := c.s.parse(text)
		if err != nil {
			c.mistakes.Add(at, "document %s: %v", hash, err)
			continue
		}
		c.s.persisted[hash] = doc
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func (c *compiler) placeOf(err error) rules.Pos {
	e, ok := errors.AsType[*gqlerror.Error](err)
	if !ok || len(e.Locations) == 0 || e.Locations[0].Line < 1 {
		return rules.Pos{File: c.file}
	}
	return rules.Pos{File: c.file, Line: e.Locations[0].Line, Col: e.Locations[0].Column}
}

func messageOf(err error) string {
	if e, ok := errors.AsType[*gqlerror.Error](err); ok {
		return strings.TrimSuffix(e.Message, ".")
	}
	return err.Error()
}

func (c *compiler) place(p *ast.Position) rules.Pos {
	if p == nil {
		return rules.Pos{File: c.file}
	}
	return rules.Pos{File: c.file, Line: p.Line, Col: p.Column}
}
