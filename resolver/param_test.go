package resolver

import (
	"strings"
	"testing"
)

// Servers that merge query and body would act on what nobody decided. Each row
// has its twin beside it: the same request without the name.
func TestP3BodyNamesInTheQuery(t *testing.T) {
	routes := compile(t, append(bankLines,
		"POST /v1/accounts?owner={o}&branch={b} -> create account[owner={o},branch={b}]",
		"POST /v1/lists                          -> delete account/{body[].id}")...)
	patch := func(query string) string { return "PATCH /v1/accounts/AC123456" + query + asJSON + `{"phone":1}` }
	lookup := func(query string) string { return "POST /v1/accounts:lookup" + query + asJSON + `{"id":"AC123456"}` }
	create := func(query string) string { return "POST /v1/accounts?owner=ada&branch=1" + query + asJSON + "{}" }
	for _, c := range []struct{ row, request, want string }{
		{"nothing", patch(""), "update account/AC123456"},
		{"another name", patch("?reason=bob&owners=1&close=1"), "update account/AC123456"},
		{"within another name", patch("?x.owner=1"), "ambiguous_parameter"},
		{"a captured member that is absent", patch("?owner=bob"), "ambiguous_parameter"},
		{"in another spelling", patch("?[OWNER]=bob"), "ambiguous_parameter"},
		{"a part of it", patch("?owner.id=bob"), "ambiguous_parameter"},
		{"an attribute", patch("?tenant=eu"), "ambiguous_parameter"},
		{"a list attribute", patch("?tags[]=eu"), "ambiguous_parameter"},
		{"a writable member", patch("?phone=1"), "ambiguous_parameter"},
		{"a property", patch("?ssn=1"), "ambiguous_parameter"},
		{"a captured member", lookup("?id=AC999999"), "ambiguous_parameter"},
		{"a captured member, encoded", lookup("?%69d[]=AC999999"), "ambiguous_parameter"},
		{"an attribute where nothing is written", lookup("?owner=bob"), "read account/AC123456"},
		{"a list", "POST /v1/accounts:batchDelete?ids[]=AC999999" + asJSON + `{"ids":["AC123456"]}`, "ambiguous_parameter"},
		{"beside a list", "POST /v1/accounts:batchDelete?page[]=AC999999" + asJSON + `{"ids":["AC123456"]}`, "delete account/AC123456"},
		{"a member further in", "POST /v1/transfers?id=AC999999" + asJSON + `{"from":"AC123456","to":{"id":"AC123457"}}`, "debit account/AC123456, credit account/AC123457"},
		{"its outermost member", "POST /v1/transfers?to[id]=AC999999" + asJSON + `{"from":"AC123456","to":{"id":"AC123457"}}`, "ambiguous_parameter"},
		{"a member in a list without a name", "POST /v1/lists?id=AC999999" + asJSON + `[{"id":"AC123456"}]`, "delete account/AC123456"},
		{"a bound", "POST /v1/customers?tenant=eu" + asJSON + `{"tenant":"us"}`, "ambiguous_parameter"},
		{"captured from the query", create(""), "create account"},
		{"captured, and another attribute", create("&tenant=eu"), "ambiguous_parameter"},
		{"captured, and in another spelling", create("&Owner=eu"), "ambiguous_parameter"},
		{"an update without attributes", "PUT /v1/files/a?owner=bob", "update? file/a"},
		{"within the object's name", create("&account[tenant]=eu"), "ambiguous_parameter"},
		{"within a name, encoded", patch("?account%5Bphone%5D=1"), "ambiguous_parameter"},
		{"within a name, with dots", patch("?account.Phone=1"), "ambiguous_parameter"},
		{"a captured member within a name", lookup("?lookup[id]=AC999999"), "ambiguous_parameter"},
		{"another name within a name", patch("?page[size]=1"), "update account/AC123456"},
		{"a read", "GET /v1/accounts/AC123456?owner=bob&phone=1", "read account/AC123456"},
	} {
		got, err := resolve(routes, raw(c.request), nil)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if !strings.HasPrefix(s, c.want) {
			t.Errorf("%s: got %s (%v), want %s", c.row, s, err, c.want)
		}
	}
}

