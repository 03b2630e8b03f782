package regular

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// holds checks the names in a directory: nothing is left over.
func holds(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	if !slices.Equal(got, want) {
		t.Errorf("the directory has %q, want %q", got, want)
	}
}

func isFile(t *testing.T, path, text string, mode fs.FileMode) {
	t.Helper()
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != text || info.Mode() != mode {
		t.Errorf("%s is %q with mode %v, want %q with %v", path, got, info.Mode(), text, mode)
	}
}

func TestReplaceHasTheModeThatWasAskedFor(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	for _, mode := range []fs.FileMode{0o600, 0o644} {
		path := filepath.Join(dir, "file")
		for _, text := range []string{"the old text", "new"} {
			if err := Replace(path, []byte(text), mode); err != nil {
				t.Fatal(err)
			}
			isFile(t, path, text, mode)
		}
	}
	holds(t, dir, "file")
}

func TestReplaceTakesTheLinkAndLeavesItsTarget(t *testing.T) {
	dir := t.TempDir()
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	if err := errors.Join(os.WriteFile(target, []byte("of another"), 0o600), os.Symlink(target, link)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(link, []byte("ours"), 0o600); err != nil {
		t.Fatal(err)
	}
	isFile(t, link, "ours", 0o600)
	isFile(t, target, "of another", 0o600)
}

func TestReplaceThatFailsLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "taken", "file")
	if err := errors.Join(os.Mkdir(filepath.Dir(inside), 0o700), os.WriteFile(inside, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := Replace(filepath.Dir(inside), []byte("text"), 0o600); err == nil {
		t.Error("a directory was replaced by a file")
	}
	if err := Replace(filepath.Join(dir, "gone", "file"), []byte("text"), 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v, want ErrNotExist", err)
	}
	holds(t, dir, "taken")
	holds(t, filepath.Dir(inside), "file")
}

func TestReplaceIsSeenWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	texts := []string{strings.Repeat("a", 1<<16), strings.Repeat("b", 1<<15)}
	if err := Replace(path, []byte(texts[1]), 0o600); err != nil {
		t.Fatal(err)
	}
	var done atomic.Bool
	var reading sync.WaitGroup
	reading.Go(func() {
		for !done.Load() {
			if got, err := os.ReadFile(path); err != nil || !slices.Contains(texts, string(got)) {
				t.Errorf("read %d bytes, %v; want a whole text", len(got), err)
				return
			}
		}
	})
	for n := range 50 {
		if err := Replace(path, []byte(texts[n%2]), 0o600); err != nil {
			t.Error(err)
		}
	}
	done.Store(true)
	reading.Wait()
}

func TestCreateMakesAFileOnce(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	if err := Create(path, []byte("first"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Create(path, []byte("second"), 0o600); !errors.Is(err, fs.ErrExist) {
		t.Errorf("the second: %v, want ErrExist", err)
	}
	isFile(t, path, "first", 0o600)
	holds(t, dir, "file")
	if err := Create(filepath.Join(dir, "gone", "file"), nil, 0o600); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("in a directory that is not there: %v, want ErrNotExist", err)
	}
}

func TestCreateAtOnceHasOneWinner(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	var made atomic.Int32
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			switch err := Create(path, []byte("text"), 0o600); {
			case err == nil:
				made.Add(1)
			case !errors.Is(err, fs.ErrExist):
				t.Error(err)
			}
			if got, err := os.ReadFile(path); err != nil || string(got) != "text" {
				t.Errorf("read %q, %v; want the whole text", got, err)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d made the file, want 1", made.Load())
	}
	holds(t, dir, "file")
}
