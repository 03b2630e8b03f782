package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// shop is a schema whose properties are nested.
func shop() *rules.Schema {
	writable := map[string]bool{"phone": true, "address.city": true, "items[].name": true, "items[].price": true, "metadata": true}
	s := bank()
	s.Types["order"] = &rules.Type{
		Name: "order", Attributes: []rules.Attribute{{Name: "owner", Kind: rules.String}},
		Properties: map[string]rules.Tier{"ssn": 1, "address.zip": 1, "items[].price": 1},
		Writable:   map[string]map[string]bool{"update": writable},
	}
	s.Types["locked"] = &rules.Type{Name: "locked", Writable: map[string]map[string]bool{"update": {}}}
	return s
}

// option sets an option of a line.
type option func(*rules.LineDecl)

func said(v string) rules.At[string] {
	return rules.At[string]{Pos: rules.Pos{File: "rules.yaml", Line: 99, Col: 1}, V: v}
}

func withBody(kinds ...string) option {
	return func(d *rules.LineDecl) {
		for _, k := range kinds {
			d.Body = append(d.Body, said(k))
		}
	}
}

func withWrites(place string) option { return func(d *rules.LineDecl) { d.Writes = said(place) } }
func withFields(place string) option { return func(d *rules.LineDecl) { d.Fields = said(place) } }
func withSelect(place string) option { return func(d *rules.LineDecl) { d.Select = said(place) } }
func withExpand(place string) option { return func(d *rules.LineDecl) { d.Expand = said(place) } }
func exactly(d *rules.LineDecl)      { d.Integers = said("exact") }

// lineWith is one line of the shop with options.
func lineWith(line string, options ...option) (*Routes, error) {
	d := declare(line)
	for _, o := range options {
		o(&d.Map[0])
	}
	r, ms := Compile([]rules.HostDecl{d}, shop())
	return r, ms.Err()
}

