package sqlite

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// An import never takes the place of a file that it reads, under whatever name.
func TestImportDoesNotReplaceItsInput(t *testing.T) {
	dir := t.TempDir()
	in := write(t, filepath.Join(dir, "rows.csv"), two)
	link, hard := filepath.Join(dir, "link.csv"), filepath.Join(dir, "hard.csv")
	if err := os.Symlink(in, link); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(in, hard); err != nil {
		t.Fatal(err)
	}
	for _, out := range []string{in, filepath.Join(dir, ".", "x", "..", "rows.csv"), link, hard} {
		_, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{in}, Type: typeOf(two)})
		if err == nil || !strings.Contains(err.Error(), "is read") {
			t.Errorf("%s: %v", out, err)
		}
		if text, err := os.ReadFile(in); err != nil || string(text) != two {
			t.Fatalf("%s: the input is %.20q, %v", out, text, err)
		}
	}
	out := filepath.Join(dir, "rows.db")
	for range 2 { // the twin: a new file, and one that was built before
		if _, err := Import(t.Context(), ImportOptions{Out: out, Files: []string{in}, Type: typeOf(two)}); err != nil {
			t.Error(err)
		}
	}
}
