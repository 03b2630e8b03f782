package graphql

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// bankLines are what the map lines of the tests are about.
var bankLines = []string{"Account.statement", "Person.organization", "Account.balance"}

func options(change ...func(*Options)) Options {
	o := Options{
		Mapped: func(name string) bool { return slices.Contains(bankLines, name) },
		Free:   func(name string) bool { return name == "Account.avatar" || name == "@loud" },
	}
	for _, c := range change {
		c(&o)
	}
	return o
}

func bank(t testing.TB, change ...func(*Options)) *Schema {
	t.Helper()
	text, err := os.ReadFile("testdata/bank.graphql")
	if err != nil {
		t.Fatal(err)
	}
	s, ms := Compile(string(text), "bank.graphql", options(change...))
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return s
}

func batch(o *Options) { o.Batch = true }

func send(body string) Request {
	return Request{Method: "POST", ContentType: "application/json", Body: []byte(body)}
}

// ask is a POST of a document with variables as JSON, "" for none.
func ask(document, variables string) Request {
	q, _ := json.Marshal(document)
	if variables == "" {
		return send(`{"query":` + string(q) + `}`)
	}
	return send(`{"query":` + string(q) + `,"variables":` + variables + `}`)
}

// got is what becomes of a request: its calls, or the reason why there are none.
func got(s *Schema, in Request) string {
	calls, err := s.Read(in)
	if err != nil {
		f, ok := errors.AsType[*rules.Fault](err)
		if !ok {
			return "not a fault: " + err.Error()
		}
		return string(f.Reason)
	}
	var out []string
	for i := range calls {
		out = append(out, calls[i].Name+show(&calls[i].Args))
	}
	return strings.Join(out, " ")
}

func show(v *tree.Value) string {
	var b strings.Builder
	open, end := "[", "]"
	switch v.Kind {
	case tree.Null:
		return "null"
	case tree.Bool, tree.Number:
		return v.Text
	case tree.String:
		return "'" + v.Text + "'"
	case tree.Object:
		open, end = "(", ")"
	case tree.Array:
	}
	b.WriteString(open)
	for i := range v.Items {
		if i > 0 {
			b.WriteString(",")
		}
		if v.Kind == tree.Object {
			b.WriteString(v.Names[i] + ":")
		}
		b.WriteString(show(&v.Items[i]))
	}
	return b.String() + end
}

type row struct{ name, document, variables, want string }

func check(t *testing.T, s *Schema, rows []row) {
	t.Helper()
	for _, r := range rows {
		if is := got(s, ask(r.document, r.variables)); is != r.want {
			_, err := s.Read(ask(r.document, r.variables))
			t.Errorf("%s: %.200s with %.100s\n got %s\nwant %s (%v)", r.name, r.document, r.variables, is, r.want, err)
		}
	}
}

// TestEveryFieldIsACall: whatever form a selection has, what it names is found.
// Each row's twin is the one whose argument or line is another.
func TestEveryFieldIsACall(t *testing.T) {
	const other = `Query.account(id:'AC1') Query.account(id:'AC2')`
	check(t, bank(t), []row{
		{"one", `{ account(id: "AC1") { id } }`, "", `Query.account(id:'AC1')`},
		{"twin: another id", `{ account(id: "AC2") { id } }`, "", `Query.account(id:'AC2')`},
		{"aliases", `{ a: account(id: "AC1") { id } b: account(id: "AC2") { id } }`, "", other},
		{"one response name twice", `{ account(id: "AC1") { id } account(id: "AC2") { id } }`, "", other},
		{"a fragment", `query { ...f account(id: "AC2") { id } } fragment f on Query { account(id: "AC1") { id } }`, "", other},
		{"a fragment within a fragment", `{ ...f } fragment f on Query { ...g account(id: "AC2") { id } } fragment g on Query { account(id: "AC1") { id } }`, "", other},
		{"an inline fragment", `{ ... on Query { account(id: "AC1") { id } } ... { account(id: "AC2") { id } } }`, "", other},
		{"skipped", `{ account(id: "AC1") { id } account(id: "AC2") @skip(if: true) { id } }`, "", other},
		{"not included", `query($no: Boolean = false) { account(id: "AC1") { id } b: account(id: "AC2") @include(if: $no) { id } }`, "", other},
		{"a skipped fragment", `query($yes: Boolean!) { account(id: "AC1") { id } ... @skip(if: $yes) { account(id: "AC2") { id } } }`, `{"yes":true}`, other},
		{"deferred", `{ account(id: "AC1") { id } ... @defer { account(id: "AC2") { id } } }`, "", other},
		{"a comment is none", "{ # account(id: \"AC3\") { id }\n account(id: \"AC1\") { id } #\r account(id: \"AC2\") { id }\n }", "", other},
		{"commas and marks between", "\uFEFF{,,account(id:\"AC1\",,),{id},\uFEFFaccount(id:\"AC2\"){id}}", "", other},
		{"within a string", `{ account(id: "} account(id: \"AC2\") {") { id } }`, "", `Query.account(id:'} account(id: "AC2") {')`},
		{"the query type, nested", `{ self { self { account(id: "AC1") { id } } } }`, "", `Query.self() Query.self() Query.account(id:'AC1')`},
		{"a nested query without arguments", `{ self { viewer { name } } }`, "", `Query.self() Query.viewer()`},
		{"the query type, by an interface", `{ ... on HasSelf { self { viewer { name } } } }`, "", `Query.self() Query.viewer()`},
		{"the query type behind a mutation", `mutation { rename(name: "x") { query { account(id: "AC1") { id } } } }`, "",
			`Mutation.rename(id:'AC0',name:'x') Query.account(id:'AC1')`},
		{"introspection", `{ __schema { types { name fields(includeDeprecated: true) { name } } } }`, "", `Query.__schema()`},
		{"introspection of a type", `{ __type(name: "Account") { name } account(id: "AC1") { __typename } }`, "", `Query.__type(name:'Account') Query.account(id:'AC1')`},
		{"nothing but a type's name", `{ __typename }`, "", "no_target"},
		{"an unknown field", `{ acount(id: "AC1") { id } }`, "", "no_route"},
		{"an unknown kind of operation", `subscription { ticks(id: 1) }`, "", "upgrade_not_supported"},
	})
}

