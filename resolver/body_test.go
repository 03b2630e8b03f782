package resolver

import (
	"strings"
	"testing"
)

func TestFormsAreRead(t *testing.T) {
	routes := compile(t,
		"POST /v1/subscriptions            -> read customer/{form.customer}, read account/{form.items[].price}",
		"POST /v1/customers                -> create customer[tenant={form.owner[tenant]}]",
		"POST /v1/refunds                  -> close account/{form.charges[]}, receive customer/{form.note?}",
		"POST /v1/accounts/{id}/close      -> close account/{id}")
	field := func(name, value string) string {
		return "--b\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\n" + value + "\r\n"
	}
	const sub, refund, parts = "POST /v1/subscriptions", "POST /v1/refunds", "\ncontent-type: multipart/form-data; boundary=b\n\n"
	for _, c := range []struct{ row, request, want string }{
		{"as Stripe's clients write it", sub + asForm + "customer=c&items[0][price]=AC123456&items[1][price]=AC123457&metadata[k]=v", "read customer/c, read account/AC123456, read account/AC123457"},
		{"escaped", sub + asForm + "customer=c+d&items%5B0%5D%5Bprice%5D=AC123456", "read customer/c d, read account/AC123456"},
		{"with a charset", sub + "\ncontent-type: application/x-www-form-urlencoded; charset=UTF-8\n\ncustomer=c&items[0][price]=AC123456", "read customer/c, read account/AC123456"},
		{"in parts", sub + parts + field("customer", "c") + field("items[0][price]", "AC123456") + "--b--", "read customer/c, read account/AC123456"},
		{"a nested bound", "POST /v1/customers" + asForm + "owner[tenant]=acme", `create customer[tenant="acme"] new`},
		{"appended", refund + asForm + "charges[]=AC123456&charges[]=AC123457", "close account/AC123456, close account/AC123457"},
		{"repeated", refund + asForm + "charges=AC123456&charges=AC123457", "close account/AC123456, close account/AC123457"},
		{"once", refund + asForm + "charges=AC123456&note=n", "close account/AC123456, receive customer/n"},
		{"a number is a text", refund + asForm + "charges=AC123456&note=9007199254740993", "close account/AC123456, receive customer/9007199254740993"},
		{"P3 both spellings", refund + asForm + "charges[]=AC123456&charges=AC123457", "body_malformed"},
		{"P3 one that comes twice", sub + asForm + "customer=c&customer=d&items[0][price]=AC123456", "ambiguous_parameter"},
		{"P3 a twin", sub + asForm + "customer=c&CUSTOMER=d&items[0][price]=AC123456", "ambiguous_parameter"},
		{"P3 a twin with a dot", "POST /v1/customers" + asForm + "owner[tenant]=acme&owner.tenant=b", "ambiguous_parameter"},
		{"P3 a twin in an element", sub + asForm + "customer=c&items[0][price]=AC123456&items[0][Price]=AC123457", "ambiguous_parameter"},
		{"P3 in the query too", sub + "?customer=d" + asForm + "customer=c&items[0][price]=AC123456", "ambiguous_parameter"},
		{"an empty one", sub + asForm + "customer=&items[0][price]=AC123456", "no_target"},
		{"an absent one", sub + asForm + "items[0][price]=AC123456", "no_target"},
		{"a file", sub + parts + field("items[0][price]", "AC123456") + "--b\r\nContent-Disposition: form-data; name=\"customer\"; filename=\"c\"\r\n\r\nc\r\n--b--", "body_malformed"},
		{"another file", refund + parts + field("charges[]", "AC123456") + "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"c\"\r\n\r\n\xff\r\n--b--", "close account/AC123456"},
		{"JSON", sub + asJSON + `{"customer":"c"}`, "body_type"},
		{"no type", sub + "\n\ncustomer=c&items[0][price]=AC123456", "body_type"},
		{"another type of parts", sub + "\ncontent-type: multipart/mixed; boundary=b\n\n" + field("customer", "c") + "--b--", "body_type"},
		{"no boundary", sub + "\ncontent-type: multipart/form-data\n\n" + field("customer", "c") + "--b--", "body_type"},
		{"encoded", sub + "\ncontent-encoding: gzip" + asForm + "customer=c", "body_encoding"},
		{"no body", sub, "body_missing"},
		{"an empty body", sub + asForm, "body_missing"},
		{"over the limit", sub + asForm + "customer=c&x=" + strings.Repeat("x", 61<<10), "body_too_large"},
		{"parts that are cut", sub + parts + field("customer", "c"), "body_malformed"},
		{"a preamble", sub + parts + "x\r\n" + field("customer", "c") + "--b--", "body_malformed"},
		{"nowhere to go", sub + asForm + "customer[id]=c&items[0][price]=AC123456", "malformed_id"},
	} {
		got, err := resolve(routes, raw(c.request), nil)
		s := showTargets(got)
		if err != nil {
			s = string(reason(err))
		}
		if s != c.want {
			t.Errorf("%s: got %s (%v), want %s", c.row, s, err, c.want)
		}
	}
}

