package resolver

import (
	"slices"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		row, path string
		want      rules.Reason
		segs      []string
	}{
		{"P1 root", "/", "", []string{""}},
		{"P1 plain", "/v1/accounts/AC123456", "", []string{"v1", "accounts", "AC123456"}},
		{"P1 two slashes", "//v1/accounts", rules.AmbiguousPath, nil},
		{"P1 two slashes inside", "/v1//accounts", rules.AmbiguousPath, nil},
		{"P1 two slashes at the end", "/v1/accounts//", rules.AmbiguousPath, nil},
		{"P1 trailing slash", "/v1/accounts/", "", []string{"v1", "accounts", ""}},
		{"P1 trailing dot", "/v1/admin.", "", []string{"v1", "admin."}},
		{"P1 case is kept", "/v1/A", "", []string{"v1", "A"}},
		{"P1 dot segment", "/v1/./a", rules.AmbiguousPath, nil},
		{"P1 parent segment", "/v1/../a", rules.AmbiguousPath, nil},
		{"P1 parent segment at the end", "/v1/..", rules.AmbiguousPath, nil},
		{"P1 three dots", "/v1/.../a", rules.AmbiguousPath, nil},
		{"P1 dots in a name", "/v1/..a", "", []string{"v1", "..a"}},
		{"P1 encoded dots", "/v1/%2e%2E/a", rules.AmbiguousPath, nil},
		{"P1 half encoded dots", "/v1/.%2e/a", rules.AmbiguousPath, nil},
		{"P1 encoded slash, for the line to judge", "/v1/a%2fb", "", []string{"v1", "a/b"}},
		{"P1 dots behind an encoded slash", "/v1/a%2f..%2Fb", rules.AmbiguousPath, nil},
		{"P1 dots before an encoded slash", "/v1/%2e%2F", rules.AmbiguousPath, nil},
		{"P1 two encoded slashes", "/v1/a%2f%2Fb", rules.AmbiguousPath, nil},
		{"P1 encoded slash in front", "/v1/%2fa", rules.AmbiguousPath, nil},
		{"P1 encoded slash at the end", "/v1/a%2f", rules.AmbiguousPath, nil},
		{"P1 encoded slash and backslash", "/v1/a%2fb%5c", rules.AmbiguousPath, nil},
		{"P1 encoded slash and parameter", "/v1/a%2fb%3Bc", rules.AmbiguousPath, nil},
		{"P1 encoded slash and space", "/v1/a%2f%20b", rules.AmbiguousPath, nil},
		{"P1 encoded slash and a wide slash", "/v1/a%2fb%EF%BC%8Fc", rules.AmbiguousPath, nil},
		{"P1 encoded slash, encoded twice", "/v1/a%252fb", rules.AmbiguousPath, nil},
		{"P1 encoded slash and one encoded twice", "/v1/a%2fb%252fc", rules.AmbiguousPath, nil},
		{"P1 encoded backslash", "/v1/a%5cb", rules.AmbiguousPath, nil},
		{"P1 backslash", `/v1/a\b`, rules.AmbiguousPath, nil},
		{"P1 NUL", "/v1/a%00", rules.AmbiguousPath, nil},
		{"P1 encoded line feed", "/v1/a%0a", rules.AmbiguousPath, nil},
		{"P1 encoded DEL", "/v1/a%7f", rules.AmbiguousPath, nil},
		{"P1 encoded C1 control", "/v1/a%c2%85", rules.AmbiguousPath, nil},
		{"P1 encoded no-break space", "/v1/secret%C2%A0", rules.AmbiguousPath, nil},
		{"P1 encoded zero-width space", "/v1/sec%E2%80%8Bret", rules.AmbiguousPath, nil},
		{"P1 encoded byte order mark", "/v1/%EF%BB%BFa", rules.AmbiguousPath, nil},
		{"P1 encoded right-to-left mark", "/v1/a%E2%80%8Fb", rules.AmbiguousPath, nil},
		{"P1 encoded line separator", "/v1/a%E2%80%A8b", rules.AmbiguousPath, nil},
		{"P1 raw control", "/v1/a\x01", rules.AmbiguousPath, nil},
		{"P1 raw space", "/v1/a b", rules.AmbiguousPath, nil},
		{"P1 encoded space inside", "/v1/a%20b", "", []string{"v1", "a b"}},
		{"P1 encoded space at an end", "/v1/admin%20", rules.AmbiguousPath, nil},
		{"P1 path parameter", "/v1/a;x=y", rules.AmbiguousPath, nil},
		{"P1 path parameter after dots", "/v1/..;/a", rules.AmbiguousPath, nil},
		{"P1 path parameter after encoded dots", "/v1/%2e%2e;/a", rules.AmbiguousPath, nil},
		{"P1 encoded semicolon", "/v1/..%3b/a", rules.AmbiguousPath, nil},
		{"P1 overlong dot", "/v1/%c0%ae/a", rules.AmbiguousPath, nil},
		{"P1 overlong slash", "/v1/a%c0%afb", rules.AmbiguousPath, nil},
		{"P1 wide dots and a wide slash", "/v1/%EF%BC%8E%EF%BC%8E%EF%BC%8Fa", rules.AmbiguousPath, nil},
		{"P1 wide dots", "/v1/%EF%BC%8E%EF%BC%8E/a", rules.AmbiguousPath, nil},
		{"P1 dot leaders", "/v1/%E2%80%A4%E2%80%A4/a", rules.AmbiguousPath, nil},
		{"P1 a two-dot leader", "/v1/%E2%80%A5/a", rules.AmbiguousPath, nil},
		{"P1 a leader in a name", "/v1/a%E2%80%A4b", "", []string{"v1", "a\u2024b"}},
		{"P1 dots around a space", "/v1/.%20./a", rules.AmbiguousPath, nil},
		{"P1 dots and a variation selector", "/v1/.%EF%B8%8F./a", rules.AmbiguousPath, nil},
		{"P1 wide dots and a wide semicolon", "/v1/%EF%BC%8E.%EF%BC%9Bx/a", rules.AmbiguousPath, nil},
		{"P1 a space in a name with dots", "/v1/a.%20.b", "", []string{"v1", "a. .b"}},
		{"P1 wide slash", "/v1/a%EF%BC%8Fb", rules.AmbiguousPath, nil},
		{"P1 wide backslash", "/v1/a%EF%BC%BCb", rules.AmbiguousPath, nil},
		{"P1 small backslash", "/v1/a%EF%B9%A8b", rules.AmbiguousPath, nil},
		{"P1 division slash", "/v1/a%E2%88%95b", rules.AmbiguousPath, nil},
		{"P1 fraction slash", "/v1/a%E2%81%84b", rules.AmbiguousPath, nil},
		{"P1 a care-of sign", "/v1/%E2%84%85", rules.AmbiguousPath, nil},
		{"P1 a half", "/v1/%C2%BD", "", []string{"v1", "½"}},
		{"P1 wide escape", "/v1/%EF%BC%852%65", rules.AmbiguousPath, nil},
		{"P1 a wide question mark", "/v1/%E4%BD%95%EF%BC%9F", "", []string{"v1", "何？"}},
		{"P1 surrogate", "/v1/%ed%a0%80", rules.AmbiguousPath, nil},
		{"P1 UTF-8", "/v1/%C3%9C", "", []string{"v1", "Ü"}},
		{"P1 raw UTF-8", "/v1/Ü", rules.AmbiguousPath, nil},
		{"P1 double encoding", "/v1/%252e%252e/a", rules.AmbiguousPath, nil},
		{"P1 double encoding of the digits", "/v1/%25%32%65/a", rules.AmbiguousPath, nil},
		{"P1 percent sign", "/v1/100%25", "", []string{"v1", "100%"}},
		{"P1 percent sign before text", "/v1/5%25off", "", []string{"v1", "5%off"}},
		{"P1 bad escape", "/v1/%zz", rules.AmbiguousPath, nil},
		{"P1 cut escape", "/v1/%2", rules.AmbiguousPath, nil},
		{"P1 lone percent", "/v1/%", rules.AmbiguousPath, nil},
		{"P1 encoded question mark", "/v1/a%3fb", rules.AmbiguousPath, nil},
		{"P1 encoded fragment", "/v1/a%23b", rules.AmbiguousPath, nil},
		{"P1 fragment", "/v1/a#b", rules.AmbiguousPath, nil},
		{"P1 asterisk", "*", rules.AmbiguousPath, nil},
		{"P1 absolute form", "http://other/v1/a", rules.AmbiguousPath, nil},
		{"P1 no leading slash", "v1/a", rules.AmbiguousPath, nil},
		{"P1 empty", "", rules.AmbiguousPath, nil},
		{"P1 only a query", "?a=b", rules.AmbiguousPath, nil},
		{"P1 64 KB", "/" + string(slices.Repeat([]byte("a"), 64<<10)), rules.MalformedRequest, nil},
		{"H2 exclamation mark", "/v1/a!", rules.AmbiguousPath, nil},
		{"H2 encoded exclamation mark", "/v1/a%21", "", []string{"v1", "a!"}},
		{"H2 raw byte", "/v1/\xff", rules.AmbiguousPath, nil},
		{"plain characters stay", "/v1/a~b@c:d,e+f=g&h$(i)*'", "", []string{"v1", "a~b@c:d,e+f=g&h$(i)*'"}},
		{"query is split at the first question mark", "/v1/x?/health?b", "", []string{"v1", "x"}},
	} {
		t.Run(c.row, func(t *testing.T) {
			req, err := Canonical(raw("GET "+c.path), testOptions)
			if c.path == "" || c.path == "/v1/a b" { // what the helper would split
				r := raw("GET /")
				r.Path, r.RawPath = c.path, ""
				req, err = Canonical(r, testOptions)
			}
			if got := reason(err); got != c.want {
				t.Fatalf("%q: got %q, want %q (%v)", c.path, got, c.want, err)
			}
			if err == nil && !slices.Equal(req.Segs, c.segs) {
				t.Errorf("%q: got segments %q, want %q", c.path, req.Segs, c.segs)
			}
		})
	}
}
