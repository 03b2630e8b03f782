package catalog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// follow runs a file source and returns what its loads report.
func follow(t *testing.T, path string, poll time.Duration) (*File, <-chan error) {
	t.Helper()
	loads := make(chan error, 100)
	f, err := OpenFile(FileOptions{Path: path, Poll: poll, Loaded: func(err error) { loads <- err }})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- f.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return f, loads
}

func next(t *testing.T, loads <-chan error) error {
	t.Helper()
	select {
	case err := <-loads:
		return err
	case <-time.After(time.Minute):
		t.Fatal("no load was reported")
		return nil
	}
}

func tenantIn(t *testing.T, f *File) any {
	t.Helper()
	rows, err := f.Lookup(t.Context(), []Key{{"account", "a"}})
	if err != nil {
		t.Fatal(err)
	}
	return rows[0].Columns["tenant"]
}

func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestR3ConfigMapSwap changes a mounted ConfigMap as the kubelet does.
func TestR3ConfigMapSwap(t *testing.T) {
	for name, poll := range map[string]time.Duration{"watched": time.Hour, "polled": 20 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			at := func(names ...string) string { return filepath.Join(append([]string{dir}, names...)...) }
			must(t, os.Mkdir(at("..v1"), 0o700), os.WriteFile(at("..v1", "a.csv"), []byte(goodCSV), 0o600),
				os.Symlink("..v1", at("..data")), os.Symlink("..data/a.csv", at("a.csv")))
			f, loads := follow(t, at("a.csv"), poll)
			must(t, next(t, loads))

			must(t, os.Mkdir(at("..v2"), 0o700), os.WriteFile(at("..v2", "a.csv"), []byte("id,tenant\na,us\n"), 0o600),
				os.Symlink("..v2", at("..data_tmp")), os.Rename(at("..data_tmp"), at("..data")), os.RemoveAll(at("..v1")))
			for tenantIn(t, f) != Text("us") { // a load in the middle of the swap may fail first
				_ = next(t, loads)
			}
		})
	}
}

func TestR4RemovedAndWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.csv")
	must(t, os.WriteFile(path, []byte(goodCSV), 0o600))
	f, loads := follow(t, path, 20*time.Millisecond)
	must(t, next(t, loads), os.Remove(path))
	if err := next(t, loads); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("removed: %v", err)
	}
	if got := tenantIn(t, f); got != Text("eu") {
		t.Errorf("tenant %v, want the last good eu", got)
	}
	must(t, os.WriteFile(path+".new", []byte("id,tenant\na,us\n"), 0o600), os.Rename(path+".new", path), next(t, loads))
	if got := tenantIn(t, f); got != Text("us") {
		t.Errorf("tenant %v, want us", got)
	}
}
