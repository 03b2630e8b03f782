package regular

import (
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// tree holds one of everything that a name can lead to.
func tree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if len(dir) > 80 { // the address of a socket is short
		t.Chdir(dir)
		dir = "."
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(os.WriteFile(filepath.Join(dir, "file"), []byte("text"), 0o600))
	must(os.Mkdir(filepath.Join(dir, "dir"), 0o700))
	must(syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600))
	l, err := net.Listen("unix", filepath.Join(dir, "socket"))
	must(err)
	t.Cleanup(func() { l.Close() })
	must(os.Symlink("/dev/zero", filepath.Join(dir, "device")))
	must(os.Symlink("pipe", filepath.Join(dir, "link-to-pipe")))
	must(os.Symlink("..data/file", filepath.Join(dir, "mounted")))
	must(os.Symlink(".", filepath.Join(dir, "..data")))
	return dir
}

// None of these waits: a pipe that nobody writes to would for ever.
func TestReadFileReadsRegularFilesAlone(t *testing.T) {
	dir := tree(t)
	for name, want := range map[string]string{
		"file":         "",
		"mounted":      "",
		"pipe":         "pipe is a named pipe, not a regular file",
		"link-to-pipe": "link-to-pipe is a named pipe",
		"socket":       "socket is a socket",
		"device":       "device is a device",
		"dir":          "dir is a directory",
		"gone":         "gone: no such file",
	} {
		text, err := ReadFile(filepath.Join(dir, name), 4)
		switch {
		case want == "" && (err != nil || string(text) != "text"):
			t.Errorf("%s: %q, %v; want its text", name, text, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%s: %q, %v; want an error with %q", name, text, err, want)
		}
	}
}

func TestReadFileHasALimit(t *testing.T) {
	path := filepath.Join(tree(t), "file")
	if text, err := ReadFile(path, 3); !errors.Is(err, ErrTooLong) || !strings.Contains(err.Error(), path) {
		t.Errorf("4 bytes with a limit of 3: %q, %v; want ErrTooLong with the path", text, err)
	}
	if _, err := ReadFile(filepath.Join(filepath.Dir(path), "gone"), 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that is not there: %v, want ErrNotExist", err)
	}
}

func TestOpenInEntersDirectoriesToo(t *testing.T) {
	dir := tree(t)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for name, want := range map[string]string{
		"file": "", "dir": "", ".": "", "mounted": "",
		"pipe":         "pipe is a named pipe",
		"link-to-pipe": "link-to-pipe is a named pipe",
		"socket":       "socket is a socket",
		"device":       "escapes",
	} {
		f, err := OpenIn(root, name)
		if err == nil {
			f.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}
