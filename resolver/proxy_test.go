package resolver

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// What a line matches, the proxy's pattern matches too, as it may be sent: a body
// that is not held back would be missed. A pattern may take more than that.
func TestPathRegexp(t *testing.T) {
	for _, c := range []struct {
		line     string
		is, isNo []string
		glob     string
	}{
		{"POST /v1/accounts/{id}/close -> close account/{id}", []string{"/v1/accounts/AC1/close", "/v1/accounts/%41C/close"}, []string{"/v1/accounts/AC1", "/v1/accounts//close", "/v1/accounts/a/b/close", "/V1/accounts/a/close"}, "/v1/accounts/{*}/close"},
		{"POST /v1/accounts:batchGet -> read account/{body.ids[]}", []string{"/v1/accounts:batchGet"}, []string{"/v1/accountsXbatchGet", "/v1/accounts%3AbatchGet"}, "/v1/{*}"},
		{"GET /v1/files/{path=**} -> read file/{path}", []string{"/v1/files/a", "/v1/files/a/b.c"}, []string{"/v1/files/", "/v1/files"}, "/v1/files/{**}"},
		{"GET /v1/{a}...{b} -> read file/{a}, read file/{b}", []string{"/v1/x...y", "/v1/1.2...3"}, []string{"/v1/x..y", "/v1/..."}, "/v1/{*}"},
		{"GET /v1/Ü -> list account", []string{"/v1/%C3%9C", "/v1/%c3%9c"}, []string{"/v1/U", "/v1/%C3"}, "/v1/{*}"},
		{"GET / -> list account", []string{"/"}, []string{"/x", ""}, "/"},
		{"GET /v1/a.b -> list account", []string{"/v1/a.b"}, []string{"/v1/axb"}, "/v1/a.b"},
	} {
		routes := compile(t, c.line)
		op := routes.InProxyOrder()[0]
		re := regexp.MustCompile("^(?:" + routes.PathRegexp(op) + ")$")
		for _, path := range c.is {
			if !re.MatchString(path) {
				t.Errorf("%s: %s does not match %s", c.line, re, path)
			}
		}
		for _, path := range c.isNo {
			if re.MatchString(path) {
				t.Errorf("%s: %s matches %s", c.line, re, path)
			}
		}
		if got := routes.PathGlobs(op); len(got) != 1 || got[0] != c.glob {
			t.Errorf("%s: the globs are %s, want %s", c.line, got, c.glob)
		}
	}
}

// FuzzPathRegexp: a path that selects a line matches the pattern of that line.
func FuzzPathRegexp(f *testing.F) {
	lines := []string{
		"POST /v1/accounts/{id}:close -> close account/{id}", "POST /v1/accounts/{id} -> update account/{id}",
		"POST /v1/files/{path=**} -> update file/{path}", "POST /v1/x/{a}-{b}.json -> update file/{a}, update file/{b}",
		"POST /Ü/{a} -> update file/{a}",
	}
	for _, path := range []string{"/v1/accounts/AC123456:close", "/v1/accounts/AC123456%3Aclose", "/v1/files/a/%20", "/v1/x/1-2.json", "/%C3%9C/a"} {
		f.Add(path)
	}
	var routes *Routes
	f.Fuzz(func(t *testing.T, path string) {
		if routes == nil {
			routes = compile(t, lines...)
		}
		op, _, err := routes.Find(testHost, "POST", path)
		if err != nil || strings.ContainsAny(path, "?#") {
			return
		}
		if re := routes.PathRegexp(op); !regexp.MustCompile("^(?:" + re + ")$").MatchString(path) {
			t.Errorf("%q selects %s, but %s does not match it", path, op.Line, re)
		}
	})
}

func TestInProxyOrder(t *testing.T) {
	routes := compile(t, "ANY /v1/{x=**} -> read file/{x}", "POST /v1/a/{x} -> update file/{x}", "POST /v1/a/b -> update file/b")
	var got []string
	for _, op := range routes.InProxyOrder() {
		got = append(got, op.Template)
	}
	if want := "/v1/a/b /v1/a/{x} /v1/{x=**}"; strings.Join(got, " ") != want {
		t.Errorf("got %v, want %s", got, want)
	}
	if m := routes.InProxyOrder()[2].Methods(); m != nil {
		t.Errorf("ANY is for %v", m)
	}
}

// Where the host does not mind case or a slash, a mesh that does is told more.
func TestLaxPaths(t *testing.T) {
	d := declare("POST /v1/Files/{id} -> update file/{id}")
	d.Case, d.TrailingSlash = rules.At[string]{Pos: d.Pos, V: "ignore"}, rules.At[string]{Pos: d.Pos, V: "ignore"}
	routes, ms := Compile([]rules.HostDecl{d}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	op := routes.InProxyOrder()[0]
	if got := strings.Join(routes.PathGlobs(op), " "); got != "/{*}/{*}/{*} /{*}/{*}/{*}/" {
		t.Errorf("got %s", got)
	}
	re := regexp.MustCompile("^(?:" + routes.PathRegexp(op) + ")$")
	for path, want := range map[string]bool{"/v1/Files/a": true, "/V1/FILES/a/": true, "/v1/files/a": true, "/v1/files/": false} {
		if re.MatchString(path) != want {
			t.Errorf("%s: %s", re, path)
		}
	}
}
