package spec

import (
	"fmt"
	"strings"
	"testing"
)

// A host that only some operations name selects these, and leaves the others out.
func TestHostSelectsWhatItServes(t *testing.T) {
	doc := mustRead(t, "openapi", "testdata/openapi/places.yaml")
	for host, want := range map[string]string{
		"":                   "GET /fleet/v3/vehicles/{id}",
		"fleet.example.net":  "GET /fleet/v3/vehicles/{id}",
		"people.example.net": "GET /hr/drivers/{id}",
		"test.example.org":   "GET /fleet/v3/vehicles/{id}", // a name of its own for the document's host
	} {
		p := doc.Propose(Options{Host: host})
		found := map[string]bool{}
		for i := range p.Lines {
			found[p.Lines[i].Operation.Name] = true
		}
		if !found[want] {
			t.Errorf("host %q: %q has no line, among %v", host, want, found)
		}
		if other := "GET /hr/drivers/{id}"; other != want && found[other] {
			t.Errorf("host %q: %q has a line, and another host serves it", host, other)
		}
		if len(p.Lines)+len(p.Skipped) != len(doc.Operations)+1 { // the second server
			t.Errorf("host %q: %d lines and %d left out, of %d operations", host, len(p.Lines), len(p.Skipped), len(doc.Operations))
		}
	}
}

// A path whose reference leads nowhere is offered to clients, perhaps: it is named.
func TestReferenceThatLeadsNowhere(t *testing.T) {
	for name, paths := range map[string]string{
		"to itself": `"/a": {"$ref": "#/paths/~1a"}`,
		"nothing":   `"/a": {"$ref": "#/components/pathItems/a"}`,
	} {
		doc, err := ReadOpenAPI("api.json", []byte(`{"openapi": "3.1.0", "paths": {`+paths+`, "/b/{id}": {"get": {}}}, "components": {"pathItems": {"a": {}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		p := doc.Propose(Options{})
		if len(p.Lines) != 1 || len(p.Skipped) != 1 || p.Skipped[0].Name != "/a" || !strings.Contains(p.Skipped[0].Why, "leads to no operation") {
			t.Errorf("%s: %d lines, left out %v", name, len(p.Lines), p.Skipped)
		}
	}
}

// What one begins with: ids of few parts before types with many lines.
func TestStart(t *testing.T) {
	for _, c := range []struct{ name, paths, want string }{
		{"nothing is read by an id", `"/a": {"get": {}}, "/a/{id}": {"delete": {}}`, ""},
		{"few parts", `"/a/{x}/b/{y}": {"get": {}, "put": {}, "delete": {}}, "/c/{id}": {"get": {}}`, "GET /c/{id}"},
		{"many lines", `"/a/{id}": {"get": {}}, "/b/{id}": {"get": {}, "delete": {}}`, "GET /b/{id}"},
		{"short path", `"/v1/a/{id}": {"get": {}}, "/b/{id}": {"get": {}}`, "GET /b/{id}"},
		{"the first", `"/b/{id}": {"get": {}}, "/a/{id}": {"get": {}}`, "GET /a/{id}"},
	} {
		doc, err := ReadOpenAPI("api.json", []byte(`{"openapi": "3.0.0", "paths": {`+c.paths+`}}`))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if l := doc.Propose(Options{}).Start(); l != nil {
			got = l.Operation.Name
		}
		if got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// Samples have the form that the specification gives ids, and never meet.
func TestSample(t *testing.T) {
	doc, err := ReadOpenAPI("api.json", []byte(`{"openapi": "3.1.0", "paths": {"/t/{tenant}/n/{no}/u/{user-id}": {
		"parameters": [{"name": "user-id", "in": "path", "schema": {"type": "string", "format": "uuid"}}],
		"get": {"parameters": [{"name": "no", "in": "path", "schema": {"type": "integer"}}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{
		"/t/a1/n/102/u/00000000-0000-4000-8000-000001000003 [a1 102 00000000-0000-4000-8000-000001000003]",
		"/t/b1/n/202/u/00000000-0000-4000-8000-000002000003 [b1 202 00000000-0000-4000-8000-000002000003]",
	} {
		path, ids, err := doc.Operations[0].Sample(n + 1)
		if got := fmt.Sprintf("%s %v", path, ids); err != nil || got != want {
			t.Errorf("Sample(%d) = %s, %v, want %s", n+1, got, err, want)
		}
	}
}

// A path's own text goes out as clients write it: an escape more is another text to
// some servers, and denied.
func TestSampleKeepsTheText(t *testing.T) {
	for path, want := range map[string]string{
		"/Users('{id}')":        "/Users('a1')",
		"/a,b=c@d:e/{id}+x":     "/a,b=c@d:e/a1+x",
		"/m\u00fcsli/{id}":      "/m%C3%BCsli/a1",
		"/v1/%28x%29/{id}.json": "/v1/(x)/a1.json",
	} {
		op := Operation{Method: "GET", Path: path}
		if got, _, err := op.Sample(1); err != nil || got != want {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
}
