package spec

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

const covered = `tiers: [ { name: internal }, { name: restricted } ]
unclassified: restricted
broad_above: internal
objects:
  - { type: pet, tier: internal, actions: { feed: {} } }
  - { type: toy }
  - { type: owner, tier: internal }
  - { type: barn, tier: restricted }
routes:
  - host: a.example.com
    map:
      - GET /pets -> list pet
      - GET /pets/{id} -> read pet/{id}
      - DELETE /pets/{id} -> delete pet/{id}
      - POST /pets/{id}/feed -> feed pet/{id}
      - GET /toys/{id} -> read toy/{id}
      - GET /owners/{id} -> read owner/{id}
      - GET /barns/{id} -> read barn/{id}
      - GET /debug/{x} -> read pet/{x}
identities:
  - { name: people, kind: human, match: { issuer: corp, client: [web] } }
rules:
  - { id: read-pets, allow: people, to: [read], on: [pet, toy], up_to: internal }
  - { id: try, mode: shadow, allow: people, to: [delete], on: pet, up_to: internal }
  - { id: any, allow: people, to: ["*"], on: owner, up_to: internal, because: x, owner: x, review_by: 2099-01-01 }
  - { id: low, allow: people, to: [read], on: barn, up_to: internal }
`

const offered = `{"openapi":"3.0.0","servers":[{"url":"https://a.example.com"}],"paths":{
	"/pets":{"get":{}},"/pets/{id}":{"get":{},"delete":{},"put":{}},"/pets/{id}/feed":{"post":{}},
	"/toys/{id}":{"get":{}},"/owners/{id}":{"get":{}},"/barns/{id}":{"get":{}}}}`

func cover(t *testing.T, text, source string) *Coverage {
	t.Helper()
	src, ms := rules.Parse(fstest.MapFS{"a.yaml": {Data: []byte(text)}})
	set, more := rules.Compile(src, rules.Env{Partial: true})
	routes, lines := resolver.Compile(src.Routes, set.Schema())
	if ms = append(append(ms, more...), lines...); len(ms) > 0 {
		t.Fatal(ms.Error())
	}
	doc, err := ReadOpenAPI("a.json", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return Cover([]*Document{doc}, routes, set, "")
}

func TestCoverage(t *testing.T) {
	c := cover(t, covered, offered)
	var got []string
	for _, f := range c.Findings {
		got = append(got, fmt.Sprintf("%s %s", f.Gap, f.Operation))
	}
	slices.Sort(got)
	want := []string{
		"no_route PUT /pets/{id}", "no_rule GET /barns/{id}", "no_rule GET /pets", "no_rule GET /toys/{id}", "no_rule POST /pets/{id}/feed",
		"no_tier GET /toys/{id}", "only_broad GET /owners/{id}", "only_shadow DELETE /pets/{id}", "unbounded GET /pets",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if c.Operations != 8 || c.Covered != 2 { // GET /pets/{id}, and GET /owners/{id} for all that its rule is broad
		t.Errorf("%d of %d", c.Covered, c.Operations)
	}
	if len(c.Unknown) != 1 || !strings.Contains(c.Unknown[0].Line, "/debug/") {
		t.Errorf("unknown: %v", c.Unknown)
	}
}

// Each twin mends one gap, which then is no finding.
func TestCoverageOfTwins(t *testing.T) {
	for _, c := range []struct{ old, new, gone string }{
		{"- { type: toy }", "- { type: toy, tier: internal }", "no_tier GET /toys/{id}"},
		{"- { type: toy }", "- { type: toy, tier: internal }", "no_rule GET /toys/{id}"},
		{"mode: shadow, ", "", "only_shadow DELETE /pets/{id}"},
		{"on: barn, up_to: internal", "on: barn, up_to: restricted, because: x, owner: x, review_by: 2099-01-01", "no_rule GET /barns/{id}"},
		{"to: [\"*\"], on: owner", "to: [read], on: owner", "only_broad GET /owners/{id}"},
		{"GET /pets -> list pet", "GET /pets?o={o} -> list pet[o={o}]", "unbounded GET /pets"},
	} {
		text := strings.Replace(covered, c.old, c.new, 1)
		if strings.Contains(c.new, "[o=") {
			text = strings.Replace(text, "tier: internal, actions", "tier: internal, attributes: { o: string }, actions", 1)
		}
		for _, f := range cover(t, text, offered).Findings {
			if string(f.Gap)+" "+f.Operation == c.gone {
				t.Errorf("%q: still %s", c.new, c.gone)
			}
		}
	}
}

func TestAgainst(t *testing.T) {
	read := func(text string) *Document {
		doc, err := ReadOpenAPI("a.json", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	old, next := read(first), read(strings.Replace(second, `"/owners/{id}":{"get":{}}`,
		`"/owners/{owner}":{"get":{"parameters":[{"name":"tenant","in":"query","required":true}]}}`, 1))
	var got []string
	for _, c := range next.Against(old) {
		got = append(got, c.What+" "+c.Operation)
	}
	slices.Sort(got)
	want := []string{
		"added GET /barns/{id}", "added PATCH /pets/{id}", "added POST /pets/{id}/walk", "changed GET /owners/{owner}",
		"removed DELETE /pets/{id}", "removed GET /toys/{id}",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if same := old.Against(read(first)); len(same) > 0 {
		t.Errorf("a version differs from itself: %v", same)
	}
}

func TestSpecificationsThatAreNone(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "[]": "", "a: 1": "neither openapi nor swagger", `{"swagger":"1.2"}`: "want 2.0", `{"openapi":"3.0.0"}`: "no paths",
		`{"openapi":"3.0.0","paths":{"/a":{"$ref":"other.yaml#/a"}}}`: "", "\xff\xfe": "",
		`{"openapi":"3.0.0","paths":{"/a":{"get":{"parameters":[{"$ref":"#/nowhere"}]}}}}`: "",
	} {
		doc, err := ReadOpenAPI("a.json", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, %v, want an error with %q", text, doc, err, want)
		}
	}
	if _, err := ReadGraphQL("a.graphql", []byte("type Query {")); err == nil {
		t.Error("half a schema was read")
	}
	if _, err := ReadMCP("a.tools.json", []byte(`{"tools":[{"name":"x"}]}`)); err == nil {
		t.Error("a tool without inputSchema was read")
	}
}

func TestHostOfASpecification(t *testing.T) {
	for server, want := range map[string]string{
		"https://API.example.com/v1": "api.example.com", "http(s)://HOSTNAME/api": "", "https://HOSTNAME:8443/api/v3": "hostname",
		"/v1": "", "https://{host}/v1": "", "https://[::1]/": "[::1]", "": "",
	} {
		doc, err := ReadOpenAPI("a.json", []byte(`{"openapi":"3.0.0","servers":[{"url":"`+server+`"}],"paths":{"/a/{id}":{"get":{}}}}`))
		if err != nil {
			t.Errorf("%q: %v", server, err)
			continue
		}
		if p := doc.Propose(Options{}); doc.Host != want || len(p.Lines) != 1 {
			t.Errorf("%q: got host %q and %d lines, want %q and 1", server, doc.Host, len(p.Lines), want)
		}
	}
}