// A wrapper that the line writes or asks by belongs in the body: Rails would take
// all of it from the query instead.
func TestP3WrappersInTheQuery(t *testing.T) {
	const into = `{"id":"1","order":{"phone":"x"},"ask":{"fields":"id"}}`
	for _, c := range []struct {
		row, line string
		option    option
		query     string
		want      string
	}{
		{"nothing", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "", "update order/7 named phone"},
		{"another wrapper", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "?page[size]=1", "update order/7 named phone"},
		{"the wrapper, with a member that nobody declares", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "?order[admin]=1", "ambiguous_parameter"},
		{"the wrapper alone", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "?order=1", "ambiguous_parameter"},
		{"the wrapper in another case", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "?Order.admin=1", "ambiguous_parameter"},
		{"a wrapper that the line does not name", "PATCH /orders/{o} -> update order/{o}", withWrites("body.order"), "?ask[fields]=ssn", "update order/7 named phone"},
		{"a wrapper of what is asked for", "POST /orders/{o} -> read order/{o}", withFields("body.ask.fields"), "", "read order/7 reads id"},
		{"that in the query", "POST /orders/{o} -> read order/{o}", withFields("body.ask.fields"), "?ask[fields]=ssn", "ambiguous_parameter"},
		{"a parameter of the body", "POST /orders -> read order/{body.id}", withFields("body.fields"), "?fields=ssn", "ambiguous_parameter"},
		{"a parameter of the body, as a list", "POST /orders -> read order/{body.id}", withFields("body.fields"), "?fields[]=ssn", "ambiguous_parameter"},
		{"a wrapper of an id", "POST /orders -> read order/{body.order.phone}", nil, "?page[size]=1", "read order/x"},
		{"that in the query", "POST /orders -> read order/{body.order.phone}", nil, "?order[phone]=7", "ambiguous_parameter"},
	} {
		var options []option
		if c.option != nil {
			options = append(options, c.option)
		}
		path := strings.Replace(strings.Fields(c.line)[1], "{o}", "7", 1)
		request := strings.Fields(c.line)[0] + " " + path + c.query + asJSON + into
		if got := result(mustLine(t, c.line, options...), request); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

// A server with one map for both, such as Flask's request.values or the Servlet API,
// takes from the query what the line reads from a form.
func TestP3FieldsOfAFormInTheQuery(t *testing.T) {
	fields := mustLine(t, "POST /f -> read order/{form.id}", withFields("form.fields"))
	expand := mustLine(t, "POST /f -> read order/{form.id}", withExpand("form.expand"))
	for _, c := range []struct {
		routes      *Routes
		query, form string
		want        string
	}{
		{fields, "?page=1", "id=1&fields=owner", "read order/1 reads owner"},
		{fields, "?fields=ssn", "id=1&fields=owner", "ambiguous_parameter"},
		{fields, "?Fields[]=ssn", "id=1&fields=owner", "ambiguous_parameter"},
		{fields, "?fields=ssn", "id=1", "ambiguous_parameter"},
		{expand, "?page=1", "id=1", "read order/1"},
		{expand, "?expand=ssn", "id=1", "ambiguous_parameter"},
	} {
		if got := result(c.routes, "POST /f"+c.query+asForm+c.form); got != c.want {
			t.Errorf("%s %s: got %s, want %s", c.query, c.form, got, c.want)
		}
	}
}

// What the line reads from the query may say the same in JSON, and nothing else.
func TestP3QueryNamesInTheBody(t *testing.T) {
	routes := compile(t,
		"POST /v1/files          -> read file/{query.owner?}, list customer[tenant=x]",
		"POST /v1/accounts?owner={o} -> create account[owner={o}]",
		"POST /v1/many           -> read file/{query.id[]}")
	for _, c := range []struct{ row, request, want string }{
		{"another member", "POST /v1/files?owner=ada" + asJSON + `{"note":"x"}`, "read file/ada"},
		{"the same", "POST /v1/files?owner=ada" + asJSON + `{"owner":"ada"}`, "read file/ada"},
		{"the same number", "POST /v1/files?owner=7" + asJSON + `{"owner":7}`, "read file/7"},
		{"another value", "POST /v1/files?owner=ada" + asJSON + `{"owner":"bob"}`, "ambiguous_parameter"},
		{"null", "POST /v1/files?owner=ada" + asJSON + `{"owner":null}`, "ambiguous_parameter"},
		{"a list of it", "POST /v1/files?owner=ada" + asJSON + `{"owner":["ada"]}`, "ambiguous_parameter"},
		{"a twin", "POST /v1/files?owner=ada" + asJSON + `{"OWNER":"ada"}`, "ambiguous_parameter"},
		{"only the body has it", "POST /v1/files" + asJSON + `{"owner":"ada"}`, "ambiguous_parameter"},
		{"neither has it", "POST /v1/files" + asJSON + `{}`, "list customer"},
		{"further in", "POST /v1/files?owner=ada" + asJSON + `{"x":{"owner":"bob"}}`, "read file/ada"},
		{"no type, but JSON", "POST /v1/files?owner=ada\n\n" + `{"owner":"bob"}`, "ambiguous_parameter"},
		{"no JSON", "POST /v1/files?owner=ada\ncontent-type: text/plain\n\n" + `{"owner":"bob"}`, "read file/ada"},
		{"a body that is read", "POST /v1/accounts?owner=ada" + asJSON + `{"owner":"bob"}`, "ambiguous_parameter"},
		{"the same in a body that is read", "POST /v1/accounts?owner=ada" + asJSON + `{"owner":"ada"}`, "create account"},
		{"one of several", "POST /v1/many?id=a&id=b" + asJSON + `{"id":"a"}`, "ambiguous_parameter"},
	} {
		if got := result(routes, c.request); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

// What the path captures may be said again in JSON, as a PUT of a whole object does,
// and nothing else: frameworks that merge parameters read the body's.
func TestP3PathNamesInTheBody(t *testing.T) {
	routes := compile(t,
		"PATCH /v1/files/{id} -> update file/{id}",
		"PATCH /v1/accounts/{id} -> update account/{id}",
		"PUT /v1/docs/{path=**} -> update file/{path}",
		"PUT /v1/repos/{owner}/{name} -> update customer/{owner}/{name}")
	for _, c := range []struct{ row, request, want string }{
		{"another member", "PATCH /v1/files/7" + asJSON + `{"note":"x"}`, "update file/7"},
		{"the same", "PATCH /v1/files/a" + asJSON + `{"id":"a"}`, "update file/a"},
		{"the same number", "PATCH /v1/files/7" + asJSON + `{"id":7}`, "update file/7"},
		{"another id", "PATCH /v1/files/AC1" + asJSON + `{"id":"AC2"}`, "ambiguous_parameter"},
		{"another number", "PATCH /v1/files/7" + asJSON + `{"id":7.0}`, "ambiguous_parameter"},
		{"null", "PATCH /v1/files/7" + asJSON + `{"id":null}`, "ambiguous_parameter"},
		{"a list of it", "PATCH /v1/files/7" + asJSON + `{"id":["7"]}`, "ambiguous_parameter"},
		{"in another spelling", "PATCH /v1/files/7" + asJSON + `{"ID":"7"}`, "ambiguous_parameter"},
		{"further in", "PATCH /v1/files/7" + asJSON + `{"customer":{"id":"8"}}`, "update file/7"},
		{"in an element", "PATCH /v1/files/7" + asJSON + `[{"id":"8"}]`, "update file/7"},
		{"no type, but JSON", "PATCH /v1/files/7\n\n" + `{"id":"8"}`, "ambiguous_parameter"},
		{"no JSON", "PATCH /v1/files/7\ncontent-type: text/plain\n\n" + `{"id":"8"}`, "update file/7"},
		{"a body that is read", "PATCH /v1/accounts/AC123456" + asJSON + `{"phone":1}`, "update account/AC123456"},
		{"another id in a body that is read", "PATCH /v1/accounts/AC123456" + asJSON + `{"id":"AC999999"}`, "ambiguous_parameter"},
		{"several segments", "PUT /v1/docs/a/b" + asJSON + `{"path":"a/b"}`, "update file/a/b"},
		{"other segments", "PUT /v1/docs/a/b" + asJSON + `{"path":"a/c"}`, "ambiguous_parameter"},
		{"a part of the id", "PUT /v1/repos/acme/web" + asJSON + `{"name":"web","owner":"acme"}`, "update customer/acme/web"},
		{"another name, as to rename it", "PUT /v1/repos/acme/web" + asJSON + `{"name":"api"}`, "ambiguous_parameter"},
	} {
		if got := result(routes, c.request); !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

// A query as long as it may be, of names that take long to fold, against a line
// that compares them with many.
func BenchmarkNamesThatFold(b *testing.B) {
	routes := compile(b, bankLines...)
	query := strings.Repeat("&%C4%B1%EF%BC%A9%EF%BC%A4%E2%84%AA%C7%86%EF%AC%81%E1%BA%9E%CE%90=1", 255)
	r := raw("PATCH /v1/accounts/AC123456?" + query[1:] + asJSON + `{"phone":1}`)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := resolve(routes, r, nil); err != nil {
			b.Fatal(err)
		}
	}
}
