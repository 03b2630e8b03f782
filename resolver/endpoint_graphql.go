package resolver

import (
	"slices"

	"github.com/tiergate/tiergate/resolver/graphql"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// graphql makes the endpoint of a declaration. Its schema is compiled once the
// lines are known, for these say which fields are calls.
func (c *compiler) graphql(d *rules.GraphQLDecl) *endpoint {
	if !given(d.Path.Pos) {
		c.mistakes.AddHint(d.Pos, "write path: /graphql", "a GraphQL endpoint without a path")
	}
	if !given(d.Schema.Pos) {
		c.mistakes.AddHint(d.Pos, "write schema: api.graphql, a file beside the rules", "a GraphQL endpoint without a schema")
	}
	return &endpoint{at: d.Pos, proto: protoGraphQL, path: d.Path, gets: true, max: highestMax, lines: map[string]*Operation{}, reader: &graphqlReader{decl: d}}
}

// graphqlReader reads the calls of a GraphQL endpoint.
type graphqlReader struct {
	decl   *rules.GraphQLDecl
	schema *graphql.Schema
}

func (r *graphqlReader) read(req *rules.Request, _ *Match) ([]call, error) {
	in := graphql.Request{Method: req.Method, Params: req.Query, RawQuery: req.RawQuery}
	if req.Method == post {
		if err := whole(req); err != nil {
			return nil, err
		}
		if err := plain(req); err != nil {
			return nil, err
		}
	}
	in.Body = req.Body
	in.ContentType, _ = req.Header("content-type")
	found, err := r.schema.Read(in)
	if err != nil {
		return nil, err
	}
	calls := make([]call, len(found))
	for i := range found {
		calls[i] = call{found[i].Name, found[i].Args, found[i].Fields}
	}
	return calls, nil
}

// compileGraphQL compiles the schema of an endpoint and holds its lines against it.
func (c *compiler) compileGraphQL(e *endpoint) {
	r := e.reader.(*graphqlReader)
	d := r.decl
	if d.Schema.File == nil {
		return
	}
	o := graphql.Options{
		MaxDepth: d.MaxDepth.V, MaxAliases: d.MaxAliases.V, MaxCalls: d.MaxCalls.V, Batch: d.Batch.V, OnlyPersisted: d.Only.V,
		Mapped: func(name string) bool { return e.lines[name] != nil },
		Free: func(name string) bool {
			return slices.ContainsFunc(d.Free, func(f rules.At[string]) bool { return f.V == name })
		},
	}
	for _, name := range d.Ignore {
		o.IgnoredParams = append(o.IgnoredParams, name.V)
	}
	if d.Persisted.File != nil {
		o.PersistedFile = d.Persisted.File.Path
		o.Persisted = c.persisted(&d.Persisted)
	}
	for _, limit := range []rules.At[int]{d.MaxDepth, d.MaxAliases, d.MaxCalls} {
		if given(limit.Pos) && limit.V < 1 {
			c.mistakes.Add(limit.Pos, "the limit is %d, want 1 or more", limit.V)
		}
	}
	if d.Only.V && d.Persisted.File == nil {
		c.mistakes.AddHint(d.Only.Pos, "write persisted: known.persisted.json", "persisted_only without persisted documents denies every request")
	}
	schema, ms := graphql.Compile(d.Schema.File.Text, d.Schema.File.Path, o)
	c.mistakes = append(c.mistakes, ms...)
	if len(ms) > 0 {
		return
	}
	r.schema = schema
	for _, f := range d.Free {
		if problem := schema.FreeProblem(f.V); problem != "" {
			c.mistakes.Add(f.Pos, "free: %s", problem)
		}
	}
	for _, op := range e.sorted() {
		name := op.call.name.text
		if problem := schema.Problem(name); problem != "" {
			c.mistakes.Add(op.Pos, "%s", problem)
			continue
		}
		for _, p := range op.paths {
			if problem := schema.Problem(name, p.path...); problem != "" {
				c.mistakes.Add(p.at, "%s", problem)
			}
		}
		c.unread(schema, op)
	}
}

// unread warns of ids that a call may bring and its line does not read.
func (c *compiler) unread(schema *graphql.Schema, op *Operation) {
	var captured [][]string
	for _, p := range op.paths {
		captured = append(captured, p.path)
	}
	for _, at := range schema.UnreadIDs(op.call.name.text, captured) {
		c.routes.warnings.AddHint(op.Pos, "capture {"+at+"?} in a target, if it names an object", "%s takes the ID %s, of which nothing is decided", op.call.name.text, at)
	}
}

// persisted reads a file of documents by their hash.
func (c *compiler) persisted(f *rules.SideFile) map[string]string {
	v, err := tree.ReadJSON([]byte(f.File.Text))
	if err != nil || v.Kind != tree.Object {
		c.mistakes.AddHint(f.Pos, `write {"<hex SHA-256>": "<document>"}`, "%s is no JSON object of documents", f.V)
		return nil
	}
	out := make(map[string]string, len(v.Names))
	for i, name := range v.Names {
		if v.Items[i].Kind != tree.String {
			c.mistakes.Add(f.Pos, "%s: the document %q is no string", f.V, name)
			continue
		}
		out[name] = v.Items[i].Text
	}
	return out
}
