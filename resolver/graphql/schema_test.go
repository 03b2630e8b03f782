package graphql

import (
	"strings"
	"sync"
	"testing"
)

// TestMistakes: a schema that cannot be read in one way does not load, and says where.
func TestMistakes(t *testing.T) {
	const query = "type Query { a: Int }\n"
	for _, c := range []struct{ name, schema, want string }{
		{"a syntax", "type Query {\n  a Int }", `s.graphql:2:5: Expected :, found Name`},
		{"an unknown type", "type Query {\n  a: Nothing\n}", `s.graphql:2:6: Undefined type Nothing`},
		{"no query type", "type Mutation { a: Int }", `s.graphql: the schema has no query type (declare type Query)`},
		{"nothing", "", `s.graphql: the schema has no query type (declare type Query)`},
		{"a type twice", query + "type A { a: Int }\ntype A { a: Int }", `s.graphql:3:6: Cannot redeclare type A`},
		{"a default of another type", query + "input A {\n  a: Int = \"x\" }", `s.graphql:3:13: the default of A.a: no Int`},
		{"a default beyond the enum", query + "enum E { X }\ninput A { a: E = Y }", `s.graphql:3:18: the default of A.a: no E`},
		{"an argument's default", "type Query { a(b: ID! = null): Int }", `s.graphql:1:25: the default of Query.a.b: null for ID!`},
		{"a default of itself", query + "input A { a: A = {} }", `s.graphql:2:18: the default of A.a is made of itself`},
		{"a default of itself, in two steps", query + "input A { b: B = {} }\ninput B { a: [A!] = [{}] }", `s.graphql:3:21: the default of B.a is made of itself`},
		{"defaults that end", query + "input A { b: B = {} }\ninput B { a: [A!] = [], c: C }\ninput C { x: Int = 1 }", ""},
		{"renamed types of operations", "schema { query: Root }\ntype Root { a: Int }", ""},
	} {
		s, ms := Compile(c.schema, "s.graphql", Options{})
		got := ""
		if err := ms.Err(); err != nil {
			got = err.Error()
		}
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") || (s == nil) != (got != "") {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

func TestMistakesInPersistedDocuments(t *testing.T) {
	const bad = "{ nothing }"
	_, ms := Compile("type Query { a: Int }", "s.graphql", Options{PersistedFile: "p.json", Persisted: map[string]string{
		hashOf("{ a }"): "{ a }", hashOf(bad): bad, strings.Repeat("0", 64): "{ a }",
	}})
	got := ms.Err().Error()
	for _, want := range []string{
		`p.json: document "0000000000000000000000000000000000000000000000000000000000000000" has the hash ` + hashOf("{ a }"),
		"p.json: document " + hashOf(bad) + ": no_route: graphql: a field that the schema has not at 1:3 of the document",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	if len(ms) != 2 {
		t.Errorf("%d mistakes, want 2", len(ms))
	}
}

func TestRootTypesKeepTheirNames(t *testing.T) {
	s, ms := Compile("schema { query: Root }\ntype Root { a(id: ID): Int }", "s.graphql", Options{})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	if is := got(s, ask("{ a(id: 1) __schema { types { name } } }", "")); is != "Root.a(id:'1') Root.__schema()" {
		t.Error(is)
	}
	if is := got(s, ask("mutation { a(id: 1) }", "")); is != "no_route" {
		t.Error(is)
	}
}

// TestProblem: what a map line may be about, and capture.
func TestProblem(t *testing.T) {
	s := bank(t)
	for _, c := range []struct{ line, want string }{
		{"Query.account", ""},
		{"Query.__schema", ""},
		{"Node.statement", ""},
		{"Query.acount", "the schema has no field Query.acount"},
		{"Nothing.account", "the schema has no field Nothing.account"},
		{"Subscription.ticks", "Subscription.ticks: subscriptions are not supported yet"},
		{"__Type.fields", "__Type.fields is a part of introspection, map Query.__schema"},
		{"Query.account id", ""},
		{"Query.account ids", "Query.account has no argument ids"},
		{"Query.account id x", "args.id is ID! and has no members"},
		{"Query.account id []", "args.id is no list but ID!"},
		{"Query.accounts ids", "args.ids is a list, [ID!]: write args.ids[]"},
		{"Query.accounts ids []", ""},
		{"Query.matrix rows []", "args.rows[] is a list, [ID]: write args.rows[][]"},
		{"Query.matrix rows [] []", ""},
		{"Query.byMeta meta a [] b", ""},
		{"Mutation.closeAccount input", "args.input is an object, CloseInput!: name a member of it"},
		{"Mutation.closeAccount input id", ""},
		{"Mutation.closeAccount input nested ids []", ""},
		{"Mutation.closeAccount input nested id", "Inner has no member id"},
	} {
		words := strings.Fields(c.line)
		if got := s.Problem(words[0], words[1:]...); got != c.want {
			t.Errorf("Problem(%s) = %q, want %q", c.line, got, c.want)
		}
	}
}

// TestReadersShareASchema has a meaning under the race detector: also documents
// that were read at load are only read.
func TestReadersShareASchema(t *testing.T) {
	const known = `query($id: ID = 1) { account(id: $id) { ...f } } fragment f on Account { statement(id: $id) { id } }`
	s := bank(t, func(o *Options) { o.Persisted = map[string]string{hashOf(known): known} })
	byHash := send(`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + hashOf(known) + `"}}}`)
	want := got(s, byHash)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 50 {
				if a, b := got(s, byHash), got(s, ask(known, "")); a != want || b != want {
					t.Errorf("got %s and %s, want %s", a, b, want)
				}
			}
		})
	}
	all.Wait()
}
