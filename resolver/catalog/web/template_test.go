package web

import (
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

func put(t testing.TB, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// hostile are ids that would like to be another path.
var hostile = []string{
	"a/b", "../b", "a/../../admin", "/", "//evil.example.com/", `\..\b`, "?x=1", "a?x", "#f", "a#b", "%2e%2e", "%2F", "a%", "a b", "a+b", "a;x=y",
	"a&b=c", "a=b", "@evil.example.com", ":80", "\r\nX-Evil: 1", "\x00", "a\tb", "é", "日本", "\xff\xfe", "{id}", "...", ".a", "a.", "~", "-", "_",
}

func TestK1NoIDChangesWhatIsAskedFor(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/v1/accounts/")
		segment, after, _ := strings.Cut(rest, "/")
		id, err := url.PathUnescape(segment)
		if !ok || after != "rows" || err != nil || r.URL.RawQuery != "view=short" || r.Header.Get("X-Evil") != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		reply200(w, map[string]any{"id": strings.ToValidUTF8(id, "?")})
	})
	inPath := open(t, a, Type{URL: "/v1/accounts/{id}/rows?view=short"}, nil)
	for _, id := range hostile {
		switch r := catalogtest.Get(t, inPath, id)[0]; {
		case id == "\xff\xfe": // what JSON cannot say back is another id
			if !r.Found || r.Bad == "" {
				t.Errorf("%q: %+v", id, r)
			}
		case !r.Found || r.Bad != "":
			t.Errorf("%q: %+v", id, r)
		}
	}
	for _, id := range []string{".", ".."} { // to many servers another path however they are written
		n := len(a.requests())
		if r := catalogtest.Get(t, inPath, id)[0]; !r.Found || r.Bad == "" || len(a.requests()) != n {
			t.Errorf("%q was asked for: %+v", id, r)
		}
	}
}

func TestK1NoIDChangesTheQuery(t *testing.T) {
	a := serve(t, func(w http.ResponseWriter, r *http.Request) {
		q, err := url.ParseQuery(r.URL.RawQuery)
		if err != nil || r.URL.Path != "/rows" || len(q) != 2 || len(q["key"]) != 1 || q.Get("view") != "short" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		reply200(w, map[string]any{"id": strings.ToValidUTF8(q.Get("key"), "?")})
	})
	s := open(t, a, Type{URL: "/rows?key={id}&view=short"}, nil)
	for _, id := range append([]string{".", ".."}, hostile...) {
		if r := catalogtest.Get(t, s, id)[0]; !r.Found || (r.Bad != "") != (id == "\xff\xfe") {
			t.Errorf("%q: %+v", id, r)
		}
	}
}

func TestTemplates(t *testing.T) {
	for raw, want := range map[string]string{
		"https://api.example.com/a/{id}":         "",
		"https://api.example.com/a?x={id}":       "",
		"https://api.example.com:8443/{id}.json": "",
		"http://127.0.0.1:80/{id}":               "",
		"https://api.example.com/a":              "has no {id}",
		"https://{id}.example.com/a":             "stands in the path or the query",
		"https://api.example.com{id}":            "stands in the path or the query",
		"https://api.example.com:{id}/":          "is not an absolute URL",
		"{id}://api.example.com/":                "is not https",
		"https://{id}@api.example.com/":          "has a user",
		"https://api.example.com/#{id}":          "has a user or a fragment",
		"https://api.example.com/{id}/{id}":      "comes once",
		"https://api.example.com/{type}/{id}":    "comes once",
		"http://api.example.com/{id}":            "is http and not loopback",
		"https://u:secret@api.example.com/{id}":  "has a user",
		"/a/{id}":                                "is not an absolute URL",
	} {
		_, err := parseTemplate(raw, true)
		if (err == nil) != (want == "") || err != nil && (!strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret")) {
			t.Errorf("%s: %v, want %q", raw, err, want)
		}
	}
}

func FuzzExpand(f *testing.F) {
	for _, id := range hostile {
		f.Add(id)
	}
	t1, err := parseTemplate("https://api.example.com/v1/accounts/{id}/rows?view=short", false)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, id string) {
		full, ok := t1.expand(id)
		if !ok {
			return
		}
		u, err := url.Parse(full)
		if err != nil {
			t.Fatalf("%q makes %q: %v", id, full, err)
		}
		parts := strings.Split(u.EscapedPath(), "/")
		if u.Host != "api.example.com" || u.RawQuery != "view=short" || u.Fragment != "" || len(parts) != 5 || parts[4] != "rows" {
			t.Fatalf("%q makes %q", id, full)
		}
		if back, err := url.PathUnescape(parts[3]); err != nil || back != id {
			t.Fatalf("%q comes back as %q, %v", id, back, err)
		}
	})
}
