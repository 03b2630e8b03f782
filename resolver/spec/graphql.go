package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/tiergate/tiergate/rules"
)

// ReadGraphQL reads a schema in GraphQL's definition language.
func ReadGraphQL(name string, text []byte) (*Document, error) {
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: name, Input: string(text)})
	if err != nil {
		return nil, err
	}
	d := &Document{Name: baseName(name), Kind: "graphql"}
	g := &graph{schema: schema}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		if root != nil {
			d.Operations = append(d.Operations, g.operations(root, func(*ast.FieldDefinition) bool { return true })...)
		}
	}
	for _, def := range g.objects() {
		d.Operations = append(d.Operations, g.operations(def, g.names)...)
	}
	d.propose = func(p *proposer) { p.graphql(g, text) }
	return d, nil
}

type graph struct{ schema *ast.Schema }

// operations are the fields of a type that are calls.
func (g *graph) operations(def *ast.Definition, call func(*ast.FieldDefinition) bool) []Operation {
	var out []Operation
	for _, f := range def.Fields {
		if strings.HasPrefix(f.Name, "__") || !call(f) {
			continue
		}
		shape := f.Type.String()
		for _, a := range f.Arguments {
			shape += " " + a.Name + ":" + a.Type.String()
		}
		path := def.Name + "." + f.Name
		out = append(out, Operation{Name: "GRAPHQL " + path, Key: "GRAPHQL " + path, Method: "GRAPHQL", Path: path, shape: shape})
	}
	return out
}

// objects are the types below the roots, by name.
func (g *graph) objects() []*ast.Definition {
	var out []*ast.Definition
	for _, def := range g.schema.Types {
		root := def == g.schema.Query || def == g.schema.Mutation || def == g.schema.Subscription
		if def.Kind == ast.Object && !def.BuiltIn && !root {
			out = append(out, def)
		}
	}
	slices.SortFunc(out, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	return out
}

// names reports whether an argument of a nested field names an object.
func (g *graph) names(f *ast.FieldDefinition) bool {
	return slices.ContainsFunc(g.arguments(f), func(a argument) bool { return a.id })
}

// arguments are those of a field, and the members of the objects among them.
func (g *graph) arguments(f *ast.FieldDefinition) []argument {
	var out []argument
	for _, a := range f.Arguments {
		def := g.schema.Types[a.Type.Name()]
		if def != nil && def.Kind == ast.InputObject && a.Type.Elem == nil {
			for _, m := range def.Fields {
				out = append(out, g.argument(a.Name+"."+m.Name, m.Type, a.Type.NonNull))
			}
			continue
		}
		out = append(out, g.argument(a.Name, a.Type, true))
	}
	return out
}

func (g *graph) argument(path string, t *ast.Type, given bool) argument {
	a := argument{path: path, list: t.Elem != nil, required: given && t.NonNull}
	last := snake(path[strings.LastIndexByte(path, '.')+1:])
	a.id = t.Name() == "ID" || last == "id" || strings.HasSuffix(last, "_id")
	return a
}

// about is the type that a field answers with, and whether with many of it.
func (g *graph) about(t *ast.Type) (name string, lists bool) {
	lists = t.Elem != nil
	def := g.schema.Types[t.Name()]
	if def == nil || def.Kind != ast.Object && def.Kind != ast.Interface && def.Kind != ast.Union {
		return "", lists
	}
	for _, ending := range []string{"Connection", "Page", "List"} {
		if base, ok := strings.CutSuffix(def.Name, ending); ok && base != "" {
			return snake(base), true
		}
	}
	for _, ending := range []string{"Payload", "Result", "Response"} {
		if strings.HasSuffix(def.Name, ending) {
			return "", lists
		}
	}
	return snake(def.Name), lists
}

func (p *proposer) graphql(g *graph, text []byte) {
	path := p.options.Path
	if path == "" {
		path = "/graphql"
	}
	side := SideFile{Name: p.doc.Name + ".graphql", Text: text}
	p.out.Side = append(p.out.Side, side)
	free := g.free()
	decl := fmt.Sprintf("graphql: { path: %s, schema: %s }", path, side.Name)
	if len(free) > 0 {
		decl = fmt.Sprintf("graphql: { path: %s, schema: %s, free: [%s] } # guessed: the arguments of free fields name no object",
			path, side.Name, strings.Join(free, ", "))
	}
	p.out.Protocol = append(p.out.Protocol, decl)
	p.out.declare = func(h *rules.HostDecl) {
		h.GraphQL = rules.GraphQLDecl{Pos: somewhere, Path: rules.At[string]{Pos: somewhere, V: path}, Schema: sideOf(side)}
		for _, f := range free {
			h.GraphQL.Free = append(h.GraphQL.Free, rules.At[string]{Pos: somewhere, V: f})
		}
	}
	for i := range p.doc.Operations {
		op := &p.doc.Operations[i]
		typ, field, _ := strings.Cut(op.Path, ".")
		def := g.schema.Types[typ]
		f := def.Fields.ForName(field)
		about, lists := g.about(f.Type)
		fallback := "read"
		if def == g.schema.Mutation {
			fallback = ""
		}
		p.call(op, field, "args", about, lists && fallback == "read", fallback, g.arguments(f))
	}
	for _, field := range []string{"__schema", "__type"} {
		name := "GRAPHQL " + g.schema.Query.Name + "." + field
		p.add(&Operation{Name: name, Key: name, Method: "GRAPHQL", Path: name[len("GRAPHQL "):]}, "introspect", "graphql_schema", "/only")
	}
	p.unmapped(g, free)
}

// free are nested fields with arguments that can name nothing: numbers, flags,
// enums, and where in a list to go on.
func (g *graph) free() []string {
	var out []string
	for _, def := range g.objects() {
		for _, f := range def.Fields {
			if len(f.Arguments) > 0 && !slices.ContainsFunc(f.Arguments, func(a *ast.ArgumentDefinition) bool { return !g.harmless(a) }) {
				out = append(out, def.Name+"."+f.Name)
			}
		}
	}
	return out
}

func (g *graph) harmless(a *ast.ArgumentDefinition) bool {
	def := g.schema.Types[a.Type.Name()]
	switch {
	case def == nil:
		return false
	case def.Kind == ast.Enum, def.Name == "Int", def.Name == "Float", def.Name == "Boolean":
		return !hasAny(snake(a.Name), "id")
	}
	return def.Name == "String" && (a.Name == "after" || a.Name == "before")
}

// unmapped names what clients cannot ask for until somebody decides.
func (p *proposer) unmapped(g *graph, free []string) {
	for _, def := range g.objects() {
		for _, f := range def.Fields {
			name := def.Name + "." + f.Name
			if len(f.Arguments) > 0 && !g.names(f) && !slices.Contains(free, name) {
				p.out.Skipped = append(p.out.Skipped, Skipped{"GRAPHQL " + name, "its arguments may name an object: map it, or list it in free"})
			}
		}
	}
	if s := g.schema.Subscription; s != nil {
		for _, f := range s.Fields {
			p.out.Skipped = append(p.out.Skipped, Skipped{"GRAPHQL " + s.Name + "." + f.Name, "subscriptions are not supported yet"})
		}
	}
}
