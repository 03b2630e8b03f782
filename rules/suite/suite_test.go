package suite

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

var update = flag.Bool("update", false, "rewrite want.txt in the cases")

func at() time.Time { return time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC) }

// configured is what the cases' issuers are when a case has a configuration.
func configured() Options {
	return Options{
		Now:     at(),
		Resolve: resolver.Options{MaxBody: 60 << 10},
		Env: rules.Env{
			Issuers: map[string]rules.IssuerEnv{
				"corp":     {Claims: map[string]rules.Kind{"role": rules.String, "teams": rules.StringList, "groups": rules.StringList}, Fixed: map[string]any{"tenant": "eu"}},
				"acme-idp": {},
				"crew":     {Claims: map[string]rules.Kind{"role": rules.String}, Subjects: rules.SubjectsEnv{Catalog: "staff"}},
			},
			Catalogs: []string{"accounts", "staff"}, Managed: []string{"x-tenant", "x-owner"},
		},
		Claims: map[string]ClaimNames{"corp": {Purpose: "use", Client: "cid"}},
	}
}

func partial() Options {
	return Options{Env: rules.Env{Partial: true}, Now: at(), Resolve: resolver.Options{MaxBody: 60 << 10}}
}

// shared are the rules of all cases that bring none of their own.
func shared(t *testing.T) fstest.MapFS {
	t.Helper()
	fsys := fstest.MapFS{}
	for _, name := range []string{"rules.yaml"} {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		fsys[name] = &fstest.MapFile{Data: text}
	}
	return fsys
}

// TestRun runs each case of testdata/run over the shared rules. A case's comment
// that begins with "partial:" has no configuration.
func TestRun(t *testing.T) {
	paths, err := filepath.Glob("testdata/run/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal(paths, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			fsys, o := shared(t), configured()
			if strings.HasPrefix(string(archive.Comment), "partial:") {
				o = partial()
			}
			var want *txtar.File
			for i, f := range archive.Files {
				if f.Name == "want.txt" {
					want = &archive.Files[i]
					continue
				}
				fsys[f.Name] = &fstest.MapFile{Data: f.Data}
			}
			got := text(t, fsys, o)
			if want == nil || string(want.Data) != got && *update {
				if !*update {
					t.Fatalf("no want.txt; got:\n%s", got)
				}
				if want == nil {
					archive.Files = append(archive.Files, txtar.File{Name: "want.txt"})
					want = &archive.Files[len(archive.Files)-1]
				}
				want.Data = []byte(got)
				if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if diff := cmp.Diff(string(want.Data), got); diff != "" {
				t.Errorf("report (-want +got):\n%s", diff)
			}
		})
	}
}

func text(t *testing.T, fsys fs.FS, o Options) string {
	t.Helper()
	r, err := Run(t.Context(), fsys, o)
	var ms rules.Mistakes
	if errors.As(err, &ms) {
		return ms.Error() + "\n"
	}
	if err != nil {
		return err.Error() + "\n"
	}
	var b strings.Builder
	if err := r.WriteText(&b, true); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const twoTests = `
tests:
  - { name: own, as: customers, claims: { sub: ada }, send: "GET https://api.example.com/accounts/A1", objects: { account/A1: { owner: ada } }, want: { allow: true } }
  - { name: wrong, as: customers, claims: { sub: bob }, send: "GET https://api.example.com/accounts/A1", objects: { account/A1: { owner: ada } }, want: { allow: true } }
`

func runTwo(t *testing.T, o Options) *Report {
	t.Helper()
	fsys := shared(t)
	fsys["two_test.yaml"] = &fstest.MapFile{Data: []byte(twoTests)}
	r, err := Run(t.Context(), fsys, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestRunSelectsByName(t *testing.T) {
	o := configured()
	o.Run = regexp.MustCompile("^own$")
	if r := runTwo(t, o); len(r.Results) != 1 || r.Failed() != 0 {
		t.Errorf("%d tests ran, %d failed, want 1 and 0", len(r.Results), r.Failed())
	}
	o.Run = regexp.MustCompile("^none$")
	fsys := shared(t)
	fsys["two_test.yaml"] = &fstest.MapFile{Data: []byte(twoTests)}
	if _, err := Run(t.Context(), fsys, o); !errors.Is(err, ErrNoTests) {
		t.Errorf("no name fits: %v, want ErrNoTests", err)
	}
}

func TestJSON(t *testing.T) {
	var b bytes.Buffer
	if err := runTwo(t, configured()).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Policy  string
		Results []struct {
			Name, Pos string
			Passed    bool
			Faults    []string
			Got       struct {
				Effect, Reason string
				Status         int
				Rules          []string
			}
		}
		Warnings  []Warning
		Unchecked []string
		Coverage  map[string]struct {
			All, Reached int
			Missing      []Thing
		}
	}
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	own, wrong := got.Results[0], got.Results[1]
	if !own.Passed || own.Got.Effect != "allow" || own.Got.Rules[0] != "own-accounts" || own.Pos != "two_test.yaml:3:5" {
		t.Errorf("own = %+v", own)
	}
	if wrong.Passed || wrong.Got.Reason != "no_rule" || wrong.Got.Status != 403 || len(wrong.Faults) != 2 {
		t.Errorf("wrong = %+v", wrong)
	}
	if got.Warnings == nil || got.Unchecked == nil || got.Coverage["rules"].Reached != 1 || len(got.Policy) != 64 {
		t.Errorf("report:\n%s", &b)
	}
}

func TestJUnit(t *testing.T) {
	var b bytes.Buffer
	if err := runTwo(t, configured()).WriteJUnit(&b); err != nil {
		t.Fatal(err)
	}
	var got junitSuite
	if err := xml.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	if got.Tests != 2 || got.Failures != 1 || got.Cases[0].Failure != nil || got.Cases[1].Failure == nil {
		t.Fatalf("suite:\n%s", &b)
	}
	if c := got.Cases[1]; c.File != "two_test.yaml" || c.Line != 4 || !strings.HasPrefix(c.Failure.Message, "got deny no_rule (403)") {
		t.Errorf("case = %+v, failure = %+v", c, c.Failure)
	}
}

func TestTestFilesThatCannotBeRead(t *testing.T) {
	for name, fsys := range map[string]fstest.MapFS{
		"pipe":      {"a_test.yaml": {Mode: fs.ModeNamedPipe}},
		"too large": {"a_test.yaml": {Data: bytes.Repeat([]byte(" "), 8<<20+1)}},
		"empty":     {"a_test.yaml": {}},
	} {
		fsys["rules.yaml"] = shared(t)["rules.yaml"]
		_, err := Run(t.Context(), fsys, configured())
		if ms, ok := errors.AsType[rules.Mistakes](err); !ok || ms[0].Pos.File != "a_test.yaml" {
			t.Errorf("%s: %v, want a mistake that names a_test.yaml", name, err)
		}
	}
	hidden := shared(t)
	hidden["..data/a_test.yaml"] = &fstest.MapFile{Data: []byte("nonsense")}
	if _, err := Run(t.Context(), hidden, configured()); !errors.Is(err, ErrNoTests) {
		t.Errorf("a directory with a dot was entered: %v", err)
	}
}

func TestTheBankExamplePassesItsTests(t *testing.T) {
	r, err := Run(t.Context(), os.DirFS("../../examples/bank/rules"), partial())
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range r.Results {
		for _, fault := range result.Faults {
			t.Errorf("%v: %s: %s", result.Pos, result.Name, fault)
		}
	}
}
