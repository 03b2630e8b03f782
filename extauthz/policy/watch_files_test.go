package policy

import (
	"io/fs"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/tiergate/tiergate/rules"
)

// R2, R4: whatever takes the place of a rules file, the version in force stays until there
// are rules again.
func TestR2R4WhatIsNoRulesFileKeepsTheLastGoodVersion(t *testing.T) {
	for name, replace := range map[string]func(file string) error{
		"nothing":           func(string) error { return nil },
		"a directory":       func(file string) error { return os.Mkdir(file, 0o700) },
		"a FIFO":            func(file string) error { return syscall.Mkfifo(file, 0o600) },
		"an endless device": func(file string) error { return os.Symlink("/dev/zero", file) },
		"a link to itself":  func(file string) error { return os.Symlink("shop.yaml", file) },
		"0 bytes":           func(file string) error { return os.WriteFile(file, nil, 0o600) },
		"a huge file":       func(file string) error { return os.WriteFile(file, []byte(shop+"#"+strings.Repeat("x", 9<<20)), 0o600) },
		"a deep file":       func(file string) error { return os.WriteFile(file, []byte(strings.Repeat("[", 1<<20)), 0o600) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := watch(t, shop)
				before, file := w.Current(), w.dir+"/shop.yaml"
				if err := os.Remove(file); err != nil {
					t.Fatal(err)
				}
				if err := replace(file); err != nil {
					t.Fatal(err)
				}
				w.follows(t)
				if st := w.Stats(); w.Current() != before || st.Failures != 1 || st.LastError == "" {
					t.Errorf("another version is in force, or nothing is said: %+v", st)
				}
				if got := w.Check(t.Context(), request("GET /orders/1")); got.Reason != rules.Allowed {
					t.Errorf("%s, want allowed", got.Reason)
				}
				if err := os.RemoveAll(file); err != nil {
					t.Fatal(err)
				}
				write(t, file, shop+guard)
				w.follows(t)
				if got := w.Check(t.Context(), request("GET /orders/1")); got.Reason == rules.Allowed {
					t.Errorf("%s after the file is back with a denial", got.Reason)
				}
			})
		})
	}
}

// forbidden are files that cannot be opened while it is so.
type forbidden struct {
	fs.FS
	now bool
}

func (f *forbidden) Open(name string) (fs.File, error) {
	if f.now && strings.HasSuffix(name, ".yaml") {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return f.FS.Open(name)
}

// R4: rules that may not be read any more are no rules that permit or deny nothing.
func TestR4LostPermissionsKeepTheLastGoodVersion(t *testing.T) {
	files := &forbidden{FS: fstest.MapFS{"shop.yaml": {Data: []byte(shop)}}}
	o := options(t, stated{v: ada()}, order("1", "ada"))
	live, err := NewLive(LiveOptions{Log: slog.New(slog.DiscardHandler), Load: func() (*Policy, *rules.Source, error) { return Load(files, o) }})
	if err != nil {
		t.Fatal(err)
	}
	before := live.Current()
	files.now = true
	if err := live.Reload(); err == nil || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("Reload: %v, want that permission is denied", err)
	}
	if got := live.Check(t.Context(), request("GET /orders/1")); live.Current() != before || got.Reason != rules.Allowed {
		t.Errorf("another version is in force: %s", got.Reason)
	}
	files.now = false
	if err := live.Reload(); err != nil || live.Stats().Failures != 1 {
		t.Errorf("%v, %+v once they may be read again", err, live.Stats())
	}
}
