package oracle

import (
	"encoding/json"
	"strings"
	"testing"
)

// The evaluator's reading of forms, held against what the pages say of each.
func TestFormsAreReadAsThePagesSay(t *testing.T) {
	const parts = multiparts + "; boundary=" + boundary
	part := func(disposition, value string) string {
		return "--" + boundary + "\r\nContent-Disposition: form-data; " + disposition + "\r\n\r\n" + value + "\r\n"
	}
	for _, c := range []struct{ row, contentType, body, want string }{
		{"fields", urlencoded, "a=1&b=x+y%26z", `{"a":"1","b":"x y\u0026z"}`},
		{"empty ones", urlencoded, "&a=1&&", `{"a":"1"}`},
		{"a member", urlencoded, "it[id]=7&it[n]=", `{"it":{"id":"7","n":""}}`},
		{"elements", urlencoded, "i[0][id]=7&i[0][n]=1&i[1][id]=8", `{"i":[{"id":"7","n":"1"},{"id":"8"}]}`},
		{"appended", urlencoded, "ids[]=1&ids[]=2", `{"ids":["1","2"]}`},
		{"repeated", urlencoded, "ids=1&ids=2", `{"ids":["1","2"]}`},
		{"appended and repeated", urlencoded, "ids=1&ids[]=2", ""},
		{"behind what is appended", urlencoded, "i[][id]=7", ""},
		{"out of order", urlencoded, "i[1]=7&i[0]=8", ""},
		{"a gap", urlencoded, "i[0]=7&i[2]=8", ""},
		{"a text and a member", urlencoded, "a=1&a[b]=2", ""},
		{"a list and a member", urlencoded, "a[0]=1&a[b]=2", ""},
		{"five brackets", urlencoded, "a[b][c][d][e][f]=1", `{"a":{"b":{"c":{"d":{"e":{"f":"1"}}}}}}`},
		{"six brackets", urlencoded, "a[b][c][d][e][f][g]=1", ""},
		{"no text in front", urlencoded, "[a]=1", ""},
		{"not closed", urlencoded, "a[b=1", ""},
		{"another charset", urlencoded, "_Charset_=x", ""},
		{"a bad escape", urlencoded, "a=%zz", ""},
		{"parts", parts, part(`name="a"`, "1") + part(`name="i[0][id]"`, "x+y") + "--" + boundary + "--\r\n", `{"a":"1","i":[{"id":"x+y"}]}`},
		{"a file", parts, part(`name="f"; filename="a.png"`, "x") + "--" + boundary + "--", `{"f":{}}`},
		{"a file that nobody chose", parts, part(`name="f"; filename=""`, "") + "--" + boundary + "--", `{"f":{}}`},
		{"an empty filename of a value", parts, part(`name="f"; filename=""`, "x") + "--" + boundary + "--", ""},
		{"a filename of spaces", parts, part(`name="f"; filename=" "`, "x") + "--" + boundary + "--", ""},
		{"octets", parts, part("name=\"f\"\r\nContent-Type: application/octet-stream", "x") + "--" + boundary + "--", `{"f":{}}`},
		{"a text of a type", parts, part("name=\"f\"\r\nContent-Type: text/plain", "x") + "--" + boundary + "--", `{"f":"x"}`},
		{"parts without an end", parts, part(`name="a"`, "1"), ""},
	} {
		e := &evaluation{req: &Request{Body: new(c.body), Headers: []Header{{"content-type", c.contentType}}}}
		got := ""
		if e.readForm() {
			text, err := json.Marshal(e.body)
			if err != nil {
				t.Fatal(err)
			}
			got = string(text)
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.row, got, c.want)
		}
	}
}

func TestMostExactHost(t *testing.T) {
	lines := []*Line{{Method: "GET"}}
	w := &World{Hosts: []*Host{
		{Name: "*.a.com", Served: true, Lines: lines}, {Name: "*.b.a.com", Lines: lines}, {Name: "x.b.a.com", Lines: lines},
		{Name: "*.idle.com", Served: true}, {Name: "*.dark.com", Lines: lines}, {Name: "c.com", Served: true, Lines: lines},
	}}
	for name, want := range map[string]string{
		"y.a.com": "*.a.com served", "z.y.a.com": "*.a.com served", "a.com": "none", "b.a.com": "*.a.com served", "y.b.a.com": "*.b.a.com served", "x.b.a.com": "x.b.a.com served",
		"y.x.b.a.com": "*.b.a.com served", "yb.a.com": "*.a.com served", "y.idle.com": "none served", "y.dark.com": "*.dark.com", "c.com": "c.com served", "x.c.com": "none",
	} {
		host, served := w.hostOf(name)
		got := []string{"none"}
		if host != nil {
			got[0] = host.Name
		}
		if served {
			got = append(got, "served")
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", name, got, want)
		}
	}
}

func TestAttributesOfIDs(t *testing.T) {
	typ := &Type{IDPattern: idPatterns[grouped], Attributes: []Attribute{{"tenant", "string"}, {"level", "int"}}}
	for id, want := range map[string]bool{"eu-3-otter7": true, "t-4-13-otter": true, "eu-03-otter7": false, "xx-3-otter": false, "eu-3-": false} {
		if got := validID(typ, id); got != want {
			t.Errorf("%s is valid: %v", id, got)
		}
	}
	if got := typ.inID("t-4-13-otter"); got["tenant"] != "t-4" || got["level"] != int64(13) {
		t.Errorf("got %v", got)
	}
}
