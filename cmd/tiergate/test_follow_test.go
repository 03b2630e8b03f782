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
	err := followTests(cmd, &testFlags{}, []string{dir}, func(_ context.Context, dirs, files []string, seen func()) {
		if len(dirs) != 1 || dirs[0] != dir || len(files) > 0 {
			t.Errorf("watches %q and %q", dirs, files)
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

// The configuration decides how tests run, so it is followed, too.
func TestTheConfigurationIsFollowed(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "tiergate.yaml")
	for name, text := range map[string]string{
		config:                                "listen: { grpc: [ { address: 127.0.0.1:9191, serves: [notes.example.com] } ] }\nrules: [./rules]\n",
		filepath.Join(dir, "rules", "n.yaml"): followed,
	} {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	cmd := newTest()
	cmd.SetOut(&bytes.Buffer{})
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetContext(t.Context())
	followedToo := false
	if err := followTests(cmd, &testFlags{file: config}, nil, func(_ context.Context, dirs, files []string, _ func()) {
		followedToo = len(files) == 1 && files[0] == config && len(dirs) == 1 && dirs[0] == filepath.Join(dir, "rules")
	}); err != nil || !followedToo {
		t.Errorf("the configuration is not followed (%v)", err)
	}
}
