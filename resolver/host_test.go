package resolver

import (
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// hosts compiles declarations that must be right, each with what make changes.
func hosts(t *testing.T, decls ...rules.HostDecl) *Routes {
	t.Helper()
	routes, ms := Compile(decls, bank())
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	return routes
}

func named(name string, lines ...string) rules.HostDecl {
	d := declare(lines...)
	d.Host.V = name
	return d
}

func TestWildcardHosts(t *testing.T) {
	routes := hosts(t, named("api.example.com", "GET /exact -> list file"), named("*.example.com", "GET /one -> list file"),
		named("*.eu.example.com", "GET /two -> list file"), named("example.org", "GET /org -> list file"))
	for _, c := range []struct{ row, host, path, want string }{
		{"the very name", "api.example.com", "/exact", "/exact"},
		{"the very name has no lines of the wildcard", "api.example.com", "/one", "no_route"},
		{"below", "web.example.com", "/one", "/one"},
		{"two labels below", "a.b.example.com", "/one", "/one"},
		{"the longest wildcard", "web.eu.example.com", "/two", "/two"},
		{"the longest wildcard alone", "web.eu.example.com", "/one", "no_route"},
		{"a part of it", "eu.example.com", "/one", "/one"},
		{"the name itself is not below", "example.com", "/one", "no_route"},
		{"a name that ends alike", "badexample.com", "/one", "no_route"},
		{"below a name without wildcard", "www.example.org", "/org", "no_route"},
	} {
		op, _, err := routes.Find(c.host, "GET", c.path)
		got := string(reason(err))
		if err == nil {
			got = op.Template
		}
		if got != c.want {
			t.Errorf("%s: %s%s: got %s, want %s", c.row, c.host, c.path, got, c.want)
		}
	}
}

func TestShadowOfAWildcardHost(t *testing.T) {
	d := named("*.example.com", "GET /one -> list file")
	d.Shadow = []rules.ShadowDecl{{Pos: at(9, 5)}}
	routes := hosts(t, d)
	if got := routes.Shadow("a.example.com"); len(got) != 1 || got[0].Host != "" {
		t.Errorf("below: got %v", got)
	}
	if got := routes.Shadow("example.com"); got != nil {
		t.Errorf("the name itself: got %v", got)
	}
}

// Twins: the same lines and requests, and only the host's policy differs.
func TestP1TrailingSlashAndCase(t *testing.T) {
	lines := withTargets([]string{"GET /", "GET /v1/All", "GET /v1/{id}", "GET /v1/{id}.Json", "GET /v1/files/{path=**}", "GET /w/{name=**}/Tags/x", "GET /x/{a}X{b}"})
	declared := func(slash, text string) *Routes {
		d := declare(lines...)
		if slash != "" {
			d.TrailingSlash = given1(slash)
		}
		if text != "" {
			d.Case = given1(text)
		}
		return hosts(t, d)
	}
	exact, written, slash, text := declared("", ""), declared("exact", "exact"), declared("ignore", ""), declared("", "ignore")
	for _, c := range []struct{ request, exact, slash, text string }{
		{"GET /", "/", "/", "/"},
		{"GET /v1/All", "/v1/All", "/v1/All", "/v1/All"},
		{"GET /v1/all", "ambiguous_path", "ambiguous_path", "/v1/All"},
		{"GET /V1/ALL", "no_route", "no_route", "/v1/All"},
		{"GET /v1/All/", "no_route", "/v1/All", "no_route"},
		{"GET /v1/AC1/", "no_route", "/v1/{id} id=AC1", "no_route"},
		{"GET /v1/AC1//", "ambiguous_path", "ambiguous_path", "ambiguous_path"},
		{"GET /V1/AC1", "no_route", "no_route", "/v1/{id} id=AC1"},
		{"GET /v1/AC1.JSON", "ambiguous_path", "ambiguous_path", "/v1/{id}.Json id=AC1"},
		{"GET /v1/Files/A/b", "no_route", "no_route", "/v1/files/{path=**} path=A/b"},
		{"GET /v1/files/A/b/", "no_route", "/v1/files/{path=**} path=A/b", "no_route"},
		{"GET /W/A/b/tags/X", "no_route", "no_route", "/w/{name=**}/Tags/x name=A/b"},
		{"GET /w/A/b/Tags/x/", "no_route", "/w/{name=**}/Tags/x name=A/b", "no_route"},
		{"GET /x/1X2", "/x/{a}X{b} a=1 b=2", "/x/{a}X{b} a=1 b=2", "/x/{a}X{b} a=1 b=2"},
		{"GET /x/Bx2", "no_route", "no_route", "/x/{a}X{b} a=B b=2"},
		{"GET /x/1x2X3", "ambiguous_path", "ambiguous_path", "ambiguous_path"},
		{"GET /v1/%EF%BC%A1ll", "ambiguous_path", "ambiguous_path", "ambiguous_path"}, // a wide A: not all servers fold it
	} {
		for _, h := range []struct {
			policy string
			routes *Routes
			want   string
		}{{"none", exact, c.exact}, {"exact", written, c.exact}, {"trailing_slash: ignore", slash, c.slash}, {"case: ignore", text, c.text}} {
			if got := finds(h.routes, c.request); got != h.want {
				t.Errorf("%s: %s: got %q, want %q", h.policy, c.request, got, h.want)
			}
		}
	}
}

// A path option as most lines would write it.
func inCapture() rules.PathDecl {
	return rules.PathDecl{Pos: at(2, 50), EncodedSlash: given1("in_capture"), Proxy: given1("KEEP_UNCHANGED")}
}

func TestP1EncodedSlashInCapture(t *testing.T) {
	d := declare(withTargets([]string{
		"GET /npm/{pkg}", "GET /npm/{pkg}/-/{file}", "GET /projects/{id}/files/{path}", "GET /plain/{id}", "GET /rest/{p=**}", "GET /seg/{p=a/*}/{x}",
		"GET /both/{id}", "GET /both/{id}/meta", "GET /text/{id}.json", "PUT /npm/{pkg}",
	})...)
	for i := range d.Map {
		if i != 3 && i != 9 {
			d.Map[i].Path = inCapture()
		}
	}
	d.Map[4].Path = rules.PathDecl{} // which load refuses, for it has no such capture
	d.CORS = rules.At[bool]{Pos: at(1, 20), V: true}
	routes := hosts(t, d)
	for _, c := range []struct{ row, request, want string }{
		{"a scoped package", "GET /npm/@acme%2Fweb", "/npm/{pkg} pkg=@acme/web"},
		{"in small letters", "GET /npm/@acme%2fweb", "/npm/{pkg} pkg=@acme/web"},
		{"the twin with a slash", "GET /npm/@acme/web", "no_route"},
		{"further captures", "GET /npm/@acme%2fweb/-/web-1.0.tgz", "/npm/{pkg}/-/{file} file=web-1.0.tgz pkg=@acme/web"},
		{"two of them", "GET /projects/acme%2Fweb/files/src%2Fmain.go", "/projects/{id}/files/{path} id=acme/web path=src/main.go"},
		{"many in one", "GET /projects/a%2Fb%2Fc/files/d", "/projects/{id}/files/{path} id=a/b/c path=d"},
		{"beside text", "GET /text/a%2Fb.json", "/text/{id}.json id=a/b"},
		{"a line that does not say so", "GET /plain/a%2Fb", "ambiguous_path"},
		{"another method's line", "PUT /npm/@acme%2Fweb", "ambiguous_path"},
		{"a rest", "GET /rest/a%2Fb", "ambiguous_path"},
		{"a capture of several segments", "GET /seg/a/b%2Fc/d", "ambiguous_path"},
		{"the capture beside it", "GET /seg/a/b/c%2Fd", "/seg/{p=a/*}/{x} p=a/b x=c/d"},
		{"a literal", "GET /npm%2F@acme", "ambiguous_path"},
		{"no line at all", "GET /none/a%2Fb", "ambiguous_path"},
		{"a line with the slash as a slash", "GET /both/a%2Fmeta", "ambiguous_path"},
		{"such a line in another case", "GET /both/a%2FMeta", "ambiguous_path"},
		{"no such line", "GET /both/a%2Fother", "/both/{id} id=a/other"},
		{"encoded twice", "GET /npm/@acme%252Fweb", "ambiguous_path"},
		{"a parent segment", "GET /npm/%2e%2e%2Fweb", "ambiguous_path"},
		{"an encoded backslash", "GET /npm/@acme%5Cweb", "ambiguous_path"},
	} {
		if got := finds(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
		if got, is := matched(routes, c.request), c.want == "ambiguous_path"; (got == "ambiguous_path") != is {
			t.Errorf("%s: %s: Match says %q", c.row, c.request, got)
		}
	}
	const ask = "\norigin: https://app.example\naccess-control-request-method: "
	for request, want := range map[string]string{
		"OPTIONS /npm/@acme%2Fweb" + ask + "GET": "preflight", "OPTIONS /npm/@acme%2Fweb" + ask + "PUT": "ambiguous_path",
		"OPTIONS /none/@acme%2Fweb" + ask + "GET": "ambiguous_path", "OPTIONS /none/x" + ask + "GET": "preflight",
	} {
		if got := matched(routes, request); got != want {
			t.Errorf("%s: got %q, want %q", request, got, want)
		}
	}
}

func TestMistakesInPathOptions(t *testing.T) {
	for _, c := range []struct {
		line string
		path rules.PathDecl
		want string
	}{
		{"GET /v1/{id} -> read file/{id}", inCapture(), ""},
		{"GET /v1/{id} -> read file/{id}", rules.PathDecl{Pos: at(2, 50)},
			"rules.yaml:2:50: path says nothing of encoded slashes (write path: { encoded_slash: in_capture, proxy: KEEP_UNCHANGED })"},
		{"GET /v1/{id} -> read file/{id}", rules.PathDecl{Pos: at(2, 50), EncodedSlash: given1("anywhere"), Proxy: given1("KEEP_UNCHANGED")},
			`rules.yaml:2:40: encoded_slash is "anywhere" (in_capture, or leave it out: they are denied)`},
		{"GET /v1/{id} -> read file/{id}", rules.PathDecl{Pos: at(2, 50), EncodedSlash: given1("in_capture")},
			`rules.yaml:2:50: encoded_slash: in_capture relies on proxy: KEEP_UNCHANGED, found "" (write proxy: KEEP_UNCHANGED once the proxy's path_with_escaped_slashes_action is that; any other one takes them away)`},
		{"GET /v1/{id} -> read file/{id}", rules.PathDecl{Pos: at(2, 50), EncodedSlash: given1("in_capture"), Proxy: given1("UNESCAPE_AND_FORWARD")},
			`rules.yaml:2:40: encoded_slash: in_capture relies on proxy: KEEP_UNCHANGED, found "UNESCAPE_AND_FORWARD" (write proxy: KEEP_UNCHANGED once the proxy's path_with_escaped_slashes_action is that; any other one takes them away)`},
		{"GET /v1/{id=**} -> read file/{id}", inCapture(), "rules.yaml:2:40: no capture of the line is one segment, in which an encoded slash could stand"},
		{"GET /v1 -> list file", inCapture(), "rules.yaml:2:40: no capture of the line is one segment, in which an encoded slash could stand"},
	} {
		d := declare(c.line)
		d.Map[0].Path = c.path
		_, ms := Compile([]rules.HostDecl{d}, bank())
		got := ""
		if err := ms.Err(); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.line, got, c.want)
		}
	}
}
