package graphql

import (
	"fmt"
	"strings"
)

// Problem says why no map line may be about a field, or capture what its
// arguments have at a path; "" means that it may. name is Type.field. A path goes
// from an argument through members of input objects, with "[]" for each element of
// a list: Problem("Mutation.close", "input", "ids", "[]").
func (s *Schema) Problem(name string, path ...string) string {
	f := s.named[name]
	typ, _, _ := strings.Cut(name, ".")
	switch {
	case f == nil:
		return fmt.Sprintf("the schema has no field %s", name)
	case s.ast.Subscription != nil && typ == s.ast.Subscription.Name:
		return fmt.Sprintf("%s: subscriptions are not supported yet", name)
	case strings.HasPrefix(typ, "__"):
		return fmt.Sprintf("%s is a part of introspection, map %s.__schema", name, s.ast.Query.Name)
	case len(path) == 0:
		return ""
	}
	m := find(f.args, path[0])
	if m == nil {
		return fmt.Sprintf("%s has no argument %s", name, path[0])
	}
	return m.shape.problem("args."+path[0], path[1:])
}

// problem says why no text stands at a path within a value of that shape.
func (s *shape) problem(at string, path []string) string {
	each := len(path) > 0 && path[0] == "[]"
	switch {
	case s.list != nil && each:
		return s.list.problem(at+"[]", path[1:])
	case s.list != nil:
		return fmt.Sprintf("%s is a list, %v: write %s[]", at, s, at)
	case s.named.kind == scalarOwn:
		return "" // only the server knows what is in it
	case each:
		return fmt.Sprintf("%s is no list but %v", at, s)
	case s.named.kind == object && len(path) == 0:
		return fmt.Sprintf("%s is an object, %v: name a member of it", at, s)
	case s.named.kind == object:
		m := find(s.named.members, path[0])
		if m == nil {
			return fmt.Sprintf("%s has no member %s", s.named.name, path[0])
		}
		return m.shape.problem(at+"."+path[0], path[1:])
	case len(path) > 0:
		return fmt.Sprintf("%s is %v and has no members", at, s)
	}
	return ""
}

// FreeProblem says why there is no sense in a field, or a directive with its @, being
// free; "" means that there is. Each call has a line or is denied, whatever is free.
func (s *Schema) FreeProblem(name string) string {
	if directive, is := strings.CutPrefix(name, "@"); is {
		if s.ast.Directives[directive] == nil {
			return fmt.Sprintf("the schema has no directive %s", name)
		}
		return ""
	}
	typ, _, _ := strings.Cut(name, ".")
	switch {
	case s.named[name] == nil:
		return fmt.Sprintf("the schema has no field %s", name)
	case s.isRoot(s.ast.Types[typ]):
		return fmt.Sprintf("%s is a call, which needs a line and is never free", name)
	case s.options.mapped(name):
		return fmt.Sprintf("%s has a line, so its arguments are not free", name)
	}
	return ""
}
