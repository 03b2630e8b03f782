package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const followed = `
tiers: [{ name: public }, { name: internal }]
broad_above: internal
objects: [{ type: note, tier: internal }]
routes: [{ host: notes.example.com, map: ["GET /notes/{id} -> read note/{id}"] }]
identities: [{ name: people, kind: human, match: { issuer: corp } }]
rules: [{ id: notes, allow: people, to: [read], on: note, up_to: internal }]
`

// The tests run at once and after each change, and what does not load ends nothing.
func TestTestsAreFollowed(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rules")
	put := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	put("notes.yaml", followed)
	put("notes_test.yaml", `tests: [{ name: a reader, as: people, send: "GET https://notes.example.com/notes/1", want: { allow: notes } }]`)
	var out, errs bytes.Buffer
	cmd := newTest()
	cmd.SetOut(&out)
	cmd.SetErr(&errs)
	cmd.SetContext(t.Context())
	ran := func(want string) {
		t.Helper()
		if got := out.String() + errs.String(); !strings.Contains(got, want) || !strings.HasSuffix(errs.String(), "waiting for changes\n") {
			t.Errorf("printed %q, want %q in it", got, want)
		}
		out.Reset()
		errs.Reset()
	}
	err := followTests(cmd, &testFlags{}, []string{dir}, func(_ context.Context, dirs []string, seen func()) {
		if len(dirs) != 1 || dirs[0] != dir {
			t.Errorf("watches %q", dirs)
		}
		ran("ok: 1 tests, 0 failed")
		put("notes.yaml", strings.Replace(followed, "[read]", "[list]", 1))
		seen()
		ran("FAIL: 1 tests, 1 failed")
		put("notes.yaml", "rules: [")
		seen()
		ran("not valid YAML")
		put("notes.yaml", followed)
		seen()
		ran("ok: 1 tests, 0 failed")
	})
	if err != nil {
		t.Error(err)
	}
}
