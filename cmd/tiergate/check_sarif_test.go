package main

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// sarifMembers is what SARIF 2.1.0 demands and allows of the objects that we
// write, by where they stand: names of required members first, those that may be
// there after the bar.
var sarifMembers = map[string]string{
	"":                             "version runs | $schema",
	"runs":                         "tool | columnKind results",
	"runs/tool":                    "driver |",
	"runs/tool/driver":             "name | version rules",
	"runs/tool/driver/rules":       "id | shortDescription",
	"runs/results":                 "message | ruleId ruleIndex level locations fixes",
	"runs/results/locations":       "| physicalLocation",
	"runs/results/fixes":           "artifactChanges | description",
	"fixes/artifactChanges":        "artifactLocation replacements |",
	"artifactChanges/replacements": "deletedRegion | insertedContent",
	"physicalLocation":             "| artifactLocation region contextRegion",
	"artifactLocation":             "uri |",
	"region":                       "startLine | startColumn endColumn snippet",
	"text":                         "text |", // a message or an artifact's content
}

// sarifKind is the key of sarifMembers for the object at a path.
func sarifKind(at string) string {
	switch base := path.Base(at); {
	case strings.HasSuffix(strings.ToLower(base), "region"):
		return "region"
	case slices.Contains([]string{"shortDescription", "message", "description", "snippet", "insertedContent"}, base):
		return "text"
	}
	for kind := range sarifMembers {
		if kind != "" && strings.HasSuffix(at, kind) && len(strings.Split(kind, "/")) != 1 {
			return kind
		}
	}
	if base := path.Base(at); sarifMembers[base] != "" {
		return base
	}
	return at
}

func checkSARIF(t *testing.T, at string, v any) {
	t.Helper()
	switch v := v.(type) {
	case []any:
		for _, item := range v {
			checkSARIF(t, at, item)
		}
	case map[string]any:
		members, known := sarifMembers[sarifKind(at)]
		if !known {
			t.Errorf("no kind of object for %q", at)
		}
		required, optional, _ := strings.Cut(members, "|")
		for _, name := range strings.Fields(required) {
			if _, there := v[name]; !there {
				t.Errorf("%s has no %s", at, name)
			}
		}
		allowed := strings.Fields(required + " " + optional)
		for name, member := range v {
			if !slices.Contains(allowed, name) {
				t.Errorf("%s has the member %s", at, name)
			}
			checkSARIF(t, strings.TrimPrefix(at+"/"+name, "/"), member)
		}
	}
}

func TestSARIF(t *testing.T) {
	const text = "rules:\n  - { id: ä, alow: customers }\n"
	f := findings{
		bad: rules.Mistakes{
			{Pos: rules.Pos{File: "rules/a b.yaml", Line: 2, Col: 14}, Text: `unknown key "alow"`, Hint: `did you mean "allow"?`, Code: rules.CodeKey},
			{Pos: rules.Pos{File: "rules"}, Text: "no *.yaml file", Code: rules.CodeMissing},
		},
		odd:    rules.Mistakes{{Pos: rules.Pos{File: "rules/a b.yaml", Line: 2, Col: 5}, Text: `unknown "alow" elsewhere`, Hint: `did you mean "allow"?`, Code: rules.CodeReview}},
		rows:   rowsReport{bad: rules.Mistakes{{Pos: rules.Pos{File: "rules/a b.yaml", Line: 2, Col: 1}, Text: "a row", Code: rules.CodeValue}}},
		source: func(string) string { return text },
		below:  []string{"there/rules"},
	}
	var out strings.Builder
	if err := f.write(&out, "sarif"); err != nil {
		t.Fatal(err)
	}
	var log sarifLog
	var loose any
	for _, v := range []any{&log, &loose} {
		if err := json.Unmarshal([]byte(out.String()), v); err != nil {
			t.Fatal(err)
		}
	}
	checkSARIF(t, "", loose)
	run := log.Runs[0]
	if log.Version != "2.1.0" || len(run.Tool.Driver.Rules) != len(rules.Codes()) || len(run.Results) != 4 {
		t.Fatalf("got %s", out.String())
	}
	for _, r := range run.Results {
		if run.Tool.Driver.Rules[r.RuleIndex].ID != r.RuleID {
			t.Errorf("the index %d is not that of %s", r.RuleIndex, r.RuleID)
		}
	}
	word, whole, row, odd := run.Results[0], run.Results[1], run.Results[2], run.Results[3]
	if p := word.Locations[0].Physical; p.Artifact.URI != "there/rules/a%20b.yaml" || p.Region.StartColumn != 14 || p.Region.EndColumn != 18 {
		t.Errorf("got %+v in %s", p.Region, p.Artifact.URI)
	}
	if r := word.Fixes[0].Changes[0].Replacements[0]; r.Inserted.Text != "allow" || r.Deleted.StartLine != 2 || r.Deleted.EndColumn != 18 {
		t.Errorf("the fix is %+v", r)
	}
	if whole.Locations[0].Physical.Region != nil {
		t.Error("a mistake of a whole file has a region")
	}
	if row.Locations[0].Physical.Context != nil {
		t.Error("a catalog's row is shown")
	}
	if odd.Level != "warning" || len(odd.Fixes) != 0 {
		t.Errorf("a word that does not stand there is replaced, or a warning is none: %+v", odd)
	}
}

func TestGitHubEscapes(t *testing.T) {
	f := findings{bad: rules.Mistakes{{Pos: rules.Pos{File: "a,b:c.yaml", Line: 1, Col: 2}, Text: "50%\r\n::warning::no", Code: rules.CodeValue}}}
	var out strings.Builder
	if err := f.write(&out, "github"); err != nil {
		t.Fatal(err)
	}
	const want = "::error file=a%2Cb%3Ac.yaml,line=1,col=2,title=bad_value::50%25%0D%0A::warning::no\n1 mistake\n"
	if out.String() != want {
		t.Errorf("got %q", out.String())
	}
}
