package resolver

import (
	"fmt"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
)

// hostile draws text over the bytes that readers disagree on.
func hostile(r *rand.Rand, pieces []string, n int) string {
	var b strings.Builder
	for range r.IntN(n) {
		b.WriteString(pieces[r.IntN(len(pieces))])
	}
	return b.String()
}

// What we accept of a path, net/url decodes to the same segments.
func TestSegmentsAgreeWithTheStandardLibrary(t *testing.T) {
	pieces := []string{"a", "B", "9", "/", "/", "//", ".", "..", "%2e", "%2F", "%5c", "%00", "%25", "%41", "%C3%9C", "%c0%af", "%zz", "%4", "%", ";", "!", "\\", " ", "~", ":", "@", "+", "#", "\xff", "%20", "%7f"}
	r := rand.New(rand.NewPCG(3, 4))
	accepted := 0
	for range 20_000 {
		path := "/" + hostile(r, pieces, 8)
		segs, _, err := splitPath(path, r.IntN(2) == 0)
		if err != nil {
			continue
		}
		accepted++
		want := strings.Split(path[1:], "/")
		if len(segs) != len(want) {
			t.Fatalf("%q: %d segments, want %d", path, len(segs), len(want))
		}
		for i := range want {
			if plain, err := url.PathUnescape(want[i]); err != nil || plain != segs[i] {
				t.Fatalf("%q: segment %q, net/url reads %q, %v", path, segs[i], plain, err)
			}
		}
		u, err := url.ParseRequestURI(path)
		if err != nil || u.Path != "/"+strings.Join(segs, "/") || u.Host != "" {
			t.Fatalf("%q: net/url reads %v, %v", path, u, err)
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d paths were accepted", accepted)
	}
}

// What we accept of a query, net/url reads as the same parameters.
func TestParametersAgreeWithTheStandardLibrary(t *testing.T) {
	pieces := []string{"a", "id", "=", "=", "&", "&", "+", "%20", "%26", "%3d", "%2B", "%C3%9C", "%ff", "%00", "%zz", "%", ";", "?", "/", "!", "[0]", "#", "\xff", " ", "%25", "%2541"}
	r := rand.New(rand.NewPCG(5, 6))
	accepted := 0
	for range 20_000 {
		query := hostile(r, pieces, 10)
		params, err := splitQuery(query)
		if err != nil {
			continue
		}
		accepted++
		want, err := url.ParseQuery(query)
		if err != nil {
			t.Fatalf("%q is accepted, net/url says %v", query, err)
		}
		got := url.Values{}
		for _, p := range params {
			got.Add(p.Name, p.Value)
		}
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("%q: got %q, net/url reads %q", query, got, want)
		}
	}
	if accepted < 1000 {
		t.Errorf("only %d queries were accepted", accepted)
	}
}

// A host that we accept is the one that net/url reads from an address.
func TestHostsAgreeWithTheStandardLibrary(t *testing.T) {
	pieces := []string{"a", "B", "example", ".", ".", ":", "80", ":443", "[", "]", "[::1]", "::", "@", ",", " ", "%41", "_", "-", "/", "\xff", "0"}
	r := rand.New(rand.NewPCG(7, 8))
	accepted := 0
	for range 20_000 {
		authority := hostile(r, pieces, 6)
		host, ok := CanonicalHost(authority)
		if !ok {
			continue
		}
		accepted++
		u, err := url.Parse("http://" + authority + "/")
		if err != nil || u.User != nil {
			t.Fatalf("%q is accepted, net/url says %v, %v", authority, u, err)
		}
		want := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
		if strings.Contains(want, ":") {
			want = "[" + want + "]"
		}
		if host != want {
			t.Fatalf("%q: got %q, net/url reads %q", authority, host, want)
		}
	}
	if accepted < 500 {
		t.Errorf("only %d hosts were accepted", accepted)
	}
}

// Writing any byte of a good request's target as an escape, in either case of
// its digits, gives the same targets or a denial.
func TestEverySpellingOfAByte(t *testing.T) {
	routes := compile(t, bankLines...)
	same, denied := 0, 0
	for _, target := range []string{
		"/v1/accounts/AC123456", "/v1/accounts?tenant=acme", "/v1/account?id=AC123456", "/v1/many?ids=AC123456,AC123457", "/v1/accounts/all",
		"/v1/customers/ada/accounts", "/v1/files/a/b%20c/d.txt", "/v1/branch?b=7&f=true", "/v1/my/accounts?owner=ada%20b&page=2",
	} {
		want := outcome(routes, get(target))
		if !allowed(want) {
			t.Fatalf("%s: %s", target, want)
		}
		for i := range len(target) {
			if strings.IndexByte("?&=%", target[i]) >= 0 {
				continue // delimiters: escaped they are text
			}
			for _, format := range []string{"%%%02x", "%%%02X"} {
				odd := target[:i] + fmt.Sprintf(format, target[i]) + target[i+1:]
				switch got := outcome(routes, get(odd)); {
				case got == want:
					same++
				case allowed(got):
					t.Errorf("%s gives %s, but %s gives %s", target, want, odd, got)
				default:
					denied++
				}
			}
		}
	}
	if same < 100 || denied < 20 {
		t.Errorf("%d spellings gave the same, %d a denial: the test tests nothing", same, denied)
	}
}

// Every one of many lines is found by a path of its own.
func TestTwelveThousandRoutes(t *testing.T) {
	routes := many(t, 12_000)
	ops := routes.Operations()
	if len(ops) != 12_000 {
		t.Fatalf("%d operations", len(ops))
	}
	for _, op := range ops {
		method, _, _ := strings.Cut(op.Method, "|")
		if method == "ANY" {
			method = "PATCH"
		}
		req := request(t, method+" "+example(op.segments))
		if m, err := routes.Match(req); err != nil || m.Op != op {
			t.Fatalf("%s %s matches %v, %v; want %v", method, req.Path, m.Op, err, op)
		}
	}
}

// A path that goes astray at every level costs little, whatever the lines are.
func TestMatchIsBounded(t *testing.T) {
	var ops []string
	for depth := 1; depth <= 12; depth++ { // at each level a literal and a capture
		for _, last := range []string{"a", "{z}"} {
			ops = append(ops, "GET"+strings.Repeat("/a", depth-1)+"/"+last, "GET"+strings.Repeat("/a", depth-1)+"/b/"+last)
		}
	}
	routes := compile(t, withTargets(ops)...)
	req := request(t, "GET /"+strings.Repeat("a/", 5000)+"x")
	if n := testing.AllocsPerRun(10, func() { narrowest(routes, "GET", req.Segs) }); n != 0 {
		t.Errorf("a long path allocates %v times", n)
	}
	if got := matched(routes, "GET /"+strings.Repeat("a/", 5000)+"x"); got != "no_route" {
		t.Errorf("got %s", got)
	}
}
