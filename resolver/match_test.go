package resolver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// matched is the operation of a request in short: method and template, the
// reason of a denial, or "preflight".
func matched(routes *Routes, request string) string {
	req, err := Canonical(raw(request), testOptions)
	if err != nil {
		return string(reason(err))
	}
	m, err := routes.Match(req)
	switch {
	case err != nil:
		return string(reason(err))
	case m.Preflight:
		return "preflight"
	}
	return m.Op.Method + " " + m.Op.Template
}

func TestMatch(t *testing.T) {
	routes := compile(t, withTargets([]string{
		"GET /", "GET /v1/accounts", "GET /v1/accounts/{id}", "GET /v1/accounts/all", "POST /v1/accounts:batchDelete",
		"POST /v1/accounts", "ANY /v1/any/{id}", "DELETE /v1/any/{id}", "GET /files/{path=**}", "GET /files/{name}/meta",
		"GET /v1/dir/", "ANY /v1/{kind}", "GET /v1/{kind}/export/full", "GET /v1/Ü", "GET /v1/a/b/c", "GET /v1/{a}/b/{d}/e", "GET /{t}/x/y/{z=**}", "GET /files/x/y/{z=**}",
	})...)
	for _, c := range []struct{ row, request, want string }{
		{"root", "GET /", "GET /"},
		{"a literal beats a capture", "GET /v1/accounts/all", "GET /v1/accounts/all"},
		{"a capture", "GET /v1/accounts/AC1", "GET /v1/accounts/{id}"},
		{"P1 case counts", "GET /v1/Accounts/AC1", "no_route"},
		{"P1 trailing slash of a literal", "GET /v1/accounts/", "no_route"},
		{"P1 trailing slash of a capture", "GET /v1/accounts/AC1/", "no_route"},
		{"P1 trailing slash that is meant", "GET /v1/dir/", "GET /v1/dir/"},
		{"without it", "GET /v1/dir", "ANY /v1/{kind}"},
		{"a verb behind a colon is a literal", "POST /v1/accounts:batchDelete", "POST /v1/accounts:batchDelete"},
		{"P1 an encoded colon", "POST /v1/accounts%3AbatchDelete", "ambiguous_path"},
		{"P1 an encoded letter", "GET /v1/accounts/%61ll", "ambiguous_path"},
		{"a literal that must be encoded", "GET /v1/%c3%9C", "GET /v1/Ü"},
		{"HEAD is GET", "HEAD /v1/accounts/AC1", "GET /v1/accounts/{id}"},
		{"HEAD is not POST", "HEAD /v1/accounts:batchDelete", "ANY /v1/{kind}"},
		{"ANY", "PUT /v1/any/x", "ANY /v1/any/{id}"},
		{"ANY takes unknown methods", "FOO /v1/any/x", "ANY /v1/any/{id}"},
		{"a method beats ANY", "DELETE /v1/any/x", "DELETE /v1/any/{id}"},
		{"back to the capture for another method", "PUT /v1/accounts", "ANY /v1/{kind}"},
		{"the method on the literal", "POST /v1/accounts", "POST /v1/accounts"},
		{"another method", "DELETE /v1/accounts/AC1", "no_route"},
		{"rest of one segment", "GET /files/a", "GET /files/{path=**}"},
		{"rest of many", "GET /files/a/b/c/d", "GET /files/{path=**}"},
		{"rest needs a segment", "GET /files/", "no_route"},
		{"rest takes no trailing slash", "GET /files/a/", "no_route"},
		{"a capture beats rest", "GET /files/a/meta", "GET /files/{name}/meta"},
		{"back to rest", "GET /files/a/meta/x", "GET /files/{path=**}"},
		{"back from a literal that leads nowhere", "GET /v1/accounts/export/full", "GET /v1/{kind}/export/full"},
		{"back from two literals", "GET /v1/a/b/x/e", "GET /v1/{a}/b/{d}/e"},
		{"two literals", "GET /v1/a/b/c", "GET /v1/a/b/c"},
		{"rest below a capture", "GET /v1/x/y/z/z", "GET /{t}/x/y/{z=**}"},
		{"longer than any", "GET /v1/accounts/AC1/x", "no_route"},
		{"shorter than any", "GET /v1", "no_route"},
		{"query is no part", "GET /v1/accounts?x=/v1/accounts/all", "GET /v1/accounts"},
		{"OPTIONS is a method like others", "OPTIONS /v1/accounts", "ANY /v1/{kind}"},
	} {
		if got := matched(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

// Many servers compare paths without regard to case. What they would take for
// another line must not pass by a wider one.
func TestP1CaseChoosesNoWiderLine(t *testing.T) {
	routes := compile(t, withTargets([]string{
		"GET /public/admin/{id}", "GET /public/{x=**}", "GET /v1/accounts/{id}", "GET /v1/accounts/all", "POST /v1/accounts/new", "GET /w/accounts/all", "GET /w/{kind}/{x}",
		"GET /both/a", "GET /both/A", "GET /both/{x}", "GET /k/Straße/k", "GET /k/{any}/k",
	})...)
	for _, c := range []struct{ row, request, want string }{
		{"the literal", "GET /public/admin/5", "GET /public/admin/{id}"},
		{"its other case", "GET /public/Admin/5", "ambiguous_path"},
		{"its other case, encoded", "GET /public/%41dmin/5", "ambiguous_path"},
		{"for HEAD", "HEAD /public/ADMIN/5", "ambiguous_path"},
		{"further on another line", "GET /public/Admin/5/6", "GET /public/{x=**}"},
		{"another word", "GET /public/administration/5", "GET /public/{x=**}"},
		{"an id that is a literal in another case", "GET /v1/accounts/ALL", "ambiguous_path"},
		{"a literal of another method", "GET /v1/accounts/NEW", "GET /v1/accounts/{id}"},
		{"a literal in front", "GET /V1/accounts/all", "no_route"},
		{"a literal in front of a capture", "GET /w/Accounts/all", "ambiguous_path"},
		{"a literal in wide letters", "GET /v1/accounts/%EF%BD%81ll", "ambiguous_path"},
		{"a literal with a dotless i", "GET /public/adm%C4%B1n/5", "ambiguous_path"},
		{"both cases are lines", "GET /both/A", "GET /both/A"},
		{"the other of them", "GET /both/a", "GET /both/a"},
		{"neither", "GET /both/b", "GET /both/{x}"},
		{"letters outside ASCII", "GET /k/stra%C3%9FE/k", "ambiguous_path"},
		{"the Kelvin sign is a k", "GET /%E2%84%AA/Stra%C3%9Fe/k", "no_route"},
		{"no wider line", "GET /v1/Accounts/AC1", "no_route"},
	} {
		if got := matched(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

// Lines whose text differs in case alone are lines of their own, and only a
// server that tells them apart does what they say: to another one a request of
// the first may be one of the second.
func TestP1LinesThatDifferInCase(t *testing.T) {
	lines := withTargets([]string{
		"GET /x/{id}", "GET /X/admin", "GET /q/{p=**}", "GET /Q/a/{b}", "GET /m/{a}/b", "GET /M/c/{b}", "GET /both/a", "GET /both/A", "GET /f/{n}.JSON", "GET /f/all.json",
		"PUT /y/{id}", "GET /Y/admin", "ANY /z/{id}", "GET /Z/admin", "GET /plain/{id}", "GET /Plain/new",
	})
	for _, c := range []struct{ row, request, want string }{
		{"the first", "GET /x/7", "GET /x/{id}"},
		{"the literal of the second", "GET /x/admin", "ambiguous_path"},
		{"in another case", "GET /x/Admin", "ambiguous_path"},
		{"the second", "GET /X/admin", "GET /X/admin"},
		{"no line", "GET /X/7", "no_route"},
		{"a rest", "GET /q/b/c", "GET /q/{p=**}"},
		{"a rest that is a capture", "GET /q/a/c", "ambiguous_path"},
		{"a capture that is a rest", "GET /Q/a/c", "GET /Q/a/{b}"},
		{"lines that cross", "GET /m/1/b", "GET /m/{a}/b"},
		{"where they do", "GET /m/c/b", "ambiguous_path"},
		{"where they do, for the other", "GET /M/c/b", "ambiguous_path"},
		{"where they do not", "GET /M/c/d", "GET /M/c/{b}"},
		{"the same line twice", "GET /both/a", "GET /both/a"},
		{"the other of them", "GET /both/A", "GET /both/A"},
		{"text beside a capture", "GET /f/some.JSON", "GET /f/{n}.JSON"},
		{"text beside a capture, for the literal", "GET /f/all.JSON", "ambiguous_path"},
		{"the literal", "GET /f/all.json", "GET /f/all.json"},
		{"another method", "PUT /y/admin", "PUT /y/{id}"},
		{"any method", "GET /z/admin", "ambiguous_path"},
		{"another one of any", "PUT /z/admin", "ANY /z/{id}"},
	} {
		if got := matched(compile(t, lines...), c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

// What a host is called has no case, whatever the host says of its paths.
func TestP1HostsHaveNoCase(t *testing.T) {
	for _, policy := range []string{"", "exact", "ignore"} {
		d := declare("GET /v1/{id} -> read file/{id}")
		if policy != "" {
			d.Case = given1(policy)
		}
		routes := hosts(t, d)
		for host, want := range map[string]string{"api.example.com": "GET /v1/{id}", "API.Example.COM": "GET /v1/{id}", "api.example.org": "host_not_served"} {
			r := raw("GET /v1/7")
			r.Host = host
			var got string
			if req, err := Canonical(r, testOptions); err != nil {
				got = string(reason(err))
			} else if m, err := routes.Match(req); err != nil {
				got = string(reason(err))
			} else {
				got = m.Op.Method + " " + m.Op.Template
			}
			if got != want {
				t.Errorf("case %q: %s: got %s, want %s", policy, host, got, want)
			}
		}
	}
}

func TestMatchOtherHost(t *testing.T) {
	routes := compile(t, "GET /v1/{id} -> read account/{id}")
	req, err := Canonical(raw("GET /v1/AC123456"), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = "other.example.com"
	if m, err := routes.Match(req); reason(err) != rules.NoRoute || m.Op != nil {
		t.Errorf("got %v, %v; want %s", m, err, rules.NoRoute)
	}
}

func TestPreflight(t *testing.T) {
	const ask = "OPTIONS /v1/AC123456\norigin: https://app.example\naccess-control-request-method: GET"
	with, without := declare("GET /v1/{id} -> read account/{id}"), declare("GET /v1/{id} -> read account/{id}")
	with.CORS = rules.At[bool]{Pos: at(1, 20), V: true}
	for _, c := range []struct {
		row, request, want string
		host               rules.HostDecl
	}{
		{"a preflight", ask, "preflight", with},
		{"without cors", ask, "no_route", without},
		{"without origin", "OPTIONS /v1/AC123456\naccess-control-request-method: GET", "no_route", with},
		{"without the method asked for", "OPTIONS /v1/AC123456\norigin: https://app.example", "no_route", with},
		{"another method", "PUT" + ask[len("OPTIONS"):], "no_route", with},
		{"GET with these headers", "GET" + ask[len("OPTIONS"):], "GET /v1/{id}", with},
		{"ambiguous all the same", "OPTIONS /v1/../AC123456" + ask[len("OPTIONS /v1/AC123456"):], "ambiguous_path", with},
	} {
		routes, ms := Compile([]rules.HostDecl{c.host}, bank())
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		if got := matched(routes, c.request); got != c.want {
			t.Errorf("%s: got %q, want %q", c.row, got, c.want)
		}
	}
}

// forms are templates as GitHub, Google, Kubernetes and container registries have
// them, for a collection #.
var forms = []string{
	"GET /repos/{o}/{r}/#", "POST /repos/{o}/{r}/#", "GET /repos/{o}/{r}/#/{id}", "PUT|PATCH /repos/{o}/{r}/#/{id}", "DELETE /repos/{o}/{r}/#/{id}",
	"GET /repos/{o}/{r}/#/latest", "GET /repos/{o}/{r}/#/{base}...{head}", "GET /repos/{o}/{r}/#/{id}/contents/{path=**}", "ANY /repos/{o}/{r}/#/{id}/lock",
	"GET /users/{u}/#/{id}.json", "GET /v1/{name=projects/*/locations/*/#/*}", "POST /v1/{name=projects/*/locations/*/#/*}:cancel", "POST /v1/{name=projects/*/locations/*/#/*}:start",
	"GET /apis/{group}/namespaces/{ns}/#/{id}/proxy/{path=**}", "GET /v2/{name=**}/#/{ref}", "POST /v1/#:batchGet",
}

// someRequests have a line among the first hundred of many routes.
var someRequests = []string{
	"GET /repos/acme/web/issues1/42", "HEAD /repos/acme/web/issues1/latest", "PATCH /repos/acme/web/issues1/42", "GET /repos/acme/web/issues1/main...dev",
	"GET /repos/acme/web/issues1/42/contents/src/main.go", "DELETE /repos/acme/web/issues1/42/lock", "GET /users/ada/issues1/42.json",
	"POST /v1/projects/p/locations/eu/issues1/i7:cancel", "GET /apis/apps/namespaces/n/issues1/web/proxy/a/b/c", "GET /v2/library/web/issues1/7.2", "POST /v1/issues1:batchGet",
}

// many makes n routes of these forms.
func many(t testing.TB, n int) *Routes {
	t.Helper()
	return compile(t, manyLines(n)...)
}

func manyLines(n int) []string {
	var ops []string
	for i := 0; len(ops) < n; i++ {
		for _, form := range forms {
			ops = append(ops, strings.ReplaceAll(form, "#", fmt.Sprintf("issues%d", i)))
		}
	}
	return withTargets(ops[:n])
}

// request is canonical.
func request(t testing.TB, text string) *rules.Request {
	t.Helper()
	req, err := Canonical(raw(text), testOptions)
	if err != nil {
		t.Fatal(err)
	}
	return req
}

func TestMatchDoesNotAllocate(t *testing.T) {
	routes := many(t, 1000)
	for _, text := range someRequests {
		req := request(t, text)
		if n := testing.AllocsPerRun(100, func() {
			if m, err := routes.Match(req); err != nil || m.Op == nil {
				t.Fatal(text, err)
			}
		}); n != 0 {
			t.Errorf("%s: a match allocates %v times", text, n)
		}
	}
}

func TestReadingARequestAllocatesLittle(t *testing.T) {
	r := raw("GET /repos/acme/web/issues1/42?page=2&sort=name\nauthorization: Bearer abc\nuser-agent: x\naccept: */*\nx-request-id: 7")
	if n := testing.AllocsPerRun(100, func() {
		if _, err := Canonical(r, testOptions); err != nil {
			t.Fatal(err)
		}
	}); n > 3 { // the request, its segments, its parameters
		t.Errorf("Canonical allocates %v times, want at most 3", n)
	}
	routes, req := many(t, 100), request(t, "GET /repos/acme/web/issues1/42")
	m, err := routes.Match(req)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(100, func() {
		if _, err := m.Targets(req, nil); err != nil {
			t.Fatal(err)
		}
	}); n > 2 { // the targets, the state of the resolution
		t.Errorf("Targets allocates %v times, want at most 2", n)
	}
}

// Each operation matches one request of every form.
func BenchmarkMatch(b *testing.B) {
	for _, n := range []int{100, 1_200, 12_000} {
		routes := many(b, n)
		var reqs []*rules.Request
		for _, text := range someRequests {
			reqs = append(reqs, request(b, text))
		}
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, req := range reqs {
					if _, err := routes.Match(req); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(reqs)), "ns/match")
		})
	}
}

func BenchmarkCompile12000(b *testing.B) {
	lines := manyLines(12_000)
	for b.Loop() {
		compile(b, lines...)
	}
}

func BenchmarkCanonical(b *testing.B) {
	r := raw("GET /v1/service7/things/42?page=2\nauthorization: Bearer abc\nuser-agent: x\naccept: */*\nx-request-id: 7\nx-forwarded-for: 192.0.2.1\nx-forwarded-proto: https")
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Canonical(r, testOptions); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTargets(b *testing.B) {
	routes := compile(b, bankLines...)
	for _, text := range []string{
		"GET /v1/accounts/AC123456",
		"POST /v1/transfers\ncontent-type: application/json\n\n" + `{"from":"AC123456","to":{"id":"AC123457"},"amount":10,"note":"rent"}`,
	} {
		req := request(b, text)
		m, err := routes.Match(req)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(req.Method, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Targets(req, nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
