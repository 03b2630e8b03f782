package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
)

// What docs/diff.md shows is what becomes of its own rules.
func TestDiffPageWorks(t *testing.T) {
	blocks := examples(t, "../../docs/diff.md")
	t.Chdir(t.TempDir())
	shown := ""
	for _, x := range blocks {
		if x.named != "" {
			if err := os.MkdirAll(filepath.Dir(x.named), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(x.named, []byte(x.text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if command, output, _ := strings.Cut(x.text, "\n"); command == "$ tiergate diff old new" {
			shown = output
		}
	}
	var out bytes.Buffer
	if code := run([]string{"diff", "old", "new"}, &out, &out); code != exitFine {
		t.Errorf("exit %d", code)
	}
	if diff := gocmp.Diff(shown, out.String()); diff != "" {
		t.Errorf("output (-page +command):\n%s", diff)
	}
}
