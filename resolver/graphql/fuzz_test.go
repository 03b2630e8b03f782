package graphql

import (
	"errors"
	"slices"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

var fuzzSeeds = []struct{ document, variables string }{
	{`query A($id: ID! = "x") { a: account(id: $id) { ...f statement(id: 1) { lines } } } fragment f on Node { id ... on Account { ssn } }`, `{"id":1}`},
	{`mutation { closeAccount(input: {id: """AC1""", also: [1, "\u0041"]}) { query { self { viewer { name } } } } }`, ``},
	{`{ search(filter: {any: [{owner: 1}]}, currency: USD) @skip(if: true) { __typename ... on Card { limit } } }`, `{}`},
	{`query A { viewer { name } } query B($m: JSON) { byMeta(meta: {a: [$m, null, 1.5e3]}) { id } }`, `{"m":{"x":[1]}}`},
	{`{ account(id: """a""" """) { id } """b""") { id } } # """`, ``},
	{"{ ...f } fragment f on Query { ...f }", ``},
	{"\uFEFF{matrix(rows:[[1,$a]])}", `{"a":"1"}`},
}

// FuzzRead: a document has one answer or is denied. What is answered names every
// root field that a plain reading of the document finds, has arguments of the
// declared kinds, and is the same when it is read again, as GET, and persisted.
func FuzzRead(f *testing.F) {
	for _, s := range fuzzSeeds {
		f.Add(s.document, s.variables)
	}
	s := bank(f)
	f.Fuzz(func(t *testing.T, document, variables string) {
		in := Request{Method: "GET", Params: []rules.Param{{Name: "query", Value: document}}}
		if variables != "" {
			in.Params = append(in.Params, rules.Param{Name: "variables", Value: variables})
		}
		calls, err := s.Read(in)
		if err != nil {
			if fault, ok := errors.AsType[*rules.Fault](err); !ok || fault.Reason.Status() >= 500 || fault.Detail == "" && fault.Err == nil {
				t.Fatalf("%q: %v", document, err)
			}
			return
		}
		if len(calls) == 0 || len(calls) > 100 {
			t.Fatalf("%q: %d calls", document, len(calls))
		}
		doc, err := parser.ParseQuery(&ast.Source{Input: document})
		if err != nil {
			t.Fatalf("%q is answered, but does not parse: %v", document, err)
		}
		listed := *s
		read, err := s.parse(document)
		listed.persisted = map[string]*ast.QueryDocument{hashOf(document): read}
		in.Params[0] = rules.Param{Name: "extensions", Value: `{"persistedQuery":{"sha256Hash":"` + hashOf(document) + `"}}`}
		if a, b := got(&listed, in), shown(calls); err != nil || a != b {
			t.Fatalf("%q: %s, and persisted %s (%v)", document, b, a, err)
		}
		for _, name := range rootFields(doc, doc.Operations[0].SelectionSet) {
			if !slices.ContainsFunc(calls, func(c Call) bool { return c.Name == "Query."+name }) {
				t.Fatalf("%q: no call for %s among %s", document, name, shown(calls))
			}
		}
		for i := range calls {
			for _, m := range s.named[calls[i].Name].args {
				checkKind(t, document, &m, &calls[i].Args)
			}
		}
	})
}

func shown(calls []Call) string {
	out := ""
	for i := range calls {
		if i > 0 {
			out += " "
		}
		out += calls[i].Name + show(&calls[i].Args)
	}
	return out
}

// rootFields are the fields that an operation selects on its own type, by a plain
// reading of the tree.
func rootFields(doc *ast.QueryDocument, set ast.SelectionSet) (out []string) {
	for _, one := range set {
		switch one := one.(type) {
		case *ast.Field:
			if one.Name != "__typename" {
				out = append(out, one.Name)
			}
		case *ast.InlineFragment:
			out = append(out, rootFields(doc, one.SelectionSet)...)
		case *ast.FragmentSpread:
			out = append(out, rootFields(doc, doc.Fragments.ForName(one.Name).SelectionSet)...)
		}
	}
	return out
}

// checkKind: a required argument is there and not null, an ID is a string.
func checkKind(t *testing.T, document string, m *member, args *tree.Value) {
	t.Helper()
	v, _ := args.Member(m.name)
	switch {
	case v == nil || v.Kind == tree.Null:
		if m.shape.required {
			t.Fatalf("%q: no %s", document, m.name)
		}
	case m.shape.list != nil && v.Kind != tree.Array, m.shape.list == nil && m.shape.named.kind == scalarID && v.Kind != tree.String:
		t.Fatalf("%q: %s is %s", document, m.name, show(v))
	}
}

// FuzzBody: a body that is not refused is strict JSON whose members are known,
// and a permutation of them is the same request.
func FuzzBody(f *testing.F) {
	for _, body := range []string{
		`{"query":"{ account(id: 1) { id } }","variables":{"a":1}}`, `[{"query":"{ viewer { name } }"},{"operationName":"A","query":"query A { viewer { name } }"}]`,
		`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"00"}},"query":null}`, `{"query":"{ viewer { name } }","Query":1}`,
	} {
		f.Add([]byte(body))
	}
	s := bank(f, batch)
	f.Fuzz(func(t *testing.T, body []byte) {
		first := got(s, send(string(body)))
		v, err := tree.ReadJSON(body)
		if err != nil {
			if first != "body_malformed" {
				t.Fatalf("%q is no strict JSON: %s", body, first)
			}
			return
		}
		slices.Reverse(v.Names)
		if v.Kind == tree.Object {
			slices.Reverse(v.Items)
		}
		parts, err := s.one(v)
		if v.Kind != tree.Object || err != nil {
			return
		}
		turned, err := s.execute(&parts[0], true, &limits{aliases: 30, calls: 100, selections: maxSelections, coercion: coercion{left: maxValues}})
		if err == nil && len(turned) > 0 && first != shown(turned) {
			t.Fatalf("%q: %s, and with its members turned around %s", body, first, shown(turned))
		}
	})
}
