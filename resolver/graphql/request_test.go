package graphql

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

const (
	ac1     = `{ account(id: \"AC1\") { id } }` // as JSON has it
	callAC1 = `Query.account(id:'AC1')`
	callAC2 = `Query.account(id:'AC2')`
)

// TestBody: what a POST may look like.
func TestBody(t *testing.T) {
	s, batches := bank(t), bank(t, batch)
	one := `{"query":"` + ac1 + `"}`
	for _, r := range []struct {
		name   string
		schema *Schema
		body   string
		want   string
	}{
		{"a document", s, one, callAC1},
		{"members that are null", s, `{"query":"` + ac1 + `","variables":null,"operationName":null,"extensions":null}`, callAC1},
		{"extensions of the server's own", s, `{"query":"` + ac1 + `","extensions":{"clientLibrary":{"name":"x"}}}`, callAC1},
		{"query twice", s, `{"query":"` + ac1 + `","query":"` + ac1 + `"}`, "body_malformed"},
		{"variables twice", s, `{"query":"` + ac1 + `","variables":{},"variables":{}}`, "body_malformed"},
		{"Query", s, `{"query":"` + ac1 + `","Query":"{ viewer { name } }"}`, "ambiguous_parameter"},
		{"operationname", s, `{"query":"` + ac1 + `","operationname":"x"}`, "ambiguous_parameter"},
		{"variables.id", s, `{"query":"` + ac1 + `","variables.id":1}`, "ambiguous_parameter"},
		{"an unknown member", s, `{"query":"` + ac1 + `","documentId":"x"}`, "body_malformed"},
		{"a query that is no text", s, `{"query":["` + ac1 + `"]}`, "body_malformed"},
		{"an operation's name that is no text", s, `{"query":"` + ac1 + `","operationName":1}`, "body_malformed"},
		{"variables as text", s, `{"query":"` + ac1 + `","variables":"{}"}`, "body_malformed"},
		{"variables as a list", s, `{"query":"` + ac1 + `","variables":[]}`, "body_malformed"},
		{"extensions as a list", s, `{"query":"` + ac1 + `","extensions":[]}`, "body_malformed"},
		{"no query", s, `{"variables":{}}`, "no_target"},
		{"an empty query", s, `{"query":""}`, "body_malformed"},
		{"only a fragment", s, `{"query":"fragment f on Query { viewer { name } }"}`, "body_malformed"},
		{"a schema", s, `{"query":"type Query { x: Int }"}`, "body_malformed"},
		{"no GraphQL", s, `{"query":"{ account(id: "}`, "body_malformed"},
		{"a NUL in the document", s, `{"query":"{ account(id: \"AC1\u0000\") { id } }"}`, "body_malformed"},
		{"a text", s, `"` + ac1 + `"`, "body_malformed"},
		{"no JSON", s, `query=1`, "body_malformed"},
		{"nothing", s, ``, "body_malformed"},
		{"a batch", batches, `[` + one + `,` + strings.Replace(one, "AC1", "AC2", 1) + `]`, callAC1 + " " + callAC2},
		{"twin: where none may be", s, `[` + one + `]`, "body_malformed"},
		{"a batch with one bad element", batches, `[` + one + `,{"query":"{ nothing }"}]`, "no_route"},
		{"a batch with a strange element", batches, `[` + one + `,{"id":1}]`, "body_malformed"},
		{"a batch within a batch", batches, `[[` + one + `]]`, "body_malformed"},
		{"an empty batch", batches, `[]`, "no_target"},
		{"no batch where one may be", batches, one, callAC1},
	} {
		if is := got(r.schema, send(r.body)); is != r.want {
			t.Errorf("%s: %s\n got %s\nwant %s", r.name, r.body, is, r.want)
		}
	}
}

