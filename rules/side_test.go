package rules

import (
	"strings"
	"testing"
	"testing/fstest"
)

// A declaration gets the file that it names, and each way of not naming one in
// the directory is refused.
func TestSideFiles(t *testing.T) {
	for _, c := range []struct{ row, graphql, want string }{
		{"beside the rules", "schema.graphql", ""},
		{"in a directory below", "more/deep.graphql", ""},
		{"absent", "other.graphql", `there is no file "sub/other.graphql"`},
		{"misspelt", "schemo.graphql", `did you mean "sub/schema.graphql"?`},
		{"above, within the directory", "../top.graphql", ""},
		{"outside of the directory", "../../schema.graphql", "is not in the rules directory"},
		{"an absolute path", "/schema.graphql", "is not in the rules directory"},
		{"another ending", "schema.json", "does not end in .graphql"},
		{"hidden", ".schema.graphql", `there is no file "sub/.schema.graphql"`},
	} {
		t.Run(c.row, func(t *testing.T) {
			src, ms := Parse(fstest.MapFS{
				"sub/a.yaml":            {Data: []byte("routes:\n  - host: a.example.com\n    graphql: { path: /graphql, schema: " + c.graphql + " }\n")},
				"sub/schema.graphql":    {Data: []byte("one")},
				"sub/.schema.graphql":   {Data: []byte("never read")},
				"sub/more/deep.graphql": {Data: []byte("two")},
				"top.graphql":           {Data: []byte("three")},
			})
			if got := ms.Error(); (c.want == "") != (len(ms) == 0) || !strings.Contains(got, c.want) {
				t.Fatalf("got %q, want %q", got, c.want)
			}
			if f := src.Routes[0].GraphQL.Schema.File; (f != nil) != (c.want == "") {
				t.Errorf("file %v", f)
			}
			if len(src.Files) != 4 {
				t.Errorf("%d files are part of the version, want 4", len(src.Files))
			}
		})
	}
}

// A directory of schemas alone holds no rules.
func TestSideFilesAreNoRules(t *testing.T) {
	_, ms := Parse(fstest.MapFS{"schema.graphql": {Data: []byte("x")}})
	if !strings.Contains(ms.Error(), "no *.yaml file") {
		t.Errorf("got %v", ms)
	}
}
