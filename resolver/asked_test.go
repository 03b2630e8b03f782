package resolver

import (
	"testing"
)

func TestRequestedFields(t *testing.T) {
	const line = "GET /orders/{o} -> read order/{o}"
	fields := mustLine(t, line, withFields("query.fields"))
	odata := mustLine(t, line, withSelect("query.$select"), withExpand("query.$expand"))
	expand := mustLine(t, line, withExpand("query.expand"))
	list := mustLine(t, line, withFields("query.fields[]"))
	for _, c := range []struct {
		row    string
		routes *Routes
		query  string
		want   string
	}{
		{"none", fields, "", "*"},
		{"empty", fields, "fields=", "*"},
		{"only commas", fields, "fields=,", "*"},
		{"known ones", fields, "fields=id,phone,owner", "id+phone+owner"},
		{"spaces", fields, "fields=id,%20phone", "id+phone"},
		{"the property", fields, "fields=id,ssn", "id+ssn"},
		{"a nested one", fields, "fields=address.zip", "address.zip"},
		{"of each element", fields, "fields=items.price", "items[].price"},
		{"all of a part", fields, "fields=address", "address"},
		{"chosen in a part", fields, "fields=address(city),phone", "address+phone"},
		{"in braces", fields, "fields=address%7Bcity%7D", "address"},
		{"repeated", fields, "fields=id&fields=ssn", "id+ssn"},
		{"an empty one first, which is all that some servers read", fields, "fields=&fields=phone", "phone+*"},
		{"an empty one last", fields, "fields=phone&fields=", "phone+*"},
		{"one without a value", fields, "fields&fields=phone", "phone+*"},
		{"one of commas alone", fields, "fields=phone&fields=,", "phone+*"},
		{"as a list, which servers that know no brackets do not see", fields, "fields[]=id", "id+*"},
		{"as a list, escaped", fields, "fields%5B%5D=id", "id+*"},
		{"numbered", fields, "fields[0]=id", "id+*"},
		{"as element 999", fields, "fields[999]=id", "id+*"},
		{"beside a list", fields, "fields=id&fields[]=phone", "id+phone+*"},
		{"a line of lists", list, "fields[]=id&fields[]=ssn", "id+ssn"},
		{"a line of lists, escaped", list, "fields%5B%5D=id", "id"},
		{"a line of lists, none", list, "", "*"},
		{"a line of lists, without brackets", list, "fields=id", "id+*"},
		{"a line of lists, numbered", list, "fields[0]=id", "id+*"},
		{"a line of lists, in another spelling", list, "Fields[]=id", "ambiguous_parameter"},
		{"one that is unknown", fields, "fields=social_security_number", "*"},
		{"a word for all", fields, "fields=all", "*"},
		{"a star", fields, "fields=id,*", "id+*"},
		{"a star behind", fields, "fields=address.*", "*"},
		{"all but one", fields, "fields=-phone", "*"},
		{"a function", fields, "fields=FIELDS(ALL)", "*"},
		{"a property between commas in brackets", fields, "fields=id(x,ssn,y)", "*+ssn"},
		{"in braces, too", fields, "fields=id%7Bx,ssn,y%7D", "*+ssn"},
		{"two of a part", fields, "fields=address(city,zip)", "*"},
		{"divided by spaces, as Mongoose has it", fields, "fields=id(x%20ssn%20y)", "*"},
		{"one of a part of a part", fields, "fields=address(city(x))", "address"},
		{"something behind brackets", fields, "fields=address(city)x", "*"},
		{"brackets that do not close", fields, "fields=address(city", "*"},
		{"escaped twice", fields, "fields=%2573sn", "*"},
		{"a twin", fields, "fields=SSN", "ambiguous_parameter"},
		{"a nested twin", fields, "fields=address.Zip", "ambiguous_parameter"},
		{"a parameter in another spelling", fields, "Fields=id", "ambiguous_parameter"},
		{"beside the right one", fields, "fields=id&FIELDS=ssn", "ambiguous_parameter"},
		{"of a type", fields, "fields[order]=id", "ambiguous_parameter"},
		{"select: none", odata, "", "*"},
		{"select", odata, "$select=id,address/zip", "id+address.zip"},
		{"select: an empty one", odata, "$select=id&$select", "id+*"},
		{"select: as a list", odata, "$select[]=id", "id+*"},
		{"select: between commas in brackets", odata, "$select=id($select=x,ssn,y)", "*+ssn"},
		{"select and expand", odata, "$select=id&$expand=address($select=zip%3B$top=1)", "id+address"},
		{"without the dollar", odata, "$select=id&select=ssn", "ambiguous_parameter"},
		{"expand: none", expand, "", ""},
		{"expand: empty", expand, "expand[]=", ""},
		{"expand", expand, "expand[]=phone&expand[]=items", "phone+items"},
		{"expand: between commas in brackets", expand, "expand=phone(x,ssn,y)", "*+ssn"},
		{"expand: an empty one asks for nothing", expand, "expand=&expand=phone", "phone"},
		{"expand: one that is unknown", expand, "expand[]=customer", "*"},
		{"expand: numbered", expand, "expand[0]=ssn", "ssn"},
		{"expand: a number that is none", expand, "expand[00]=ssn", "ambiguous_parameter"},
		{"expand: deeper", expand, "expand[a][]=ssn", "ambiguous_parameter"},
	} {
		want := c.want
		if want != "ambiguous_parameter" {
			if want != "" {
				want = " reads " + want
			}
			want = "read order/7" + want
		}
		if got := result(c.routes, "GET /orders/7?"+c.query); got != want {
			t.Errorf("%s: got %s, want %s", c.row, got, want)
		}
	}
}

