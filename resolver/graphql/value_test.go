package graphql

import (
	"fmt"
	"strings"
	"testing"
)

// TestValues: an id reaches the call as the server will read it, or the request
// is refused.
func TestValues(t *testing.T) {
	const one = `query($id: ID!) { account(id: $id) { id } }`
	const many = `query($ids: [ID!]) { accounts(ids: $ids) { id } }`
	call := func(id string) string { return "Query.account(id:'" + id + "')" }
	list := func(ids string) string { return "Query.accounts(ids:" + ids + ",tenant:'acme')" }
	check(t, bank(t), []row{
		{"a literal", `{ account(id: "AC1") { id } }`, "", call("AC1")},
		{"a variable", one, `{"id":"AC1"}`, call("AC1")},
		{"a variable's default", `query($id: ID = "AC1") { account(id: $id) { id } }`, "", call("AC1")},
		{"twin: the default is overridden", `query($id: ID = "AC1") { account(id: $id) { id } }`, `{"id":"AC2"}`, call("AC2")},
		{"twin: overridden with null", `query($id: ID = "AC1") { account(id: $id) { id } }`, `{"id":null}`, "body_malformed"},
		{"a variable is absent", one, `{}`, "body_malformed"},
		{"no variables", one, "", "body_malformed"},
		{"variables are null", one, "null", "body_malformed"},
		{"a variable is null", one, `{"id":null}`, "body_malformed"},
		{"null for a literal", `{ account(id: null) { id } }`, "", "body_malformed"},
		{"an ID is a number", one, `{"id":17}`, call("17")},
		{"a literal ID is a number", `{ account(id: 17) { id } }`, "", call("17")},
		{"an ID with a fraction", one, `{"id":17.0}`, "body_malformed"},
		{"an ID with an exponent", one, `{"id":1e1}`, "body_malformed"},
		{"the largest ID that all readers agree on", one, `{"id":9007199254740991}`, call("9007199254740991")},
		{"twin: one more", one, `{"id":9007199254740992}`, "body_malformed"},
		{"twin: one more, as a literal", `{ account(id: 9007199254740992) { id } }`, "", "body_malformed"},
		{"twin: as text", one, `{"id":"9007199254740992"}`, call("9007199254740992")},
		{"minus nothing", one, `{"id":-0}`, "body_malformed"},
		{"minus nothing, as a literal", `{ account(id: -0) { id } }`, "", "body_malformed"},
		{"an ID is a boolean", one, `{"id":true}`, "body_malformed"},
		{"an ID is a list", one, `{"id":["AC1"]}`, "body_malformed"},
		{"an ID is an object", one, `{"id":{"id":"AC1"}}`, "body_malformed"},
		{"an ID is an enum", `{ account(id: AC1) { id } }`, "", "body_malformed"},
		{"a variable of the wrong type", `query($id: Int!) { account(id: $id) { id } }`, `{"id":1}`, "body_malformed"},
		{"an optional variable for a required argument", `query($id: ID) { account(id: $id) { id } }`, `{"id":1}`, "body_malformed"},
		{"a variable of an output type", `query($id: Account!) { account(id: $id) { id } }`, `{"id":1}`, "body_malformed"},
		{"a variable nobody declares", `{ account(id: $id) { id } }`, `{"id":1}`, "body_malformed"},
		{"a variable nobody uses", `query($x: ID) { account(id: 1) { id } }`, `{"x":1}`, "body_malformed"},
		{"a variable that only the client knows", one, `{"id":1,"note":2}`, call("1")},
		{"twin: and some server takes for ours", one, `{"id":1,"ID":2}`, "ambiguous_parameter"},
		{"two variables in two cases", `query($id: ID!, $ID: ID!) { account(id: $id) { id } b: account(id: $ID) { id } }`, `{"id":1,"ID":2}`, call("1") + " " + call("2")},
		{"an argument that the field has not", `{ account(id: 1, ID: 2) { id } }`, "", "body_malformed"},
		{"an argument twice", `{ account(id: 1, id: 2) { id } }`, "", "body_malformed"},
		{"a required argument is absent", `{ account { id } }`, "", "body_malformed"},

		{"escapes", `{ account(id: "\u0041C\u{31}") { id } }`, "", call("AC1")},
		{"a pair of surrogates", `{ account(id: "\ud83d\ude00") { id } }`, "", call("😀")},
		{"twin: half a pair", `{ account(id: "\ud83d") { id } }`, "", "body_malformed"},
		{"a block string", `{ account(id: """AC1""") { id } }`, "", call("AC1")},
		{"a block string on lines of its own", "{ account(id: \"\"\"\r\n   AC1\n\"\"\") { id } }", "", call("AC1")},
		{"a block string takes escapes as they are", `{ account(id: """\u0041""") { id } }`, "", call(`\u0041`)},
		{"an indent that all count alike", "{ account(id: \"\"\"\n  a\n    b\n  c\"\"\") { id } }", "", call("a\n  b\nc")},
		{"twin: one that they do not", "{ account(id: \"\"\"a\n    b\"\"\") { id } }", "", "body_malformed"},
		{"a quote at the end of a block string", `{ account(id: """AC1"""") { id } }`, "", "body_malformed"},
		{"lists that end in such a quote", `{ accounts(ids: ["""A"""", "B", """" ]) { id } }`, "", "body_malformed"},
		{"a separator that ends comments for some", "{ account(id: 1) { id } # \u2028 b: account(id: 2) { id }\n }", "", "body_malformed"},

		{"a list", many, `{"ids":["AC1",2]}`, list(`['AC1','2']`)},
		{"a single value for a list", many, `{"ids":"AC1"}`, list(`['AC1']`)},
		{"a literal for a list", `{ accounts(ids: "AC1") { id } }`, "", list(`['AC1']`)},
		{"variables within a list", `query($a: ID!, $b: ID!) { accounts(ids: [$a, "AC2", $b]) { id } }`, `{"a":"AC1","b":3}`, list(`['AC1','AC2','3']`)},
		{"an absent variable for a list", many, `{}`, "Query.accounts(tenant:'acme')"},
		{"null for a list", many, `{"ids":null}`, list("null")},
		{"null within a list", many, `{"ids":[null]}`, "body_malformed"},
		{"null for an argument with a default", `{ accounts(tenant: null) { id } }`, "", "Query.accounts(tenant:null)"},
		{"an absent variable for an argument with a default", `query($t: String) { accounts(tenant: $t) { id } }`, "{}", "Query.accounts(tenant:'acme')"},
		{"an integer", `{ accounts(first: 3) { id } }`, "", "Query.accounts(tenant:'acme',first:3)"},
		{"an integer with a fraction", `query($n: Int) { accounts(first: $n) { id } }`, `{"n":3.0}`, "body_malformed"},
		{"an integer as text", `query($n: Int) { accounts(first: $n) { id } }`, `{"n":"3"}`, "body_malformed"},
		{"lists of lists", `query($r: [[ID]]) { matrix(rows: $r) }`, `{"r":[[1,null],["x"]]}`, `Query.matrix(rows:[['1',null],['x']])`},
		{"one value for lists of lists", `query($r: [[ID]]) { matrix(rows: $r) }`, `{"r":1}`, `Query.matrix(rows:[['1']])`},

		{"an enum", `query($c: Currency) { account(id: 1) { balance(currency: $c) } }`, `{"c":"USD"}`, call("1") + " Account.balance(currency:'USD')"},
		{"a literal enum", `{ account(id: 1) { balance(currency: USD) } }`, "", call("1") + " Account.balance(currency:'USD')"},
		{"twin: in another case", `query($c: Currency) { account(id: 1) { balance(currency: $c) } }`, `{"c":"usd"}`, "body_malformed"},
		{"twin: a literal string", `{ account(id: 1) { balance(currency: "USD") } }`, "", "body_malformed"},
		{"a scalar of the schema's own", `query($m: JSON) { byMeta(meta: $m) { id } }`, `{"m":{"id":[1.50,"x"]}}`, `Query.byMeta(meta:(id:[1.50,'x']))`},
		{"as a literal", `query($m: ID) { byMeta(meta: {id: [1.50, $m, X], n: $n}) { id } }`, `{}`, "body_malformed"},
		{"as a literal with variables", `query($m: ID, $n: ID) { byMeta(meta: {id: [1.50, $m, X], n: $n}) { id } }`, `{"m":2}`, `Query.byMeta(meta:(id:[1.50,'2','X']))`},
	})
}

