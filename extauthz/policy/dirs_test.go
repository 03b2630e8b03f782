package policy

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, paths ...string) *Dirs {
	t.Helper()
	d, err := OpenDirs(paths)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func TestDirsReadAsOne(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/platform/tiers.yaml", "a")
	write(t, dir+"/teams/billing/rules.yaml", "b")
	d := open(t, dir+"/platform", dir+"/teams")
	if err := fstest.TestFS(d, "platform/tiers.yaml", "teams/billing/rules.yaml"); err != nil {
		t.Error(err)
	}
	var got []string
	_ = fs.WalkDir(d, ".", func(p string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			got = append(got, p)
		}
		return err
	})
	if want := []string{"platform/tiers.yaml", "teams/billing/rules.yaml"}; !slices.Equal(got, want) {
		t.Errorf("walked %q, want %q", got, want)
	}
}

func TestDirsRefuseTwoOfOneName(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/a/rules/x.yaml", "")
	write(t, dir+"/b/rules/x.yaml", "")
	if _, err := OpenDirs([]string{dir + "/a/rules", dir + "/b/rules"}); err == nil || !strings.Contains(err.Error(), `"rules"`) {
		t.Errorf("OpenDirs of two directories named rules: %v, want an error that names them", err)
	}
}

// R3: a Kubernetes mount shows its files through links, which must work; a link
// out of the directory must not.
func TestR3DirsFollowLinksInsideOnly(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/rules/..2026/rules.yaml", "inside")
	write(t, dir+"/secret.yaml", "outside")
	link(t, "..2026", dir+"/rules/..data")
	link(t, "..data/rules.yaml", dir+"/rules/rules.yaml")
	link(t, "../secret.yaml", dir+"/rules/secret.yaml")
	d := open(t, dir+"/rules")
	if text, err := fs.ReadFile(d, "rules/rules.yaml"); err != nil || string(text) != "inside" {
		t.Errorf("a link inside the directory: %q, %v", text, err)
	}
	if text, err := fs.ReadFile(d, "rules/secret.yaml"); err == nil {
		t.Errorf("a link out of the directory was followed: %q", text)
	}
}

func link(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}

// R3: the swap of a ConfigMap is a change, and so is each other way in which a rules
// file can change.
func TestR3LookSeesEveryChange(t *testing.T) {
	dir := t.TempDir()
	write(t, dir+"/rules/..1/rules.yaml", "one")
	write(t, dir+"/rules/..2/rules.yaml", "two")
	link(t, "..1", dir+"/rules/..data")
	link(t, "..data/rules.yaml", dir+"/rules/rules.yaml")
	last := look([]string{dir + "/rules"})
	changed := func(what string) {
		t.Helper()
		now := look([]string{dir + "/rules"})
		if now == last {
			t.Errorf("%s was not seen", what)
		}
		last = now
	}
	link(t, "..2", dir+"/rules/..data_tmp")
	if err := os.Rename(dir+"/rules/..data_tmp", dir+"/rules/..data"); err != nil {
		t.Fatal(err)
	}
	changed("the swap of ..data")
	write(t, dir+"/rules/more.yaml", "x")
	changed("a new file")
	write(t, dir+"/rules/more.yaml", "y")
	changed("a new content of the same size")
	if err := os.Remove(dir + "/rules/more.yaml"); err != nil {
		t.Fatal(err)
	}
	changed("a removed file")
	write(t, dir+"/rules/notes.txt", "x")
	if now := look([]string{dir + "/rules"}); now != last {
		t.Error("a file that is no rules file was taken for a change")
	}
}

// A pipe that nobody writes to makes whoever opens it wait for ever. Whatever it
// is called, loading goes on: one that could be a rules file is a mistake, the
// rest is none of ours.
func TestDirsNeverWaitForAPipe(t *testing.T) {
	for name, want := range map[string]string{"deny.yaml": "rules/deny.yaml: a named pipe, not a regular file", "notes": "", "rules.yaml.swp": ""} {
		dir := t.TempDir() + "/rules"
		write(t, dir+"/shop.yaml", shop)
		if err := syscall.Mkfifo(dir+"/"+name, 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, dir)
		if _, err := fs.ReadFile(d, "rules/"+name); err == nil || !strings.Contains(err.Error(), "named pipe") {
			t.Errorf("%s: read as %v, want an error that says what it is", name, err)
		}
		_, _, err := Load(d, options(t, stated{}))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: loading says %v, want %q", name, err, want)
		}
		look([]string{dir})
	}
	pipe := t.TempDir() + "/rules"
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenDirs([]string{pipe}); err == nil || !strings.Contains(err.Error(), pipe+": not a directory") {
		t.Errorf("a pipe as rules directory: %v", err)
	}
}