// TestMethods: how a request may come.
func TestMethods(t *testing.T) {
	s := bank(t, func(o *Options) { o.IgnoredParams = []string{"op", "Query"} })
	body := []byte(`{"query":"` + ac1 + `"}`)
	param := func(pairs ...string) (out []rules.Param) {
		for i := 0; i < len(pairs); i += 2 {
			out = append(out, rules.Param{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	document := param("query", `query A($id: ID!) { account(id: $id) { id } } mutation B { rename(name: "x") { account { id } } }`)
	ids := slices.Concat(document, param("variables", `{"id":"AC1"}`))
	named := slices.Concat(ids, param("operationName", "A"))
	json := "application/json"
	for _, r := range []struct {
		name string
		in   Request
		want string
	}{
		{"POST", Request{Method: "POST", ContentType: json, Body: body}, callAC1},
		{"with a charset", Request{Method: "POST", ContentType: json + "; charset=UTF-8", Body: body}, callAC1},
		{"twin: another charset", Request{Method: "POST", ContentType: json + "; charset=utf-7", Body: body}, "body_type"},
		{"another parameter", Request{Method: "POST", ContentType: json + "; boundary=x", Body: body}, "body_type"},
		{"no content type", Request{Method: "POST", Body: body}, "body_type"},
		{"application/graphql", Request{Method: "POST", ContentType: "application/graphql", Body: []byte("{ viewer { name } }")}, "body_type"},
		{"multipart", Request{Method: "POST", ContentType: "multipart/form-data; boundary=x", Body: body}, "body_type"},
		{"a form", Request{Method: "POST", ContentType: "application/x-www-form-urlencoded", Body: body}, "body_type"},
		{"text", Request{Method: "POST", ContentType: "text/plain", Body: body}, "body_type"},
		{"PUT", Request{Method: "PUT", ContentType: json, Body: body}, "no_route"},
		{"no method", Request{ContentType: json, Body: body}, "no_route"},
		{"a document in the URL too", Request{Method: "POST", ContentType: json, Body: body, Params: param("query", "{ viewer { name } }")}, "ambiguous_parameter"},
		{"variables in the URL too", Request{Method: "POST", ContentType: json, Body: body, Params: param("variables", "{}")}, "ambiguous_parameter"},
		{"a parameter that does not matter", Request{Method: "POST", ContentType: json, Body: body, Params: param("op", "x")}, callAC1},
		{"twin: one that may", Request{Method: "POST", ContentType: json, Body: body, Params: param("id", "x")}, "ambiguous_parameter"},
		{"twin: one that cannot be ignored", Request{Method: "POST", ContentType: json, Body: body, Params: param("Query", "x")}, "ambiguous_parameter"},

		{"GET", Request{Method: "GET", Params: named}, callAC1},
		{"HEAD", Request{Method: "HEAD", Params: named}, callAC1},
		{"GET of a mutation", Request{Method: "GET", Params: param("query", `mutation { rename(name: "x") { account { id } } }`)}, "no_route"},
		{"twin: POST of it", send(`{"query":"mutation { rename(name: \"x\") { account { id } } }"}`), "Mutation.rename(id:'AC0',name:'x')"},
		{"GET of a mutation by its name", Request{Method: "GET", Params: slices.Concat(ids, param("operationName", "B"))}, "no_route"},
		{"two operations and no name", Request{Method: "GET", Params: ids}, "body_malformed"},
		{"GET with a body", Request{Method: "GET", Params: named, Body: body}, "ambiguous_parameter"},
		{"GET with nothing", Request{Method: "GET"}, "no_target"},
		{"a repeated parameter", Request{Method: "GET", Params: slices.Concat(named, named[:1])}, "ambiguous_parameter"},
		{"a parameter in another case", Request{Method: "GET", Params: slices.Concat(named, param("QUERY", "{ viewer { name } }"))}, "ambiguous_parameter"},
		{"a parameter with brackets", Request{Method: "GET", Params: slices.Concat(named, param("variables[id]", "2"))}, "ambiguous_parameter"},
		{"variables that are no JSON", Request{Method: "GET", Params: slices.Concat(document, param("variables", "{id:1}"))}, "body_malformed"},
		{"variables with a name twice", Request{Method: "GET", Params: slices.Concat(document, param("variables", `{"id":1,"id":2}`))}, "body_malformed"},
		{"a document that is not UTF-8", Request{Method: "GET", Params: param("query", "{ viewer { name } } # \xff")}, "body_malformed"},
	} {
		if is := got(s, r.in); is != r.want {
			t.Errorf("%s: got %s, want %s", r.name, is, r.want)
		}
	}
}

// TestOperationName: the operation that servers execute is the one that counts,
// and all others must be valid.
func TestOperationName(t *testing.T) {
	const two = `query A { account(id: \"AC1\") { id } } query B { account(id: \"AC2\") { id } }`
	s := bank(t)
	for _, r := range []struct{ name, document, operation, want string }{
		{"the first", two, `"A"`, callAC1},
		{"the second", two, `"B"`, callAC2},
		{"none", two, `null`, "body_malformed"},
		{"an empty name", two, `""`, "body_malformed"},
		{"an unknown name", two, `"C"`, "body_malformed"},
		{"a name in another case", two, `"a"`, "ambiguous_parameter"},
		{"two names in two cases", two + ` query a { viewer { name } }`, `"A"`, "ambiguous_parameter"},
		{"one name twice", two + ` query A { viewer { name } }`, `"A"`, "body_malformed"},
		{"an operation without a name beside", two + ` { viewer { name } }`, `"A"`, "body_malformed"},
		{"another is invalid", two + ` query C { nothing }`, `"A"`, "no_route"},
		{"another is a subscription", two + ` subscription C { ticks(id: 1) }`, `"A"`, callAC1},
		{"twin: the subscription", two + ` subscription C { ticks(id: 1) }`, `"C"`, "upgrade_not_supported"},
		{"one operation, no name", `query A { account(id: \"AC1\") { id } }`, `null`, callAC1},
		{"one operation, an empty name", `query A { account(id: \"AC1\") { id } }`, `""`, callAC1},
		{"one operation, another name", `query A { account(id: \"AC1\") { id } }`, `"B"`, "body_malformed"},
		{"one without a name, a name", ac1, `"A"`, "body_malformed"},
	} {
		if is := got(s, send(`{"query":"`+r.document+`","operationName":`+r.operation+`}`)); is != r.want {
			t.Errorf("%s: got %s, want %s", r.name, is, r.want)
		}
	}
}

func TestPersistedDocuments(t *testing.T) {
	const known = `query($id: ID!) { account(id: $id) { id } }`
	const other = `{ viewer { name } }`
	persisted := func(o *Options) { o.Persisted = map[string]string{hashOf(known): known} }
	s := bank(t, persisted)
	only := bank(t, persisted, func(o *Options) { o.OnlyPersisted = true })
	body := func(query, extension string) string {
		return fmt.Sprintf(`{"query":%s,"variables":{"id":"AC1"},"extensions":{"persistedQuery":%s}}`, query, extension)
	}
	hash := func(text string) string { return `{"version":1,"sha256Hash":"` + hashOf(text) + `"}` }
	for _, r := range []struct {
		name   string
		schema *Schema
		body   string
		want   string
	}{
		{"by its hash", s, body("null", hash(known)), callAC1},
		{"twin: an unknown hash", s, body("null", hash(other)), "no_route"},
		{"a hash in capitals", s, body("null", strings.Replace(hash(known), hashOf(known), strings.ToUpper(hashOf(known)), 1)), "no_route"},
		{"a document and its hash", s, body(`"`+known+`"`, hash(known)), callAC1},
		{"a document and its unknown hash", s, body(`"`+other+`"`, hash(other)), "Query.viewer()"},
		{"twin: and another's", s, body(`"`+other+`"`, hash(known)), "body_malformed"},
		{"an empty document and a hash", s, body(`""`, hash(known)), "body_malformed"},
		{"only persisted, by hash", only, body("null", hash(known)), callAC1},
		{"only persisted, by text", only, body(`"`+known+`"`, "null"), "body_malformed"},
		{"only persisted, by text alone", only, `{"query":"` + known + `","variables":{"id":"AC1"}}`, callAC1},
		{"only persisted, another text", only, `{"query":"` + other + `"}`, "no_route"},
		{"only persisted, another text and its hash", only, body(`"`+other+`"`, hash(other)), "no_route"},
		{"another version", s, body("null", `{"version":2,"sha256Hash":"`+hashOf(known)+`"}`), "body_malformed"},
		{"no version", s, body("null", `{"sha256Hash":"`+hashOf(known)+`"}`), callAC1},
		{"no hash", s, body("null", `{"version":1}`), "body_malformed"},
		{"a hash that is no text", s, body("null", `{"sha256Hash":1}`), "body_malformed"},
		{"two hashes", s, body("null", `{"sha256Hash":"`+hashOf(known)+`","SHA256Hash":"x"}`), "body_malformed"},
		{"no object", s, body("null", `"`+hashOf(known)+`"`), "body_malformed"},
		{"in another case", s, `{"extensions":{"persistedquery":` + hash(known) + `}}`, "ambiguous_parameter"},
	} {
		if is := got(r.schema, send(r.body)); is != r.want {
			t.Errorf("%s: %s\n got %s\nwant %s", r.name, r.body, is, r.want)
		}
	}
}

// TestPlus: a + between words is a space, for nobody reads it as a word; within a
// value servers differ.
func TestPlus(t *testing.T) {
	s := bank(t)
	for _, c := range []struct{ query, want string }{
		{`query={+account(id:+"AC1")+{+id+}+}`, callAC1},
		{`query={account(id:"A%20C"){id}}`, `Query.account(id:'A C')`},
		{`query={account(id:"A%2BC"){id}}`, `Query.account(id:'A+C')`},
		{`query={account(id:"A+C"){id}}`, "ambiguous_query"},
		{`query=query+A($id:ID!){account(id:$id){id}}&variables={"id":+"AC1"}`, callAC1},
		{`query=query%20A($id:ID!){account(id:$id){id}}&variables={"id":"A+C"}`, "ambiguous_query"},
	} {
		in := Request{Method: "GET", RawQuery: c.query}
		for part := range strings.SplitSeq(c.query, "&") {
			name, text, _ := strings.Cut(part, "=")
			text, err := url.QueryUnescape(text)
			if err != nil {
				t.Fatal(err)
			}
			in.Params = append(in.Params, rules.Param{Name: name, Value: text})
		}
		if is := got(s, in); is != c.want {
			t.Errorf("%s: got %s, want %s", c.query, is, c.want)
		}
	}
}
