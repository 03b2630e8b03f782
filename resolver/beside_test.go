package resolver

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// What the proxy would leave standing beside the parameter that a rule sets, and
// what it replaces. Each row differs from a harmless one in little.
func TestBeside(t *testing.T) {
	for _, row := range []struct {
		query, name string
		want        bool
	}{
		{"", "who", false},
		{"who=bob", "who", false}, // replaced
		{"who=a&who=b&page=2", "who", false},
		{"who&who=", "who", false},
		{"&&who=a&=b", "who", false},
		{"whose=bob&awho=1&wh=o&a=who", "who", false},
		{"%77%68%6f=bob", "who", true},
		{"wh%6f=bob", "who", true},
		{"wh%6F", "who", true},
		{"who=a&WHO=bob", "who", true},
		{"Who=bob", "who", true},
		{"+who=bob", "who", true},
		{"who+=bob", "who", true},
		{"%20who=bob", "who", true},
		{"who%09=bob", "who", true},
		{"who[]=bob", "who", true},
		{"who%5B%5D=bob", "who", true},
		{"who[x]=bob", "who", true},
		{"who[=bob", "who", true},
		{"who.x=bob", "who", true},
		{"WHO.x.y=bob", "who", true},
		{"x.who=bob", "who", false},
		{"[who]=bob", "who", true},
		{"%5Bwho%5D=bob", "who", true},
		{"[[who]]=bob", "who", true},
		{"who]=bob", "who", true},
		{"[who=bob", "who", true},
		{"]who=bob", "who", true},
		{"[whose]=bob&[x]who=bob", "who", false},
		{"a[b]=bob", "a.b", true},
		{"a.b=bob", "a[b]", true},
		{"a_b=bob", "a.b", true}, // PHP reads both as a_b
		{"a.b=bob", "a_b", true},
		{"a.b=bob", "a.b", false},
		{"a-b=bob", "a_b", false},
		{"%zz=bob", "who", true}, // what cannot be read might be anything
	} {
		if got := Beside(&rules.Request{RawQuery: row.query}, row.name); got != row.want {
			t.Errorf("Beside(%q, %s) = %t, want %t", row.query, row.name, got, row.want)
		}
	}
}

// The proxy sets parameters of the query alone, and servers with one map for both
// may take the form's.
func TestBesideInForm(t *testing.T) {
	for _, row := range []struct {
		contentType, body string
		want              bool
	}{
		{"application/x-www-form-urlencoded", "who=bob", true},
		{"application/x-www-form-urlencoded", "a=1&wh%6F[]=bob", true},
		{"application/x-www-form-urlencoded", "[who]=bob", true},
		{"application/x-www-form-urlencoded", "whose=bob", false},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"Who\"\r\n\r\nbob\r\n--x--", true},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"[who]\"\r\n\r\nbob\r\n--x--", true},
		{"multipart/form-data; boundary=x", "--x\r\nContent-Disposition: form-data; name=\"page\"\r\n\r\nbob\r\n--x--", false},
		{"text/plain", "who=bob", false},
	} {
		req := &rules.Request{
			Headers: []rules.Header{{Name: "content-type", Value: row.contentType}}, Body: []byte(row.body), HasBody: true,
		}
		if got := Beside(req, "who"); got != row.want {
			t.Errorf("%s %q: got %t, want %t", row.contentType, row.body, got, row.want)
		}
	}
}

func TestBesideInJSON(t *testing.T) {
	for body, want := range map[string]bool{`{"who":"bob"}`: true, `{"WHO":"bob"}`: true, `{"whose":"bob"}`: false, `{"x":{"who":1}}`: false, `["who"]`: false} {
		req := request(t, "POST /v1/a"+asJSON+body)
		if got := Beside(req, "who"); got != want {
			t.Errorf("%s: got %v, want %v", body, got, want)
		}
	}
}
