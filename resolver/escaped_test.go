package resolver

import (
	"regexp"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// Express, chi and others hold their routes against the path as it was sent: text
// that came as an escape is a part of an id to them.
func TestP1EscapedTextChoosesNoLine(t *testing.T) {
	routes := compile(t, withTargets([]string{
		"POST /v1/items/{id}:preview", "POST /v1/items/{id}", "GET /v1/files/{dir}/raw", "GET /v1/files/{dir}/{file}", "GET /v1/Ü/{id}", "GET /v1/aÜ/{id}",
		"GET /v1/{base}...{head}", "GET /w/{path=**}/meta", "GET /w/{path=**}", "POST /x/{name=projects/*}:cancel", "POST /y/{name=**}:undo", "POST /y/{name=**}", "GET /z/@{scope}/{name}",
	})...)
	for _, c := range []struct{ row, request, want string }{
		{"a verb", "POST /v1/items/AC1:preview", "POST /v1/items/{id}:preview"},
		{"an escaped verb", "POST /v1/items/AC1%3Apreview", "ambiguous_path"},
		{"in small letters", "POST /v1/items/AC1%3apreview", "ambiguous_path"},
		{"one letter of it", "POST /v1/items/AC1:pr%65view", "ambiguous_path"},
		{"an escape in the capture beside it", "POST /v1/items/AC%3A1:preview", "POST /v1/items/{id}:preview"},
		{"an escape in a capture", "POST /v1/items/AC1%3Apreviews", "POST /v1/items/{id}"},
		{"a literal", "GET /v1/files/a/raw", "GET /v1/files/{dir}/raw"},
		{"an escaped literal", "GET /v1/files/a/%72aw", "ambiguous_path"},
		{"an escaped literal in front", "GET /%761/files/a/x", "ambiguous_path"},
		{"a capture in front of a literal", "GET /v1/files/%61/raw", "GET /v1/files/{dir}/raw"},
		{"text that must be escaped", "GET /v1/%C3%9C/1", "GET /v1/Ü/{id}"},
		{"beside a letter", "GET /v1/a%C3%9C/1", "GET /v1/aÜ/{id}"},
		{"the letter beside it escaped, too", "GET /v1/%61%C3%9C/1", "ambiguous_path"},
		{"text between captures", "GET /v1/a%2A...b%2A", "GET /v1/{base}...{head}"},
		{"escaped text between captures", "GET /v1/a.%2E.b", "ambiguous_path"},
		{"a literal behind a rest", "GET /w/a%3Ab/c/meta", "GET /w/{path=**}/meta"},
		{"an escaped literal behind a rest", "GET /w/a/b/c/met%61", "ambiguous_path"},
		{"a rest that looks like text", "GET /w/met%61/x", "GET /w/{path=**}"},
		{"text in a capture of several", "POST /x/pro%6Aects/1:cancel", "ambiguous_path"},
		{"a segment of it", "POST /x/projects/%31:cancel", "POST /x/{name=projects/*}:cancel"},
		{"a verb behind a rest", "POST /y/a/b%3A1/c:undo", "POST /y/{name=**}:undo"},
		{"an escaped verb behind a rest", "POST /y/a/b/c%3Aundo", "ambiguous_path"},
		{"an escaped verb behind an empty rest", "POST /y/c%3Aundo", "ambiguous_path"},
		{"an at sign", "GET /z/@a/b", "GET /z/@{scope}/{name}"},
		{"an escaped at sign", "GET /z/%40a/b", "ambiguous_path"},
	} {
		if got := matched(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

// What a host does not mind changes nothing about escapes.
func TestP1EscapedTextOnLaxHosts(t *testing.T) {
	d := declare("POST /v1/Files/{id}:Close -> update file/{id}")
	d.Case, d.TrailingSlash = rules.At[string]{Pos: d.Pos, V: "ignore"}, rules.At[string]{Pos: d.Pos, V: "ignore"}
	routes, ms := Compile([]rules.HostDecl{d}, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		"/V1/FILES/A%42:CLOSE/": "POST /v1/Files/{id}:Close", "/v1/files/a%42:close": "POST /v1/Files/{id}:Close",
		"/V1/FILES/AB%3ACLOSE/": "ambiguous_path", "/V1/FILE%53/AB:close": "ambiguous_path",
	} {
		if got := matched(routes, "POST "+path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

// FuzzEscapedText: no escape of a byte that may stand as it is selects a line that
// the path without escapes in place of text does not.
func FuzzEscapedText(f *testing.F) {
	var routes *Routes
	f.Add("/v1/accounts/AC1%3Aclose")
	f.Add("/v1/x/1%2D2.json")
	f.Fuzz(func(t *testing.T, path string) {
		if routes == nil {
			routes = compile(t, "POST /v1/accounts/{id}:close -> close account/{id}", "POST /v1/accounts/{id} -> update account/{id}",
				"POST /v1/files/{path=**} -> update file/{path}", "POST /v1/x/{a}-{b}.json -> update file/{a}, update file/{b}")
		}
		op, _, err := routes.Find(testHost, "POST", path)
		if err != nil || strings.ContainsAny(path, "?#") {
			return
		}
		opaque := escapedOctet.ReplaceAllString(path, "x") // an escape is some byte of an id
		if again, _, err := routes.Find(testHost, "POST", opaque); err != nil || again != op {
			t.Errorf("%q selects %s, %q selects %v, %v", path, op.Line, opaque, again, err)
		}
	})
}

var escapedOctet = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
