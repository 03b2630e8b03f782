package resolver

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// finds is a request's line and its captures, or the reason of a denial.
func finds(routes *Routes, request string) string {
	method, path, _ := strings.Cut(request, " ")
	op, captures, err := routes.Find(testHost, method, path)
	if err != nil {
		return string(reason(err))
	}
	out := op.Template
	for _, name := range slices.Sorted(maps.Keys(captures)) {
		out += fmt.Sprintf(" %s=%s", name, captures[name])
	}
	return out
}

func TestCapturesAndTextInASegment(t *testing.T) {
	routes := compile(t, withTargets([]string{
		"GET /repos/{o}/{r}/compare/{base}...{head}", "GET /repos/{o}/{r}/compare/{one}", "GET /v1/files/{id}.json", "GET /v1/files/{id}", "GET /v1/files/all.json",
		"POST /v1/{name}:cancel", "POST /v1/{name}:{verb}", "POST /v1/x:cancel", "GET /odata/fn(category='{c}')", "GET /odata/by(n={n},c='{c}')",
		"GET /t/{z}/{x}/{y}@{scale}x.{format}", "GET /w/v{n}", "GET /m/{a}X{b}",
	})...)
	for _, c := range []struct{ row, request, want string }{
		{"two captures", "GET /repos/a/b/compare/main...dev", "/repos/{o}/{r}/compare/{base}...{head} base=main head=dev o=a r=b"},
		{"two captures that are escaped", "GET /repos/a/b/compare/ma%20in...d%C3%A9v", "/repos/{o}/{r}/compare/{base}...{head} base=ma in head=dév o=a r=b"},
		{"text between them that is escaped", "GET /repos/a/b/compare/main%2e..dev", "ambiguous_path"},
		{"dots of their own", "GET /repos/a/b/compare/v1.0...v1.1", "/repos/{o}/{r}/compare/{base}...{head} base=v1.0 head=v1.1 o=a r=b"},
		{"two readings", "GET /repos/a/b/compare/x....y", "ambiguous_path"},
		{"two readings, of which one is empty behind", "GET /repos/a/b/compare/x...y...", "ambiguous_path"},
		{"two readings, of which one is empty in front", "GET /repos/a/b/compare/...x...y", "ambiguous_path"},
		{"two readings far apart", "GET /repos/a/b/compare/x...y...z", "ambiguous_path"},
		{"an ellipsis, which is three dots to some", "GET /repos/a/b/compare/x...y%E2%80%A6z", "ambiguous_path"},
		{"a capture that would be empty", "GET /repos/a/b/compare/...dev", "/repos/{o}/{r}/compare/{one} o=a one=...dev r=b"},
		{"text behind", "GET /v1/files/a7.json", "/v1/files/{id}.json id=a7"},
		{"the longest reading is the only one", "GET /v1/files/a.json.json", "/v1/files/{id}.json id=a.json"},
		{"text behind in another case", "GET /v1/files/a7.JSON", "ambiguous_path"},
		{"no text behind", "GET /v1/files/a7.xml", "/v1/files/{id} id=a7.xml"},
		{"text alone", "GET /v1/files/.json", "/v1/files/{id} id=.json"},
		{"a literal beats it", "GET /v1/files/all.json", "/v1/files/all.json"},
		{"a verb", "POST /v1/x7:cancel", "/v1/{name}:cancel name=x7"},
		{"an escaped verb", "POST /v1/x7%3Acancel", "ambiguous_path"},
		{"another verb", "POST /v1/x7:pause", "/v1/{name}:{verb} name=x7 verb=pause"},
		{"the verb in another case", "POST /v1/x7:Cancel", "ambiguous_path"},
		{"the name itself", "POST /v1/x:cancel", "/v1/x:cancel"},
		{"two colons", "POST /v1/a:b:pause", "ambiguous_path"},
		{"two colons before a verb", "POST /v1/a:b:cancel", "/v1/{name}:cancel name=a:b"},
		{"brackets", "GET /odata/fn(category='shoes')", "/odata/fn(category='{c}') c=shoes"},
		{"brackets of two", "GET /odata/by(n=7,c='shoes')", "/odata/by(n={n},c='{c}') c=shoes n=7"},
		{"three captures", "GET /t/1/2/3@2x.png", "/t/{z}/{x}/{y}@{scale}x.{format} format=png scale=2 x=2 y=3 z=1"},
		{"text in front", "GET /w/v12", "/w/v{n} n=12"},
		{"the text alone", "GET /w/v", "no_route"},
		{"two readings without case", "GET /m/1x2X3", "ambiguous_path"},
		{"another method", "GET /v1/x7:cancel", "no_route"},
		{"an empty segment", "GET /v1/files/", "no_route"},
		{"escaped twice", "GET /v1/files/a%2525.json", "ambiguous_path"},
	} {
		if got := finds(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
}

func TestCapturesOfSeveralSegments(t *testing.T) {
	routes := compile(t, withTargets([]string{
		"GET /v2/{name=**}/manifests/{ref}", "GET /v2/{name=**}/tags/list", "GET /v2/{name=**}", "GET /v2/{name=**}/tags/list/",
		"GET /v1/{name=projects/*/secrets/*}", "GET /v1/{name=projects/*/secrets/*}:access", "POST /v1/{name=**}:cancel", "POST /v1/{name=operations/**}:cancel",
		"GET /v1/{name=projects/*/settings}", "GET /db/{parent=documents/*/**}/{collection}", "GET /r/{o}/contents/{path=**}", "GET /r/{o}/contents/README", "GET /apis/{g}/ns/{n}/proxy/{path=**}",
	})...)
	for _, c := range []struct{ row, request, want string }{
		{"in the middle", "GET /v2/library/redis/manifests/7.2", "/v2/{name=**}/manifests/{ref} name=library/redis ref=7.2"},
		{"in the middle, one segment", "GET /v2/redis/manifests/7.2", "/v2/{name=**}/manifests/{ref} name=redis ref=7.2"},
		{"what follows comes twice", "GET /v2/a/manifests/b/manifests/c", "/v2/{name=**}/manifests/{ref} name=a/manifests/b ref=c"},
		{"nothing in the middle", "GET /v2/manifests/c", "/v2/{name=**} name=manifests/c"},
		{"another end", "GET /v2/a/b/tags/list", "/v2/{name=**}/tags/list name=a/b"},
		{"another end in another case", "GET /v2/a/b/Tags/list", "ambiguous_path"},
		{"no such end", "GET /v2/a/b/tags/all", "/v2/{name=**} name=a/b/tags/all"},
		{"a slash at the end that is meant", "GET /v2/a/b/tags/list/", "/v2/{name=**}/tags/list/ name=a/b"},
		{"a slash at the end", "GET /v2/a/b/", "no_route"},
		{"named segments", "GET /v1/projects/p1/secrets/s1", "/v1/{name=projects/*/secrets/*} name=projects/p1/secrets/s1"},
		{"named segments and a verb", "GET /v1/projects/p1/secrets/s1:access", "/v1/{name=projects/*/secrets/*}:access name=projects/p1/secrets/s1"},
		{"too few of them", "GET /v1/projects/p1/secrets", "no_route"},
		{"too many of them", "GET /v1/projects/p1/secrets/s1/x", "no_route"},
		{"others", "GET /v1/projects/p1/tokens/s1", "no_route"},
		{"a literal at the end", "GET /v1/projects/p1/settings", "/v1/{name=projects/*/settings} name=projects/p1/settings"},
		{"a verb behind a rest", "POST /v1/a/b/c:cancel", "/v1/{name=**}:cancel name=a/b/c"},
		{"a verb behind one segment", "POST /v1/c:cancel", "/v1/{name=**}:cancel name=c"},
		{"a verb behind nothing", "POST /v1/:cancel", "no_route"},
		{"the narrower of two", "POST /v1/operations/c/d:cancel", "/v1/{name=operations/**}:cancel name=operations/c/d"},
		{"another case of it", "POST /v1/Operations/c/d:cancel", "ambiguous_path"},
		{"segments and a rest", "GET /db/documents/a/b/c/things", "/db/{parent=documents/*/**}/{collection} collection=things parent=documents/a/b/c"},
		{"too few for the rest", "GET /db/documents/a/things", "no_route"},
		{"a rest at the end", "GET /r/o/contents/a/b%20c", "/r/{o}/contents/{path=**} o=o path=a/b c"},
		{"a literal beats a rest", "GET /r/o/contents/README", "/r/{o}/contents/README o=o"},
		{"behind more captures", "GET /apis/g/ns/n/proxy/a/b", "/apis/{g}/ns/{n}/proxy/{path=**} g=g n=n path=a/b"},
		{"dots in a rest", "GET /v2/a/%2e%2e/b", "ambiguous_path"},
	} {
		if got := finds(routes, c.request); got != c.want {
			t.Errorf("%s: %s: got %q, want %q", c.row, c.request, got, c.want)
		}
	}
	if _, _, err := routes.Find("other.example.com", "GET", "/v2/a"); reason(err) != "no_route" {
		t.Errorf("another host: got %v", err)
	}
}

func TestMethodSets(t *testing.T) {
	routes := compile(t, withTargets([]string{"PUT|PATCH /v1/{id}", "PUT /v1/{id}/x", "ANY /v1/{id}/x", "GET|POST /v1/{id}/x", "GET|DELETE /w/all", "ANY /w/all"})...)
	for _, c := range []struct{ request, want string }{
		{"PUT /v1/7", "PUT|PATCH /v1/{id}"}, {"PATCH /v1/7", "PUT|PATCH /v1/{id}"}, {"GET /v1/7", "no_route"}, {"HEAD /v1/7", "no_route"},
		{"PUT /v1/7/x", "PUT /v1/{id}/x"}, {"POST /v1/7/x", "GET|POST /v1/{id}/x"}, {"HEAD /v1/7/x", "GET|POST /v1/{id}/x"}, {"DELETE /v1/7/x", "ANY /v1/{id}/x"},
		{"DELETE /w/all", "GET|DELETE /w/all"}, {"PUT /w/all", "ANY /w/all"}, {"PUT|PATCH /v1/7", "malformed_request"},
	} {
		if got := matched(routes, c.request); got != c.want {
			t.Errorf("%s: got %q, want %q", c.request, got, c.want)
		}
	}
}

// Two forms at one place that overlap load only where one is narrower.
func TestOverlapsOfPatterns(t *testing.T) {
	for _, c := range []struct {
		row   string
		lines []string
		want  string // in the report; "" for none
	}{
		{"a pattern is narrower than a capture", []string{"GET /v1/{id}", "GET /v1/{id}.json", "GET /v1/a.json"}, ""},
		{"a longer text is narrower", []string{"GET /v1/{id}.json", "GET /v1/{id}.min.json", "GET /v1/v{id}.min.json"}, ""},
		{"texts that exclude each other", []string{"GET /v1/{id}.json", "GET /v1/{id}.xml", "GET /v1/a{id}x", "GET /v1/b{id}x"}, ""},
		{"two verbs and any verb", []string{"POST /v1/{n}:a", "POST /v1/{n}:b", "POST /v1/{n}:{verb}"}, ""},
		{"the names of captures", []string{"POST /v1/{n}:a", "POST /v1/{m}:a"}, `"POST /v1/{m}:a" is already mapped at rules.yaml:2:3 (both match /v1/x:a`},
		{"front against back", []string{"GET /v1/a{x}", "GET /v1/{x}b"}, "both match GET /v1/ab, neither is narrower: add a line for all that both match, or change one"},
		{"front against back, half settled", []string{"GET /v1/a{x}", "GET /v1/{x}b", "GET /v1/a{x}b"}, "both match GET /v1/ab, neither"},
		{"front against back, settled", []string{"GET /v1/a{x}", "GET /v1/{x}b", "GET /v1/a{x}b", "GET /v1/ab"}, ""},
		{"two texts in the middle", []string{"GET /v1/{x}-{y}", "GET /v1/{x}.{y}"}, "both match GET /v1/x"},
		{"a pattern against a literal further on", []string{"GET /v1/{x}.json/a", "GET /v1/a.json/{y}"}, "both match GET /v1/a.json/a"},
		{"patterns that exclude each other further on", []string{"GET /v1/{x}.json/a", "GET /v1/{z}/b{y}"}, ""},
		{"two rests in the middle", []string{"GET /v2/{n=**}/a/{r}", "GET /v2/{n=**}/{x}/b"}, "both match GET /v2/x/a/b"},
		{"ends that exclude each other", []string{"GET /v2/{n=**}/a/{r}", "GET /v2/{n=**}/b/{r}"}, ""},
		{"an end within the rest of another", []string{"GET /v2/{n=**}/a/{r}", "GET /v2/{n=**}/a/{r}/c"}, "both match GET /v2/x/a/a/c"},
		{"a rest in the middle against a plain line", []string{"GET /v2/{n=**}/a", "GET /v2/{x}/{y}"}, "both match GET /v2/x/a, neither is narrower"},
		{"and a line settles it", []string{"GET /v2/{n=**}/a", "GET /v2/{x}/{y}", "GET /v2/{x}/a"}, ""},
		{"the same in two forms", []string{"GET /v2/{x}/{n=**}", "GET /v2/{n=**}/{x}"}, "is already mapped at rules.yaml:2:3"},
		{"all of a rest by its parts", []string{"ANY /v1/{p=**}", "GET /v1/{p=**}/x", "GET /{v}/{p=**}", "GET /v1/{a}", "GET /v1/{a}/{p=**}"}, ""},
		{"a verb behind a rest and a rest", []string{"POST /v1/{n=**}:v", "POST /v1/{n=**}", "POST /v1/{n}:v", "POST /v1/a/b:v"}, ""},
		{"a verb behind a rest and a capture", []string{"POST /v1/{n=**}:v", "POST /v1/{n}"}, "both match POST /v1/x:v, neither is narrower"},
		{"method sets that cross", []string{"PUT|PATCH /v1/{x}", "PATCH|POST /v1/{x}"}, `both match PATCH /v1/x, neither is narrower: add a line for PATCH /v1/{x}`},
		{"and a line settles them", []string{"PUT|PATCH /v1/{x}", "PATCH|POST /v1/{x}", "PATCH /v1/{x}"}, ""},
		{"a wider path with fewer methods", []string{"PUT|PATCH /v1/a", "PUT /v1/{x}"}, "both match PUT /v1/a, neither is narrower: add a line for PUT /v1/a"},
	} {
		got := mistakes(withTargets(c.lines)...)
		if c.want == "" && got != "" || !strings.Contains(got, c.want) {
			t.Errorf("%s: got %q\nwant %q", c.row, got, c.want)
		}
		reversed := slices.Clone(c.lines)
		slices.Reverse(reversed)
		if again := mistakes(withTargets(reversed)...); (again == "") != (got == "") {
			t.Errorf("%s: the order of lines matters: %q, reversed %q", c.row, got, again)
		}
	}
}

// What once() says is what counting all ways to divide a segment says.
func TestOnceCountsReadings(t *testing.T) {
	for _, text := range [][]string{{"", ".", ""}, {"", "..", ""}, {"a", "aa", "a"}, {"", "a", "b", ""}, {"", "ab", "a", ""}} {
		for _, seg := range strings.Fields("a.b a..b .a. a...b aaaa aaaaa aaaaaa aaaaaaa cacbc cabcbc cababc abab cabcac caabaac cacacbcbc") {
			n, all := readings(text, seg, true, 1), readings(text, seg, true, 0)
			if got := onlyOnce(text, seg); got != (all == 1) || matches(text, seg) != (n > 0) {
				t.Errorf("%q divides %q in %d ways, %d with empty captures; once %v, matches %v", text, seg, n, all, got, matches(text, seg))
			}
		}
	}
}

func readings(text []string, seg string, first bool, least int) (n int) {
	rest, ok := strings.CutPrefix(seg, text[0])
	if first && !ok {
		return 0
	}
	if first {
		return readings(text[1:], rest, false, least)
	}
	if len(text) == 1 {
		if before, ok := strings.CutSuffix(seg, text[0]); ok && len(before) >= least {
			return 1
		}
		return 0
	}
	for i := least; i < len(seg); i++ {
		if rest, ok := strings.CutPrefix(seg[i:], text[0]); ok {
			n += readings(text[1:], rest, false, least)
		}
	}
	return n
}