func mustLine(t testing.TB, line string, options ...option) *Routes {
	t.Helper()
	r, err := lineWith(line, options...)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// result is what a request touches, or the reason.
func result(routes *Routes, request string) string {
	got, err := resolve(routes, raw(request), nil)
	if err != nil {
		return string(reason(err))
	}
	return showTargets(got)
}

func TestNestedProperties(t *testing.T) {
	routes := mustLine(t, "PATCH /orders/{o} -> update order/{o}")
	for _, c := range []struct{ row, body, want string }{
		{"a member", `{"phone":"1"}`, "phone"},
		{"nothing", `{}`, ""},
		{"a nested one", `{"address":{"zip":"1"}}`, "address.zip"},
		{"another nested one", `{"address":{"city":"x"}}`, "address.city"},
		{"both", `{"address":{"city":"x","zip":"1"},"phone":null}`, "address.city+address.zip+phone"},
		{"one that nobody declares", `{"address":{"street":"x","number":1}}`, "address.street"},
		{"all of it, removed", `{"address":null}`, "address"},
		{"all of it, as a text", `{"address":"x"}`, "address"},
		{"all of it, emptied", `{"address":{}}`, "address"},
		{"all of it, as a list", `{"address":[{"zip":1}]}`, "address"},
		{"elements", `{"items":[{"name":"a"},{"name":"b","price":1}]}`, "items[].name+items[].price"},
		{"elements, none", `{"items":[]}`, "items"},
		{"elements, as texts", `{"items":["a"]}`, "items[]"},
		{"elements, as an object", `{"items":{"0":{"price":1}}}`, "items"},
		{"below what is declared", `{"metadata":{"a":{"b":1}},"ssn":{"last":4}}`, "metadata+ssn"},
		{"the first stranger", `{"x":1,"y":2,"phone":1}`, "x+phone"},
		{"a name like a path", `{"phone.x":1}`, `"phone.x"`},
		{"a name like an element", `{"metadata[0]":1}`, `"metadata[0]"`},
		{"a name like everything", `{"*":1}`, `"*"`},
		{"no name", `{"":1}`, `""`},
		{"a twin of a property", `{"SSN":1}`, "ambiguous_parameter"},
		{"a twin of what leads to one", `{"Address":{"zip":1}}`, "ambiguous_parameter"},
		{"a path to a property as a name", `{"address.zip":1}`, "ambiguous_parameter"},
		{"a nested twin", `{"address":{"ZIP":1}}`, "ambiguous_parameter"},
		{"a twin in an element", `{"items":[{"Price":1}]}`, "ambiguous_parameter"},
		{"a twin where nothing is", `{"metadata":{"SSN":1}}`, "metadata"},
		{"no object", `[]`, "body_malformed"},
	} {
		want := c.want
		if want != "ambiguous_parameter" && want != "body_malformed" {
			if want != "" {
				want = " named " + want
			}
			want = "update order/7" + want
		}
		if got := result(routes, "PATCH /orders/7"+asJSON+c.body); got != want {
			t.Errorf("%s: got %s, want %s", c.row, got, want)
		}
	}
	locked := mustLine(t, "PATCH /locked/{o} -> update locked/{o}")
	if got := result(locked, "PATCH /locked/7"+asJSON+`{"a":1}`); got != "update locked/7 named a" {
		t.Errorf("nothing may be written: %s", got)
	}
}

// What a batch writes belongs to the object of its element, and what stands
// beside the elements to all.
func TestPropertiesOfBatches(t *testing.T) {
	for _, c := range []struct {
		row, line string
		option    option
		body      string
		want      string
	}{
		{"a list of objects", "POST /orders -> update order/{body[].id}", nil, `[{"id":"1","phone":"x"},{"id":"2","ssn":"y"}]`,
			"update order/1 named phone, update order/2 named ssn"},
		{"beside the list", "POST /orders -> update order/{body.orders[].id}", nil, `{"ssn":"z","orders":[{"id":"1","phone":"x"},{"id":"2"}]}`,
			"update order/1 named ssn+phone, update order/2 named ssn"},
		{"a list in a list", "POST /orders -> update order/{body.days[].orders[].id}", nil, `{"days":[{"ssn":1,"orders":[{"id":"1"}]},{"orders":[{"id":"2","phone":1}]}]}`,
			"update order/1 named ssn, update order/2 named ssn+phone"},
		{"one without an id", "POST /orders -> update order/{body[].id?}", nil, `[{"id":"1","phone":"x"},{"ssn":"y"}]`,
			"update order/1 named ssn+phone"},
		{"ids alone", "POST /orders -> update order/{body.ids[]}", nil, `{"ids":["1","2"],"phone":1}`,
			"update order/1 named phone, update order/2 named phone"},
		{"the id is no member", "POST /orders -> update order/{body.id}", nil, `{"id":"1","phone":1}`, "update order/1 named phone"},
		{"a nested id", "POST /orders -> update order/{body.address.id}", nil, `{"address":{"id":"1","zip":1}}`, "update order/1 named address.zip"},
		{"the object that is written", "POST /orders -> update order/{body.id}", withWrites("body.data.attributes"), `{"id":"1","x":1,"data":{"y":1,"attributes":{"phone":1}}}`,
			"update order/1 named phone"},
		{"a property beside it", "POST /orders -> update order/{body.id}", withWrites("body.data.attributes"), `{"id":"1","ssn":1,"data":{"attributes":{"phone":1}}}`,
			"update order/1 named ssn+phone"},
		{"beside it, further in", "POST /orders -> update order/{body.id}", withWrites("body.data.attributes"), `{"id":"1","data":{"address":{"zip":1},"attributes":{"phone":1}}}`,
			"update order/1 named address.zip+phone"},
		{"a twin of a property beside it", "POST /orders -> update order/{body.id}", withWrites("body.data.attributes"), `{"id":"1","SSN":1,"data":{"attributes":{"phone":1}}}`,
			"ambiguous_parameter"},
		{"the id beside it", "POST /orders -> update order/{body.address.zip}", withWrites("body.data"), `{"address":{"zip":"1"},"data":{"phone":1}}`, "update order/1 named phone"},
		{"beside an object and the ids", "POST /orders -> update order/{body.ids[]}", withWrites("body.set"), `{"ssn":1,"ids":["1","2"],"set":{"phone":1}}`,
			"update order/1 named ssn+phone, update order/2 named ssn+phone"},
		{"it is not there", "POST /orders -> update order/{body.id}", withWrites("body.data"), `{"id":"1","ssn":1}`, "body_malformed"},
		{"it is none", "POST /orders -> update order/{body.id}", withWrites("body.data"), `{"id":"1","data":7}`, "body_malformed"},
		{"a twin of it", "POST /orders -> update order/{body.id}", withWrites("body.data"), `{"id":"1","data":{},"Data":{"ssn":1}}`, "ambiguous_parameter"},
		{"the id is in it", "POST /orders -> update order/{body.data.id}", withWrites("body.data"), `{"data":{"id":"1","phone":1}}`, "update order/1 named phone"},
		{"in each element", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[].set"), `{"x":1,"ops":[{"id":"1","op":"x","set":{"phone":1}},{"id":"2","set":{"ssn":1}}]}`,
			"update order/1 named phone, update order/2 named ssn"},
		{"a property beside the list", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[].set"), `{"ssn":1,"ops":[{"id":"1","set":{"phone":1}},{"id":"2","set":{}}]}`,
			"update order/1 named ssn+phone, update order/2 named ssn"},
		{"a property beside what an element sets", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[].set"), `{"ops":[{"id":"1","ssn":1,"set":{"phone":1}},{"id":"2","set":{}}]}`,
			"update order/1 named ssn+phone, update order/2"},
		{"a property beside the list that is an id in it", "POST /orders -> update order/{body.ops[].ssn}", withWrites("body.ops[].set"), `{"ssn":1,"ops":[{"ssn":"1","set":{"phone":1}}]}`,
			"update order/1 named ssn+phone"},
		{"each element with its id", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[]"), `{"x":1,"ops":[{"id":"1","phone":1}]}`,
			"update order/1 named phone"},
		{"a property beside such elements", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[]"), `{"ssn":1,"ops":[{"id":"1","phone":1}]}`,
			"update order/1 named ssn+phone"},
		{"not in each", "POST /orders -> update order/{body.ops[].id}", withWrites("body.ops[].set"), `{"ops":[{"id":"1","ssn":1}]}`, "body_malformed"},
		{"an element that is none", "POST /orders -> update order/{body[].id}", nil, `["1"]`, "malformed_id"},
		{"a twin in an element", "POST /orders -> update order/{body[].id}", nil, `[{"id":"1","SSN":1}]`, "ambiguous_parameter"},
	} {
		routes := mustLine(t, c.line, only(c.option)...)
		if got := result(routes, "POST /orders"+asJSON+c.body); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

func only(o option) []option {
	if o == nil {
		return nil
	}
	return []option{o}
}

func TestPatches(t *testing.T) {
	const line = "PATCH /orders/{o} -> update order/{o}"
	routes := mustLine(t, line, withBody("json-patch", "merge-patch"))
	patch := func(ops string) string {
		return "PATCH /orders/7\ncontent-type: application/json-patch+json\n\n[" + ops + "]"
	}
	for _, c := range []struct{ row, request, want string }{
		{"replace", patch(`{"op":"replace","path":"/phone","value":1}`), "update order/7 named phone"},
		{"no operation", patch(``), "update order/7"},
		{"nested", patch(`{"op":"add","path":"/address/zip","value":1},{"op":"remove","path":"/address/city"}`), "update order/7 named address.zip+address.city"},
		{"all of it", patch(`{"op":"replace","path":"/address","value":{"city":"x"}}`), "update order/7 named address"},
		{"an element's member", patch(`{"op":"replace","path":"/items/0/price","value":1}`), "update order/7 named items[].price"},
		{"a new element", patch(`{"op":"add","path":"/items/-","value":{"name":1}}`), "update order/7 named items[]"},
		{"below what is declared", patch(`{"op":"add","path":"/metadata/0/k","value":1}`), "update order/7 named metadata"},
		{"a number where a member is", patch(`{"op":"add","path":"/address/0/zip","value":1}`), "update order/7 named address"},
		{"a member where an element is", patch(`{"op":"add","path":"/items/x/price","value":1}`), "update order/7 named items"},
		{"everything", patch(`{"op":"replace","path":"","value":{}}`), "update order/7 named *"},
		{"a stranger", patch(`{"op":"add","path":"/x/y","value":1}`), "update order/7 named x"},
		{"a number at the top", patch(`{"op":"add","path":"/0","value":1}`), "update order/7 named 0"},
		{"an escaped name", patch(`{"op":"add","path":"/pho~0ne","value":1}`), "update order/7 named pho~ne"},
		{"an escaped slash", patch(`{"op":"add","path":"/address~1zip","value":1}`), "update order/7 named address/zip"},
		{"what moves is written at both ends", patch(`{"op":"move","from":"/ssn","path":"/phone"}`), "update order/7 named phone+ssn"},
		{"what is copied is read", patch(`{"op":"copy","from":"/ssn","path":"/phone"}`), "update order/7 named phone reads ssn"},
		{"what is tested is read", patch(`{"op":"test","path":"/ssn","value":1},{"op":"add","path":"/phone","value":1}`), "update order/7 named phone reads ssn"},
		{"a twin", patch(`{"op":"test","path":"/SSN","value":1}`), "ambiguous_parameter"},
		{"a nested twin", patch(`{"op":"add","path":"/address/Zip","value":1}`), "ambiguous_parameter"},
		{"another operation", patch(`{"op":"Replace","path":"/phone","value":1}`), "body_malformed"},
		{"no path", patch(`{"op":"remove"}`), "body_malformed"},
		{"no value", patch(`{"op":"add","path":"/phone"}`), "body_malformed"},
		{"into what objects inherit", patch(`{"op":"add","path":"/phone/__proto__/x","value":1}`), "body_malformed"},
		{"at the top", patch(`{"op":"add","path":"/__proto__/x","value":1}`), "body_malformed"},
		{"by the constructor", patch(`{"op":"add","path":"/phone/constructor/prototype/x","value":1}`), "body_malformed"},
		{"all of the constructor", patch(`{"op":"add","path":"/phone/constructor","value":{"prototype":{"x":1}}}`), "body_malformed"},
		{"from there", patch(`{"op":"copy","from":"/__proto__/x","path":"/phone"}`), "body_malformed"},
		{"a constructor like any other", patch(`{"op":"add","path":"/metadata/constructor","value":{"name":"x"}}`), "update order/7 named metadata"},
		{"a prototype like any other", patch(`{"op":"add","path":"/metadata/prototype/x","value":1}`), "update order/7 named metadata"},
		{"two sources", patch(`{"op":"add","path":"/phone","value":1,"from":"/ssn"}`), "body_malformed"},
		{"a member too much", patch(`{"op":"remove","path":"/phone","Path":"/ssn"}`), "body_malformed"},
		{"a path without a slash", patch(`{"op":"remove","path":"phone"}`), "body_malformed"},
		{"a bad escape", patch(`{"op":"remove","path":"/pho~2ne"}`), "body_malformed"},
		{"a source that is no text", patch(`{"op":"move","path":"/phone","from":1}`), "body_malformed"},
		{"no list", "PATCH /orders/7\ncontent-type: application/json-patch+json\n\n{}", "body_malformed"},
		{"a merge patch", "PATCH /orders/7\ncontent-type: application/merge-patch+json; charset=utf-8\n\n" + `{"address":{"zip":null}}`, "update order/7 named address.zip"},
		{"a merge patch that is a list", "PATCH /orders/7\ncontent-type: application/merge-patch+json\n\n[]", "body_malformed"},
		{"plain JSON", "PATCH /orders/7" + asJSON + "{}", "body_type"},
		{"another type", "PATCH /orders/7\ncontent-type: application/json-patch\n\n[]", "body_type"},
	} {
		if got := result(routes, c.request); got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
	if got := result(mustLine(t, line), patch(``)); got != "body_type" {
		t.Errorf("a patch where the line says nothing of it: %s", got)
	}
}

// However large a body is, what is named of it is not.
func TestPropertiesAreFew(t *testing.T) {
	var body strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&body, `,"m%d":1`, i)
	}
	ids := strings.Repeat(`,"1"`, 900)[1:]
	got, err := resolve(mustLine(t, "POST /orders -> update order/{body.ids[]}", func(d *rules.LineDecl) { d.Max = rules.At[int]{Pos: d.Pos, V: 1000} }),
		raw("POST /orders"+asJSON+`{"ids":[`+ids+`]`+body.String()+`}`), nil)
	if err != nil || len(got) != 900 || len(got[899].Properties) != 1 {
		t.Errorf("%d targets, %v", len(got), err)
	}
}

func TestNumbersThatTheUpstreamReadsExactly(t *testing.T) {
	const line, huge = "POST /orders -> read order/{body.id}", "9007199254740993"
	for number, want := range map[string]string{
		huge: "read order/" + huge, "9223372036854775807": "read order/9223372036854775807", "-9223372036854775808": "read order/-9223372036854775808",
		"9223372036854775808": "malformed_id", "1e3": "malformed_id", "1.0": "malformed_id", "-0": "malformed_id",
	} {
		if got := result(mustLine(t, line, exactly), "POST /orders"+asJSON+`{"id":`+number+`}`); got != want {
			t.Errorf("%s: got %s, want %s", number, got, want)
		}
	}
	if got := result(mustLine(t, line), "POST /orders"+asJSON+`{"id":`+huge+`}`); got != "malformed_id" {
		t.Errorf("unless the line says so: %s", got)
	}
}

func TestMistakesInOptionsOfBodies(t *testing.T) {
	const update, read = "PATCH /orders/{o} -> update order/{o}", "GET /orders/{o} -> read order/{o}"
	for _, c := range []struct {
		line    string
		options []option
		want    string
	}{
		{update, []option{withBody("jsn")}, `unknown kind of body "jsn"`},
		{update, []option{withBody("json", "json")}, "json is there twice"},
		{update, []option{withBody("json", "form")}, "a line reads forms, or JSON of any kind"},
		{"POST /a/{o} -> close order/{o}", []option{withBody("json")}, "nothing reads the body"},
		{"POST /a -> read order/{form.a}, read file/{body.b}", nil, "is of the other one"},
		{"POST /a -> read order/{form.a}", []option{withBody("json")}, "is of another kind of body"},
		{"POST /a -> read order/{body.a}", []option{withBody("form")}, "is of another kind of body"},
		{"POST /a -> read order/{body.a}", []option{withBody("json", "json-patch")}, "a JSON patch holds no {body.a}"},
		{"GET /a -> read order/{query.a}, read file/{query.a[]}", nil, "captured as a list, and as one value"},
		{read, []option{withWrites("body.data")}, "nothing of the body is decided"},
		{update, []option{withWrites("{body.data}")}, "want the name of a capture"},
		{update, []option{withWrites("query.data")}, "which is not in the body"},
		{update, []option{withWrites("form.data")}, "which is not in the body"},
		{update, []option{withWrites("body.items[].set")}, "has no id in each of its elements"},
		{update, []option{withBody("json-patch"), withWrites("body.data")}, "says itself what it writes"},
		{read, []option{withFields("fields")}, "which is no parameter"},
		{read, []option{withFields("query.fields?")}, `fields is "query.fields?"`},
		{read, []option{withFields("query.fields[][]")}, "write query.fields[]"},
		{read, []option{withFields("selection")}, "which is no parameter"},
		{read, []option{withFields("form.fields")}, "which is of another kind of body"},
		{"GET /f/{o} -> read file/{o}", []option{withExpand("query.expand")}, "file has none"},
		{read, []option{exactly}, "the line reads no JSON"},
		{update, []option{func(d *rules.LineDecl) { d.Integers = said("big") }}, `integers is "big"`},
	} {
		if _, err := lineWith(c.line, c.options...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.line, err, c.want)
		}
	}
}
