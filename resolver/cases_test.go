package resolver

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/tiergate/tiergate/rules"
)

var update = flag.Bool("update", false, "rewrite what cases in testdata want")

// A case is a txtar file: rules as users write them, and what comes of them.
// It goes through the loader that the server uses, so columns are those of YAML.
func eachCase(t *testing.T, folder string, run func(t *testing.T, files map[string]string) string) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", folder, "*.txtar"))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, path := range paths {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			ar, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			files := map[string]string{}
			for _, f := range ar.Files {
				files[f.Name] = string(f.Data)
			}
			got := run(t, files)
			if *update {
				ar.Files[len(ar.Files)-1] = txtar.File{Name: "want.txt", Data: []byte(got)}
				if err := os.WriteFile(path, txtar.Format(ar), 0o600); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(files["want.txt"], got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

// load compiles the rules/ of a case as far as this package is concerned.
func load(t *testing.T, files map[string]string) (*Routes, *rules.Source, rules.Mistakes) {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range files {
		if name, ok := strings.CutPrefix(name, "rules/"); ok {
			name, data := encoded(t, name, text)
			fsys[name] = &fstest.MapFile{Data: data}
		}
	}
	src, ms := rules.Parse(fsys)
	if err := ms.Err(); err != nil {
		t.Fatal(err)
	}
	set, ms := rules.Compile(src, rules.Env{Partial: true})
	if set == nil || set.Schema() == nil {
		t.Fatal(ms.Err())
	}
	routes, ms := Compile(src.Routes, set.Schema())
	return routes, src, ms
}

// encoded makes descriptors of their text, api.binpb of api.binpb.txtpb. Other files
// are as they stand.
func encoded(t *testing.T, name, text string) (string, []byte) {
	t.Helper()
	short, ok := strings.CutSuffix(name, ".txtpb")
	if !ok {
		return name, []byte(text)
	}
	set := &descriptorpb.FileDescriptorSet{}
	if err := prototext.Unmarshal([]byte(text), set); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	b, err := proto.MarshalOptions{Deterministic: true}.Marshal(set)
	if err != nil {
		t.Fatal(err)
	}
	return short, b
}

func TestMistakes(t *testing.T) {
	eachCase(t, "mistakes", func(t *testing.T, files map[string]string) string {
		t.Helper()
		_, src, ms := load(t, files)
		if ms.Err() == nil { // Err also sorts
			return "no mistakes\n"
		}
		return ms.Report(func(file string) string {
			for _, f := range src.Files {
				if f.Path == file {
					return f.Text
				}
			}
			return ""
		})
	})
}

// TestResolve sends requests.txt, separated by lines of ---.
func TestResolve(t *testing.T) {
	eachCase(t, "resolve", func(t *testing.T, files map[string]string) string {
		t.Helper()
		routes, _, ms := load(t, files)
		if err := ms.Err(); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		for i, text := range strings.Split(files["requests.txt"], "---\n") {
			if i > 0 {
				out.WriteString("---\n")
			}
			first, _, _ := strings.Cut(text, "\n")
			out.WriteString(first + "\n" + told1(routes, raw(strings.TrimSuffix(text, "\n"))) + "\n")
		}
		return out.String()
	})
}

// told1 is the operation and the targets of a request, a line each, or the fault.
func told1(routes *Routes, r *rules.RawRequest) string {
	req, err := Canonical(r, testOptions)
	if err != nil {
		return err.Error()
	}
	m, err := routes.Match(req)
	switch {
	case err != nil:
		return err.Error()
	case m.Preflight:
		return "preflight"
	case m.Op.Open:
		return m.Op.Pos.String() + ": " + m.Op.Line
	}
	targets, err := m.Targets(req, &rules.Caller{Verified: &rules.Verified{Claims: map[string]any{"customer": "ada"}}})
	if err != nil {
		return m.Op.Pos.String() + ": " + err.Error()
	}
	lines := []string{m.Op.Pos.String() + ": " + m.Line()}
	for i := range targets {
		lines = append(lines, "  "+showTarget(&targets[i]))
	}
	return strings.Join(lines, "\n")
}
