package policy

import (
	"os"
	"strings"
	"syscall"
	"testing"
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
