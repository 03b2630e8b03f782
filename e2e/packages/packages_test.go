package packages

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every package has one exact version, and no place to get it from but the registry
// that the machine has.
func TestEverythingIsPinned(t *testing.T) {
	for _, set := range []string{Python, PythonMCP1} {
		text, err := locks.ReadFile(set)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(text)) {
			if line = strings.TrimSpace(line); line != "" && line[0] != '#' && strings.Count(line, "==") != 1 {
				t.Errorf("%s: %q is not pinned", set, line)
			}
		}
	}
	text, err := locks.ReadFile("npm/package-lock.json")
	if err != nil {
		t.Fatal(err)
	}
	var lock struct {
		Packages map[string]struct{ Version, Resolved, Integrity string }
	}
	if err := json.Unmarshal(text, &lock); err != nil {
		t.Fatal(err)
	}
	for name, p := range lock.Packages {
		if name != "" && (p.Version == "" || p.Integrity == "" || p.Resolved != "") {
			t.Errorf("npm: %s: %+v, want a version and a hash, and no address", name, p)
		}
	}
	if text, err = locks.ReadFile("npm/package.json"); err != nil {
		t.Fatal(err)
	}
	var direct struct{ Dependencies map[string]string }
	if err := json.Unmarshal(text, &direct); err != nil {
		t.Fatal(err)
	}
	for name, version := range direct.Dependencies {
		if got := lock.Packages["node_modules/"+name].Version; got != version {
			t.Errorf("npm: %s is %q and locked at %q", name, version, got)
		}
	}
}

// What is half made is made anew, and what is whole is not made again.
func TestGetMakesASetOnce(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", t.TempDir())
	t.Setenv("HOME", t.TempDir())
	made := 0
	install := func(fail bool) func(string) error {
		return func(dir string) error {
			made++
			if _, err := os.Stat(filepath.Join(dir, "half")); err == nil {
				t.Error("something was left of the try before")
			}
			if err := os.WriteFile(filepath.Join(dir, "half"), nil, 0o600); err != nil {
				return err
			}
			if fail {
				return os.ErrDeadlineExceeded
			}
			return nil
		}
	}
	if _, err := get(Python, install(true)); err == nil || !strings.Contains(err.Error(), Python) {
		t.Errorf("error is %v, want it to name the set", err)
	}
	first, err := get(Python, install(false))
	if err != nil {
		t.Fatal(err)
	}
	second, err := get(Python, install(true))
	if err != nil || second != first || made != 2 {
		t.Errorf("got %s (%v) after %d installs, want %s after 2", second, err, made, first)
	}
	other, err := get(PythonMCP1, install(false))
	if err != nil || other == first {
		t.Errorf("another set is at %s (%v), want a place of its own", other, err)
	}
}