func TestRequestedFieldsInBodies(t *testing.T) {
	form := mustLine(t, "POST /orders/{o} -> update order/{o}", withBody("form"), withExpand("form.expand"))
	formFields := mustLine(t, "POST /search -> list order[owner={form.owner}]", withFields("form.fields"))
	formList := mustLine(t, "POST /search -> list order[owner={form.owner}]", withFields("form.fields[]"))
	list := mustLine(t, "POST /search -> list order[owner={body.owner}]", withFields("body.fields"))
	for _, c := range []struct {
		row    string
		routes *Routes
		rest   string
		want   string
	}{
		{"a form", form, "POST /orders/7" + asForm + "phone=1&expand[0]=ssn&expand[1]=items", "update order/7 named phone reads ssn+items"},
		{"a form that asks for nothing", form, "POST /orders/7" + asForm + "phone=1", "update order/7 named phone"},
		{"a form: once", formFields, "POST /search" + asForm + "owner=a&fields=id,phone", `list order[owner="a"] collection reads id+phone`},
		{"a form: repeated", formFields, "POST /search" + asForm + "owner=a&fields=id&fields=phone", `list order[owner="a"] collection reads id+phone`},
		{"a form: an empty one", formFields, "POST /search" + asForm + "owner=a&fields=&fields=phone", `list order[owner="a"] collection reads phone+*`},
		{"a form: a list", formFields, "POST /search" + asForm + "owner=a&fields[]=id", `list order[owner="a"] collection reads id+*`},
		{"a form: numbered", formFields, "POST /search" + asForm + "owner=a&fields[0]=id", `list order[owner="a"] collection reads id+*`},
		{"a form of lists: a list", formList, "POST /search" + asForm + "owner=a&fields[]=id&fields[]=phone", `list order[owner="a"] collection reads id+phone`},
		{"a form of lists: once", formList, "POST /search" + asForm + "owner=a&fields=id", `list order[owner="a"] collection reads *`},
		{"a form of lists: repeated", formList, "POST /search" + asForm + "owner=a&fields=id&fields=phone", `list order[owner="a"] collection reads id+phone+*`},
		{"a form of lists: numbered", formList, "POST /search" + asForm + "owner=a&fields[0]=id", `list order[owner="a"] collection reads id+*`},
		{"a list", list, "POST /search" + asJSON + `{"owner":"a","fields":["id","ssn"]}`, `list order[owner="a"] collection reads id+ssn`},
		{"a text", list, "POST /search" + asJSON + `{"owner":"a","fields":"id,phone"}`, `list order[owner="a"] collection reads id+phone`},
		{"a property between commas in brackets", list, "POST /search" + asJSON + `{"owner":"a","fields":"id(x,ssn,y)"}`, `list order[owner="a"] collection reads *+ssn`},
		{"an empty one", list, "POST /search" + asJSON + `{"owner":"a","fields":["id",""]}`, `list order[owner="a"] collection reads id+*`},
		{"null in a list", list, "POST /search" + asJSON + `{"owner":"a","fields":["id",null]}`, `list order[owner="a"] collection reads id+*`},
		{"nothing", list, "POST /search" + asJSON + `{"owner":"a"}`, `list order[owner="a"] collection reads *`},
		{"null", list, "POST /search" + asJSON + `{"owner":"a","fields":null}`, `list order[owner="a"] collection reads *`},
		{"something else", list, "POST /search" + asJSON + `{"owner":"a","fields":{"ssn":1}}`, `list order[owner="a"] collection reads *`},
		{"a twin", list, "POST /search" + asJSON + `{"owner":"a","fields":["id"],"Fields":["ssn"]}`, "ambiguous_parameter"},
	} {
		if got := result(c.routes, c.rest); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}
