package spec

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// rest is an operation of HTTP as far as guesses need it.
type rest struct {
	method string
	path   string
	query  []param
	asks   string // name of the request body's schema, "" where it has none
	gives  string // name of the answer's schema, or of its elements
	list   bool   // the answer is a list
	json   bool   // the body is JSON, if there is one
	lists  []string
	hints  []string // properties whose names hint at secrets, as paths
	ids    map[string]idForm
}

type param struct {
	name     string
	required bool
}

// operation reduces an OpenAPI operation to what is used of it.
func operation(method, at string, item *openapi3.PathItem, op *openapi3.Operation) Operation {
	r := &rest{method: method, path: at, json: true, ids: map[string]idForm{}}
	for _, list := range []openapi3.Parameters{item.Parameters, op.Parameters} {
		for _, p := range list {
			switch {
			case p == nil || p.Value == nil:
			case p.Value.In == "query":
				r.query = append(r.query, param{p.Value.Name, p.Value.Required})
			case p.Value.In == "path":
				r.ids[p.Value.Name] = formOf(value(p.Value.Schema))
			}
		}
	}
	slices.SortFunc(r.query, func(a, b param) int { return strings.Compare(a.name, b.name) })
	r.query = slices.Compact(r.query)
	hints := map[string]bool{}
	var members []string
	if op.RequestBody != nil && op.RequestBody.Value != nil {
		schema, isJSON := content(op.RequestBody.Value.Content)
		r.json = isJSON
		r.asks = named(schema)
		members = r.body(schema, hints)
	}
	r.answer(op, hints)
	r.hints = slices.Sorted(maps.Keys(hints))
	return Operation{
		Name: method + " " + at, Key: method + " " + shapeOf(at), Method: method, Path: at, rest: r,
		shape: fmt.Sprint(r.query, r.asks, members, r.gives, r.list),
	}
}

// content is the schema of a body's JSON, else of whatever it may be.
func content(c openapi3.Content) (schema *openapi3.SchemaRef, isJSON bool) {
	for _, media := range slices.Sorted(maps.Keys(c)) {
		m := c[media]
		if m == nil || m.Schema == nil {
			continue
		}
		if base, _, _ := strings.Cut(media, ";"); base == "application/json" || strings.HasSuffix(base, "+json") || base == "*/*" {
			return m.Schema, true
		}
		if schema == nil {
			schema = m.Schema
		}
	}
	return schema, false
}

// body notes lists of texts and sensitive names among the members of a request,
// and returns all names of its first level.
func (r *rest) body(s *openapi3.SchemaRef, hints map[string]bool) []string {
	var names []string
	for name, p := range properties(s, 0) {
		names = append(names, name)
		if v := value(p); v != nil && v.Items != nil && v.Type.Is("array") {
			if item := value(v.Items); item != nil && (item.Type.Is("string") || item.Type.Is("integer")) {
				r.lists = append(r.lists, name)
			}
		}
	}
	slices.Sort(r.lists)
	slices.Sort(names)
	sensitiveIn(s, "", hints, 0)
	return names
}

// answer looks at what the operation gives back when it goes well.
func (r *rest) answer(op *openapi3.Operation, hints map[string]bool) {
	if op.Responses == nil {
		return
	}
	all := op.Responses.Map()
	for _, status := range slices.Sorted(maps.Keys(all)) {
		if !strings.HasPrefix(status, "2") && status != "default" || all[status] == nil || all[status].Value == nil {
			continue
		}
		schema, isJSON := content(all[status].Value.Content)
		if schema == nil || !isJSON {
			continue
		}
		if item := element(schema); item != nil {
			r.list, schema = true, item
		}
		r.gives = named(schema)
		sensitiveIn(schema, "", hints, 0)
		return
	}
}

// wrappers are the members in which an answer that is an object has its list.
var wrappers = []string{"items", "data", "results", "value", "values", "entries", "records", "content", "elements", "list"}

// element is the schema of one element where an answer is a list: an array, or an
// object whose only array, or whose member of a usual name, is one.
func element(s *openapi3.SchemaRef) *openapi3.SchemaRef {
	v := value(s)
	if v == nil {
		return nil
	}
	if v.Type.Is("array") {
		return v.Items
	}
	var arrays []string
	props := map[string]*openapi3.SchemaRef{}
	for name, p := range properties(s, 0) {
		if pv := value(p); pv != nil && pv.Type.Is("array") && pv.Items != nil {
			arrays, props[name] = append(arrays, name), pv.Items
		}
	}
	for _, w := range wrappers {
		if props[w] != nil {
			return props[w]
		}
	}
	return nil
}

func value(s *openapi3.SchemaRef) *openapi3.Schema {
	if s == nil {
		return nil
	}
	return s.Value
}

// named is the last word of a schema's name, where it is a reference.
func named(s *openapi3.SchemaRef) string {
	if s == nil || s.Ref == "" {
		return ""
	}
	name := path.Base(s.Ref)
	return name[strings.LastIndexByte(name, '.')+1:]
}

const deepest = 4 // levels of a schema that are searched

// properties are those of a schema and of all that it is made of, in order.
func properties(s *openapi3.SchemaRef, depth int) func(func(string, *openapi3.SchemaRef) bool) {
	return func(yield func(string, *openapi3.SchemaRef) bool) {
		v := value(s)
		if v == nil || depth > deepest {
			return
		}
		for _, name := range slices.Sorted(maps.Keys(v.Properties)) {
			if !yield(name, v.Properties[name]) {
				return
			}
		}
		for _, list := range []openapi3.SchemaRefs{v.AllOf, v.AnyOf, v.OneOf} {
			for _, part := range list {
				for name, p := range properties(part, depth+1) {
					if !yield(name, p) {
						return
					}
				}
			}
		}
	}
}

// sensitiveIn collects the paths of properties whose names hint at secrets.
func sensitiveIn(s *openapi3.SchemaRef, prefix string, out map[string]bool, depth int) {
	if depth > 1 { // a level below the object itself
		return
	}
	for name, p := range properties(s, 0) {
		v := value(p)
		if v == nil {
			continue
		}
		switch {
		case hints(name) && !v.Type.Is("boolean") && (!v.Type.Is("object") || depth == 0):
			out[prefix+name] = true
		case v.Type.Is("object") || v.Type == nil:
			if !strings.ContainsAny(name, ".[]") {
				sensitiveIn(p, prefix+name+".", out, depth+1)
			}
		}
	}
}

// endings are those of specifications' files, which their names do not keep.
var endings = []string{".json", ".yaml", ".yml", ".graphql", ".graphqls", ".gql", ".binpb", ".pb", ".desc", ".protoset", ".tools", ".openapi", ".swagger"}

// baseName is a file's name without folder and endings.
func baseName(name string) string {
	base := path.Base(strings.ReplaceAll(name, `\`, "/"))
	for slices.Contains(endings, strings.ToLower(path.Ext(base))) {
		base = strings.TrimSuffix(base, path.Ext(base))
	}
	if base = strings.ReplaceAll(snake(base), "_", "-"); base == "" {
		return "api"
	}
	return base
}
