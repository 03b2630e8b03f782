package spec

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// fragment draws an OpenAPI file from pieces that real ones are made of, and from
// some that only the odd ones are.
func fragment(r *rand.Rand) string {
	segments := []string{"users", "orgs", "{id}", "{id}", "{org}", "{a-b}", "items", "search", "close", "v1", "api", "{x}...{y}", "{id}.json", "{id}:cancel",
		"items:batchDelete", "{path+}", "fn(k='{k}')", "exec", "news", "{body}", "", "$count", "ä", "@me", "200", "watch", "a b", "{", "{}", "%2e", ".."}
	paths := map[string]any{}
	for range 1 + r.IntN(12) {
		path := ""
		for range r.IntN(6) {
			path += "/" + segments[r.IntN(len(segments))]
		}
		item := map[string]any{}
		for _, m := range []string{"get", "put", "post", "patch", "delete", "head", "options"} {
			if r.IntN(3) == 0 {
				item[m] = fragmentOp(r)
			}
		}
		paths[path] = item
	}
	text, _ := json.Marshal(map[string]any{
		"openapi": "3.0.0", "paths": paths, "servers": []any{map[string]any{"url": []string{"/", "https://a.example.com/base", ""}[r.IntN(3)]}},
		"components": map[string]any{"schemas": map[string]any{
			"User": map[string]any{"type": "object", "properties": map[string]any{"ssn": map[string]any{"type": "string"}, "a b": map[string]any{"type": "string"}, "x.token": map[string]any{"type": "string"}, "1": map[string]any{"type": "string"}, "yes key": map[string]any{}}},
			"Item": map[string]any{"type": "object", "properties": map[string]any{"self": map[string]any{"$ref": "#/components/schemas/Item"}, "secret": map[string]any{"type": "string"}}},
		}},
	})
	return string(text)
}

func fragmentOp(r *rand.Rand) map[string]any {
	schema := []any{
		map[string]any{"$ref": "#/components/schemas/User"},
		map[string]any{"$ref": "#/components/schemas/Item"},
		map[string]any{"type": "array", "items": map[string]any{"$ref": "#/components/schemas/Item"}},
		map[string]any{"type": "object", "properties": map[string]any{"ids": map[string]any{"type": "array", "items": map[string]any{"type": "string"}}}},
		map[string]any{"allOf": []any{map[string]any{"$ref": "#/components/schemas/User"}}},
	}
	body := func() map[string]any {
		media := []string{"application/json", "application/x-www-form-urlencoded"}[r.IntN(2)]
		return map[string]any{"description": "", "content": map[string]any{media: map[string]any{"schema": schema[r.IntN(len(schema))]}}}
	}
	op := map[string]any{"responses": map[string]any{"200": body()}}
	if r.IntN(2) == 0 {
		op["requestBody"] = body()
	}
	if r.IntN(2) == 0 {
		name := []string{"tenant", "org_id", "q", "filter[org]", "account", "id"}[r.IntN(6)]
		op["parameters"] = []any{map[string]any{"name": name, "in": "query", "required": r.IntN(2) == 0}}
	}
	return op
}

// holds checks what must be true of every proposal: it loads as rules, every
// operation has a line or a reason, and to import it again changes nothing.
func holds(t *testing.T, doc *Document) {
	t.Helper()
	p := doc.Propose(Options{})
	named := map[string]bool{}
	for _, l := range p.Lines {
		named[l.Operation.Name], named[l.Key] = true, true
	}
	for _, s := range p.Skipped {
		if s.Why == "" {
			t.Errorf("%s is left out for no reason", s.Name)
		}
		named[s.Name] = true
	}
	for i := range doc.Operations {
		op := &doc.Operations[i]
		if !named[op.Name] && !named["GET"+strings.TrimPrefix(op.Key, "HEAD")] && !named["GET"+strings.TrimPrefix(op.Name, "HEAD")] {
			t.Errorf("%s vanished", op.Name)
		}
	}
	if len(p.Lines) == 0 {
		return
	}
	text, memory, _, err := p.Merge("", &Memory{}, &Existing{})
	if err != nil {
		t.Fatal(err)
	}
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(text)}, "tiers.yaml": {Data: []byte(Tiers)}})
	set, more := rules.Compile(src, rules.Env{Partial: true})
	_, lines := resolver.Compile(src.Routes, set.Schema())
	if ms = append(append(ms, more...), lines...); len(ms) > 0 {
		t.Fatalf("%s\n%s", ms.Error(), text)
	}
	again, _, report, err := doc.Propose(Options{Names: memory.Names()}).Merge(text, memory, Known(src, p.Host))
	if err != nil || again != text {
		t.Fatalf("import again: %v %+v\n%s\nwas\n%s", err, report, again, text)
	}
}

func TestProposalsOfRandomSpecificationsLoad(t *testing.T) {
	for seed := range uint64(150) {
		text := fragment(rand.New(rand.NewPCG(seed, 1)))
		doc, err := ReadOpenAPI("random.json", []byte(text))
		if err != nil {
			continue // e.g. two paths that the reader takes for one
		}
		t.Run(fmt.Sprint(seed), func(t *testing.T) { holds(t, doc) })
	}
}

func FuzzOpenAPI(f *testing.F) {
	for seed := range uint64(20) {
		f.Add([]byte(fragment(rand.New(rand.NewPCG(seed, 2)))))
	}
	for _, path := range []string{"testdata/openapi/shop.yaml", "testdata/openapi/fleet.json"} {
		text, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if doc, err := ReadOpenAPI("fuzz.yaml", text); err == nil {
			holds(t, doc)
		}
	})
}