// TestNestedCalls: a nested field is a call where a line is about it, and may have
// arguments nowhere else.
func TestNestedCalls(t *testing.T) {
	s := bank(t)
	check(t, s, []row{
		{"mapped", `{ account(id: "AC1") { statement(id: 7) { id } } }`, "", `Query.account(id:'AC1') Account.statement(id:'7',of:'main')`},
		{"not mapped", `{ account(id: "AC1") { statement(id: 7) { lines(after: 3) } } }`, "", "no_route"},
		{"not mapped, no argument given", `{ account(id: "AC1") { statement(id: 7) { lines } } }`, "", `Query.account(id:'AC1') Account.statement(id:'7',of:'main')`},
		{"mapped, no argument given", `{ account(id: "AC1") { balance } }`, "", `Query.account(id:'AC1') Account.balance()`},
		{"free", `{ account(id: "AC1") { avatar(size: 3) } }`, "", `Query.account(id:'AC1')`},
		{"twin: not free", `{ account(id: "AC1") { note(lang: "de") } }`, "", "no_route"},
		{"behind lists and edges", `{ viewer { accounts { owner { organization(login: "x") { name } } } } }`, "", `Query.viewer() Person.organization(login:'x')`},
		{"of a type in a fragment", `{ node(id: 1) { ... on Account { statement(id: 2) { id } } } }`, "", `Query.node(id:'1') Account.statement(id:'2',of:'main')`},
		{"twin: of a type without a line", `{ node(id: 1) { ... on Card { statement(id: 2) { id } } } }`, "", "no_route"},
		{"of an interface, and one of its types has no line", `{ node(id: 1) { statement(id: 2) { id } } }`, "", "no_route"},
		{"of an interface, on a type with a line", `{ account(id: 1) { ... on Node { statement(id: 2) { id } } } }`, "", "no_route"},
		{"of an interface whose types all have lines", `{ account(id: 1) { ... on Billed { statement(id: 2) { id } } } }`, "",
			`Query.account(id:'1') Account.statement(id:'2',of:'main')`},
		{"by a union", `{ search(filter: {}) { ... on Account { statement(id: 2) { id } } } }`, "",
			`Query.search(filter:(any:[],range:(low:1,high:9)),currency:'EUR') Account.statement(id:'2',of:'main')`},
	})
	both := bank(t, func(o *Options) {
		o.Mapped = func(name string) bool {
			return name == "Node.statement" || name == "Card.statement" || name == "Node.parent"
		}
	})
	check(t, both, []row{
		{"a line for the interface is for its types", `{ account(id: 1) { statement(id: 2) { id } } }`, "", `Query.account(id:'1') Node.statement(id:'2',of:'main')`},
		{"and for an edge without arguments", `{ account(id: 1) { parent { id } } }`, "", `Query.account(id:'1') Node.parent()`},
		{"every line that may be meant", `{ node(id: 1) { statement(id: 2) { id } } }`, "", `Query.node(id:'1') Node.statement(id:'2') Card.statement(id:'2')`},
		{"by another interface", `{ account(id: 1) { ... on Billed { statement(id: 2) { id } } } }`, "", `Query.account(id:'1') Node.statement(id:'2')`},
	})
}

// TestFields: what is selected below a call, whatever it is called in the answer.
func TestFields(t *testing.T) {
	calls, err := bank(t).Read(ask(`query { account(id: 1) { number: ssn ...f owner { __typename secret: ssn ... on Person { accounts { id } } }
		statement(id: 2) { total } } viewer { name } } fragment f on Account { id ssn owner { name } }`, ""))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"Query.account":     {"id", "owner", "owner.accounts", "owner.accounts.id", "owner.name", "owner.ssn", "ssn", "statement", "statement.total"},
		"Account.statement": {"total"},
		"Query.viewer":      {"name"},
	}
	is := map[string][]string{}
	for _, c := range calls {
		is[c.Name] = c.Fields
	}
	if diff := cmp.Diff(want, is); diff != "" {
		t.Error(diff)
	}
}