func TestRepeatedParameters(t *testing.T) {
	routes := compile(t, "GET /v1/many -> read account/{query.id[]}", "GET /v1/list -> read account/{query.id[][]}", "GET /v1/some -> list account, read account/{query.id[]?}")
	for query, want := range map[string]string{
		"id=AC123456":                                  "read account/AC123456",
		"id=AC123456&id=AC123457":                      "read account/AC123456, read account/AC123457",
		"id[]=AC123456":                                "ambiguous_parameter", // a server that knows no brackets sees none
		"id%5B%5D=AC123456":                            "ambiguous_parameter",
		"id=AC123456&id[]=AC123457":                    "ambiguous_parameter",
		"id[0]=AC123456&id[1]=AC123457":                "ambiguous_parameter",
		"id=AC123456&ID=AC123457":                      "ambiguous_parameter",
		"id=AC123456&id.x=AC123457":                    "ambiguous_parameter",
		"id=AC123456&id=AC12345+":                      "ambiguous_parameter",
		"id=AC123456&id=":                              "no_target",
		"id=AC123456&id":                               "no_target",
		"x=1":                                          "no_target",
		"id=AC123456,AC123457":                         "malformed_id",
		"id=AC123456&id=%2541C123457":                  "malformed_id",
		"id=AC1" + strings.Repeat("&id=AC123456", 100): "too_many_targets",
	} {
		if got := result(routes, "GET /v1/many?"+query); got != want {
			t.Errorf("%.60s: got %.80s, want %s", query, got, want)
		}
	}
	for query, want := range map[string]string{
		"id[]=AC123456&id[]=AC123457&x=1": "read account/AC123456, read account/AC123457",
		"id%5B%5D=AC123456&id[]=AC123457": "read account/AC123456, read account/AC123457",
		"id=AC123456":                     "ambiguous_parameter",
		"id[]=AC123456&id=AC123457":       "ambiguous_parameter",
		"id[0]=AC123456":                  "ambiguous_parameter",
		"id[]=AC123456&id[]=":             "no_target",
	} {
		if got := result(routes, "GET /v1/list?"+query); got != want {
			t.Errorf("%.60s: got %.80s, want %s", query, got, want)
		}
	}
	if got := result(routes, "GET /v1/some"); got != "list account collection unbounded" {
		t.Errorf("none, where none is fine: %s", got)
	}
}

// A header has bytes and no character set: Node.js and WSGI read Latin-1, Go what is
// sent, so that one value is two ids.
func TestH2HeadersBeyondASCII(t *testing.T) {
	routes := compile(t, "GET /v1/file -> read file/{header.x-file}")
	for value, want := range map[string]string{
		"resume":       "read file/resume",
		"résumé":       "malformed_id",
		"a\xc2\xa0b":   "malformed_id",
		"r\xe9sum\xe9": "malformed_id",
		"日本":           "malformed_id",
	} {
		if got := result(routes, "GET /v1/file\nx-file: "+value); got != want {
			t.Errorf("%q: got %s, want %s", value, got, want)
		}
	}
}

// Who reads the body of a GET acts on what nobody decided.
func TestMethodsWithoutBodies(t *testing.T) {
	routes := compile(t, "ANY /v1/a/{id} -> read account/{id}", "GET /v1/find -> read account/{body.id}")
	search := mustLine(t, "GET /v1/a/{id} -> read account/{id}", withBody("json"))
	const to = " /v1/a/AC123456"
	for _, c := range []struct{ row, rest, want string }{
		{"none", "", "read account/AC123456"},
		{"a length of 0", "\ncontent-length: 0", "read account/AC123456"},
		{"an empty buffer", "\ncontent-type: application/json\n\n", "read account/AC123456"},
		{"chunks that turn out empty", "\ntransfer-encoding: chunked\n\n", "read account/AC123456"},
		{"a length", "\ncontent-length: 2", "malformed_request"},
		{"chunks that nobody saw", "\ntransfer-encoding: chunked", "malformed_request"},
		{"JSON", asJSON + "{}", "malformed_request"},
		{"text", "\ncontent-type: text/plain\n\nx", "malformed_request"},
		{"a cut body", "\ncontent-type: text/plain\n" + partialMarker + ": true", "malformed_request"},
	} {
		for _, method := range []string{"GET", "HEAD", "TRACE"} {
			if got := result(routes, method+to+c.rest); got != c.want {
				t.Errorf("%s, %s: got %s, want %s", method, c.row, got, c.want)
			}
		}
	}
	for request, want := range map[string]string{
		"DELETE" + to + asJSON + "{}":                 "read account/AC123456",
		"OPTIONS" + to + "\ncontent-length: 2":        "read account/AC123456",
		"GET /v1/find" + asJSON + `{"id":"AC123456"}`: "read account/AC123456",
		"GET /v1/find": "body_missing",
	} {
		if got := result(routes, request); got != want {
			t.Errorf("%q: got %s, want %s", request, got, want)
		}
	}
	for rest, want := range map[string]string{asJSON + `{"q":1}`: "read account/AC123456", "": "read account/AC123456", asJSON + `{"q":`: "body_malformed"} {
		if got := result(search, "GET"+to+rest); got != want {
			t.Errorf("a line that says body: %q: got %s, want %s", rest, got, want)
		}
	}
}
