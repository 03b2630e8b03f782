package policy

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

// kept keeps a version and returns the state directory, the one directory of
// rules in it, and a loader.
func kept(t *testing.T, p *Policy, o Options) (state, dir string, load func(fs.FS) (*Policy, *rules.Source, error)) {
	t.Helper()
	state = t.TempDir()
	if err := KeepLastGood(state, p); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(state + "/rules/*/shop.yaml")
	if err != nil || len(found) != 1 {
		t.Fatalf("kept %q, %v; want one shop.yaml", found, err)
	}
	return state, filepath.Dir(found[0]), func(fsys fs.FS) (*Policy, *rules.Source, error) { return Load(fsys, o) }
}

func TestLastGoodComesBackAsItWas(t *testing.T) {
	o := options(t, stated{v: ada()})
	first, second := load(t, shop, o), load(t, shop+"# 2\n", o)
	state, _, loader := kept(t, first, o)
	if err := KeepLastGood(state, second); err != nil {
		t.Fatal(err)
	}
	got, err := LastGood(state, loader)
	if err != nil || got.Hash != second.Hash {
		t.Fatalf("kept %v, %v; want policy %s", got, err, second.Hash)
	}
	if dirs, err := filepath.Glob(state + "/rules/*/shop.yaml"); err != nil || len(dirs) != 1 {
		t.Errorf("%q, %v: want only the version that was kept last", dirs, err)
	}
	if _, err := LastGood(t.TempDir(), loader); !errors.Is(err, ErrNoneKept) {
		t.Errorf("an empty state directory: %v, want ErrNoneKept", err)
	}
}

// The configuration may be another one after a restart: what counts is that the
// files are those that were kept.
func TestLastGoodServesUnderAnotherConfiguration(t *testing.T) {
	o := options(t, stated{v: ada()})
	state, _, _ := kept(t, load(t, shop, o), o)
	o.Resolve.MaxBody++
	if _, err := LastGood(state, func(fsys fs.FS) (*Policy, *rules.Source, error) { return Load(fsys, o) }); err != nil {
		t.Error(err)
	}
}

// Each of these loads, or could; none is what was kept.
func TestLastGoodRefusesACopyThatChanged(t *testing.T) {
	o := options(t, stated{v: ada()})
	for name, change := range map[string]func(dir string) error{
		"a byte of a tier": func(dir string) error {
			return edit(dir+"/shop.yaml", "up_to: internal, own", "up_to: internaL, own")
		},
		"a byte of a comment": func(dir string) error { return edit(dir+"/shop.yaml", "# kept", "# kepT") },
		"a file more":         func(dir string) error { return os.WriteFile(dir+"/more.yaml", []byte("weights: { a: 1 }\n"), 0o600) },
		"a file less":         func(dir string) error { return os.Remove(dir + "/shop.yaml") },
		"no directory":        os.RemoveAll,
		"another name": func(dir string) error {
			return os.WriteFile(filepath.Dir(dir)+"/current", []byte("../../etc\n"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, shop+"# kept\n", o)
			state, dir, loader := kept(t, p, o)
			if _, err := LastGood(state, loader); err != nil {
				t.Fatalf("before the change: %v", err)
			}
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			got, err := LastGood(state, loader)
			if got != nil || err == nil || errors.Is(err, ErrNoneKept) {
				t.Fatalf("a copy that changed: %v, %v; want an error of its own", got, err)
			}
			// The next version that takes effect is kept whole, over what was damaged.
			if err := KeepLastGood(state, p); err != nil {
				t.Fatal(err)
			}
			if _, err := LastGood(state, loader); err != nil {
				t.Errorf("after it was kept anew: %v", err)
			}
		})
	}
}

func edit(path, from, to string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.Replace(string(text), from, to, 1)), 0o600)
}
