package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/tiergate/tiergate/rules"
)

// What docs/tools.md shows of explain is what it prints about the README's files.
func TestToolsPageShowsExplain(t *testing.T) {
	shown := examples(t, "../../docs/tools.md")
	tour := examples(t, "../../README.md")
	t.Chdir(t.TempDir())
	for _, x := range tour {
		if x.named == "" {
			continue
		}
		if err := os.MkdirAll(filepath.Dir(x.named), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(x.named, []byte(x.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	found := 0
	for _, x := range shown {
		command, want, _ := strings.Cut(x.text, "\n")
		args, ok := strings.CutPrefix(command, "$ tiergate explain ")
		if !ok {
			continue
		}
		found++
		var out bytes.Buffer
		run(append([]string{"explain"}, strings.Fields(args)...), &out, &out)
		if diff := gocmp.Diff(want, withoutPolicy(out.String())); diff != "" {
			t.Errorf("docs/tools.md:%d (-page +command):\n%s", x.line, diff)
		}
	}
	if found == 0 {
		t.Error("docs/tools.md shows nothing of explain")
	}
}

// withoutPolicy leaves out the version, which is another one with every change of rules.
func withoutPolicy(text string) string {
	return regexp.MustCompile(`(?m)^.*─ policy .*\n`).ReplaceAllString(text, "")
}

// docs/tools.md lists the keys of --what-if, all of them and in their order.
func TestToolsPageListsWhatCanBeSupposed(t *testing.T) {
	md, err := os.ReadFile("../../docs/tools.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(md), "### What if\n")
	section, _, _ = strings.Cut(section, "\n## ")
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\S+=.*?)` \\|").FindAllStringSubmatch(section, -1) {
		listed = append(listed, strings.ReplaceAll(row[1], `\|`, "|"))
	}
	_, err = rules.ParseSuppose([]string{"nothing"})
	_, known, _ := strings.Cut(err.Error(), "want ")
	if diff := gocmp.Diff(strings.Join(listed, ", "), known); diff != "" {
		t.Errorf("(-page +code):\n%s", diff)
	}
}
