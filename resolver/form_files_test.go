package resolver

import (
	"strings"
	"testing"
)

const filesRules = `
tiers: [ { name: internal } ]
weights: { debit: 4, receive: 2 }
objects:
  - { type: account, tier: internal, actions: { debit: { body: { amount: int, payee.country: string, tags: [string] } } } }
  - { type: customer, tier: internal }
routes:
  - host: api.example.com
    map:
      - POST /debit -> debit account/{form.from}, receive customer/{form.note?}: { reads: form }
      - POST /many -> update account/{form.ids[]}
`

// A file is no value here, and to some servers it is: where the line reads one, a
// deny rule must not take it for absent.
func TestP3FilesWhereTheLineReadsAValue(t *testing.T) {
	const (
		unnamed = `; filename=""`
		named   = `; filename="x"`
		octets  = "\r\nContent-Type: application/octet-stream"
		typed   = "\r\nContent-Type: text/plain"
	)
	field := func(name, more, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"" + more + "\r\n\r\n" + value + "\r\n"
	}
	routes, _, ms := load(t, map[string]string{"rules/a.yaml": filesRules})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	inJSON, _, ms := load(t, map[string]string{"rules/a.yaml": strings.ReplaceAll(strings.ReplaceAll(filesRules, "form.", "body."), "reads: form", "reads: body")})
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	fields := mustLine(t, "POST /search -> list order[owner={form.owner}]", withFields("form.fields"))
	update := mustLine(t, "POST /orders/{o} -> update order/{o}", withBody("form"))
	from, owner := "POST /debit"+asParts+field("from", "", "AC123456"), "POST /search"+asParts+field("owner", "", "a")
	const fine, bad = "debit account/AC123456", "body_malformed"
	for _, c := range []struct {
		row     string
		routes  *Routes
		request string
		want    string
	}{
		{"a value", routes, from + field("amount", "", "9"), fine + " amount:9"},
		{"no value", routes, from + field("amount", "", ""), fine},
		{"no value where a list is declared", routes, from + field("tags", "", ""), fine + ` tags:[]string{""}`},
		{"a list of one", routes, from + field("tags", "", "a"), fine + ` tags:[]string{"a"}`},
		{"no value where a list is declared, in JSON", inJSON, "POST /debit" + asJSON + `{"from":"AC123456","tags":""}`, bad},
		{"a value where a list is declared, in JSON", inJSON, "POST /debit" + asJSON + `{"from":"AC123456","tags":"a"}`, bad},
		{"a list in JSON", inJSON, "POST /debit" + asJSON + `{"from":"AC123456","tags":["a"]}`, fine + ` tags:[]string{"a"}`},
		{"no value in JSON", inJSON, "POST /debit" + asJSON + `{"from":"AC123456","amount":""}`, fine},
		{"a value of type text", routes, from + field("amount", typed, "9"), fine + " amount:9"},
		{"a value with an empty filename", routes, from + field("amount", unnamed, "9"), bad},
		{"an empty one with an empty filename", routes, from + field("amount", unnamed, ""), bad},
		{"a file", routes, from + field("amount", named, "9"), bad},
		{"octets", routes, from + field("amount", octets, "9"), bad},
		{"octets that are empty", routes, from + field("amount", octets, ""), bad},
		{"a nested file", routes, from + field("payee[country]", named, "9"), bad},
		{"a file on the way", routes, from + field("payee", named, "9"), bad},
		{"a list of one file", routes, from + field("tags", named, "a"), bad},
		{"a list with a file", routes, from + field("tags[]", "", "a") + field("tags[]", named, "b"), bad},
		{"a list with octets", routes, from + field("tags[]", "", "a") + field("tags[]", octets, ""), bad},
		{"a file that nothing reads", routes, from + field("photo", named, "\xff"), fine},
		{"a file input without one", routes, from + field("photo", unnamed+octets, ""), fine},
		{"an empty filename that nothing reads", routes, from + field("photo", unnamed, "9"), bad},
		{"octets that nothing reads", routes, from + field("photo", octets, "9"), fine},
		{"a captured file", routes, "POST /debit" + asParts + field("from", named, "AC123456"), bad},
		{"captured octets", routes, "POST /debit" + asParts + field("from", octets, "AC123456"), bad},
		{"an optional capture", routes, from + field("note", "", "n"), fine + ", receive customer/n"},
		{"an optional capture of a file", routes, from + field("note", named, "n"), bad},
		{"an optional capture of a file input without one", routes, from + field("note", unnamed+octets, ""), bad},
		{"an optional capture of octets", routes, from + field("note", octets, "n"), bad},
		{"captured values", routes, "POST /many" + asParts + field("ids", "", "AC123456") + field("ids", typed, "AC123457"), "update account/AC123456, update account/AC123457"},
		{"a file among captured values", routes, "POST /many" + asParts + field("ids", "", "AC123456") + field("ids", named, "AC123457"), bad},
		{"octets among captured values", routes, "POST /many" + asParts + field("ids", "", "AC123456") + field("ids", octets, "AC123457"), bad},
		{"what is asked for", fields, owner + field("fields", "", "id"), `list order[owner="a"] collection reads id`},
		{"what is asked for, in a file", fields, owner + field("fields", named, "id"), bad},
		{"what is asked for, in octets", fields, owner + field("fields", octets, "id"), bad},
		{"what is asked for, twice", fields, owner + field("fields", "", "id") + field("fields", octets, "phone"), bad},
		{"a property", update, "POST /orders/7" + asParts + field("ssn", "", "1"), "update order/7 named ssn"},
		{"a property that is a file", update, "POST /orders/7" + asParts + field("ssn", named, "1"), "update order/7 named ssn"},
		{"a property that is an empty file input", update, "POST /orders/7" + asParts + field("ssn", unnamed+octets, ""), "update order/7 named ssn"},
		{"a property that is octets", update, "POST /orders/7" + asParts + field("ssn", octets, "1"), "update order/7 named ssn"},
		{"a file with a property in it", update, "POST /orders/7" + asParts + field("address", named, "1"), "update order/7 named address"},
		{"a file that nobody may write", update, "POST /orders/7" + asParts + field("photo", named, "1"), "update order/7 named photo"},
	} {
		if strings.Contains(c.request, asParts) {
			c.request += "--b--"
		}
		if got := result(c.routes, c.request); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}