// TestInputObjects: members, their defaults and lists, as literals and as variables.
func TestInputObjects(t *testing.T) {
	const whole = `mutation($in: CloseInput!) { closeAccount(input: $in) { account { id } } }`
	call := func(id, rest string) string { return "Mutation.closeAccount(input:(id:'" + id + "'," + rest + "))" }
	const none = "reason:'none',also:[]"
	check(t, bank(t), []row{
		{"a literal", `mutation { closeAccount(input: {id: "AC1"}) { account { id } } }`, "", call("AC1", none)},
		{"a variable", whole, `{"in":{"id":"AC1"}}`, call("AC1", none)},
		{"a variable within", `mutation($id: ID!) { closeAccount(input: {id: $id}) { account { id } } }`, `{"id":"AC1"}`, call("AC1", none)},
		{"twin: another id", whole, `{"in":{"id":"AC2"}}`, call("AC2", none)},
		{"the schema's order", whole, `{"in":{"also":7,"force":true,"id":"AC1","rate":1e2}}`, call("AC1", "reason:'none',also:['7'],rate:1e2,force:true")},
		{"nested", whole, `{"in":{"id":1,"nested":{"ids":["a"],"more":{"ids":"b","depth":2}}}}`, call("1", none+",nested:(ids:['a'],depth:1,more:(ids:['b'],depth:2))")},
		{"a member that the type has not", whole, `{"in":{"id":1,"ID":2}}`, "body_malformed"},
		{"such a member, as a literal", `mutation { closeAccount(input: {id: 1, ID: 2}) { account { id } } }`, "", "body_malformed"},
		{"a member twice", whole, `{"in":{"id":1,"id":2}}`, "body_malformed"},
		{"a member twice, escaped", whole, `{"in":{"id":1,"\u0069d":2}}`, "body_malformed"},
		{"a member twice, as a literal", `mutation { closeAccount(input: {id: 1, id: 2}) { account { id } } }`, "", "body_malformed"},
		{"a required member is absent", whole, `{"in":{"reason":"x"}}`, "body_malformed"},
		{"a required member is null", whole, `{"in":{"id":null}}`, "body_malformed"},
		{"a required member is an absent variable", `mutation($id: ID) { closeAccount(input: {id: $id}) { account { id } } }`, `{}`, "body_malformed"},
		{"a text is no object", whole, `{"in":"AC1"}`, "body_malformed"},
		{"a list is no object", whole, `{"in":[{"id":1}]}`, "body_malformed"},
		{"a boolean is no text", whole, `{"in":{"id":1,"reason":true}}`, "body_malformed"},
		{"a text is no boolean", whole, `{"in":{"id":1,"force":"true"}}`, "body_malformed"},
		{"a text is no float", whole, `{"in":{"id":1,"rate":"1"}}`, "body_malformed"},
		{"one of", `query($w: Which!) { which(by: $w) { id } }`, `{"w":{"id":1}}`, "Query.which(by:(id:'1'))"},
		{"twin: two of", `query($w: Which!) { which(by: $w) { id } }`, `{"w":{"id":1,"name":"x"}}`, "body_malformed"},
		{"twin: null of", `query($w: Which!) { which(by: $w) { id } }`, `{"w":{"id":null}}`, "body_malformed"},
		{"two of, as a literal", `{ which(by: {id: 1, name: "x"}) { id } }`, "", "body_malformed"},
		{"too deep", whole, `{"in":{"id":1,"nested":` + strings.Repeat(`{"ids":[],"more":`, 40) + "null" + strings.Repeat("}", 40) + `}}`, "body_malformed"},
		{"too deep, as a literal", `{ byMeta(meta: ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `) { id } }`, "", "body_malformed"},
		{"too deep for a default", `query($m: JSON = ` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `) { byMeta(meta: $m) { id } }`, "", "body_malformed"},
	})
}

// TestValuesAreBounded: one long variable in many calls costs no more than a limit.
func TestValuesAreBounded(t *testing.T) {
	var uses strings.Builder
	for i := range 20 {
		fmt.Fprintf(&uses, "a%d: accounts(ids: $ids) { id } ", i)
	}
	document := `query($ids: [ID!]) { ` + uses.String() + `}`
	check(t, bank(t), []row{
		{"4,000 ids", document, `{"ids":[1` + strings.Repeat(",1", 3999) + `]}`, strings.TrimSpace(strings.Repeat(`Query.accounts(ids:[`+strings.TrimSuffix(strings.Repeat("'1',", 4000), ",")+`],tenant:'acme') `, 20))},
		{"5,000 ids", document, `{"ids":[1` + strings.Repeat(",1", 4999) + `]}`, "too_many_targets"},
		{"200,000 ids", `query($ids: [ID!]) { accounts(ids: $ids) { id } }`, `{"ids":[1` + strings.Repeat(",1", 199_999) + `]}`, "too_many_targets"},
	})
}
