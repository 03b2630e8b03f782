package audit

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestOpenNamesWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		o    Options
		want string
	}{
		"no buffer": {Options{Out: io.Discard}, "Options.Buffer is 0"},
		"nowhere":   {Options{Buffer: 1}, "Options.Path and Options.Out"},
		"both":      {Options{Buffer: 1, Path: "x", Out: io.Discard}, "Options.Path and Options.Out"},
		"no logger": {Options{Buffer: 1, Out: io.Discard}, "Options.Log is nil"},
		"no folder": {Options{Buffer: 1, Path: "/nonexistent/x", Log: slog.Default()}, "/nonexistent/x"},
		"a folder":  {Options{Buffer: 1, Path: os.TempDir(), Log: slog.Default()}, "is a directory"},
	} {
		if _, err := Open(c.o); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}

// L4: whatever a killed process left, the log goes on with whole lines and
// numbers that are used once.
func TestL4TornLogIsRepairedAtOpen(t *testing.T) {
	one := `{"v":1,"seq":1,"id":"a","time":"2027-01-01T00:00:00Z"}` + "\n"
	for name, c := range map[string]struct{ before, want string }{
		"new":             {"", "n"},
		"closed":          {one + `{"v":1,"seq":1,"why":"closed","time":"2027-01-01T00:00:00Z"}` + "\n", "a n"},
		"killed":          {one, "a -1 n"},
		"a long line":     {strings.Replace(one, `"id":"a"`, `"id":"a","detail":"`+strings.Repeat("x", 2<<20)+`"`, 1), "a -1 n"},
		"torn":            {one + `{"v":1,"seq":2,"id":"b`, "a -1 n"},
		"torn at once":    {one + `{"v`, "a -1 n"},
		"only torn":       {`{"v":1,"seq":9`, "-1 n"},
		"after a gap":     {`{"v":1,"seq":1,"gap":3,"time":"2027-01-01T00:00:00Z"}` + "\n", "-3 -1 n"},
		"not ours behind": {one + "some text\n", "a ? n"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log")
			if err := os.WriteFile(path, []byte(c.before), 0o600); err != nil {
				t.Fatal(err)
			}
			w := open(t, Options{Path: path})
			w.Record(&Record{ID: "n"})
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			log, _ := os.ReadFile(path)
			if strings.Contains(c.want, "?") {
				if !strings.Contains(string(log), "some text\n{\"v\":1,\"seq\":2,\"gap\":1,\"why\":\"killed\",") {
					t.Errorf("got:\n%s", log)
				}
				return
			}
			if got := inOrder(t, string(log), 1); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// A log of which no part that is read tells seq must not begin to count anew.
func TestALogWithoutARecordNearItsEndIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	os.WriteFile(path, bytes.Repeat([]byte("text\n"), reach/4), 0o600)
	_, err := Open(Options{Path: path, Buffer: 1, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "move the file away") {
		t.Errorf("got %v", err)
	}
}

func TestTextThatIsNotOursIsNeverTakenAway(t *testing.T) {
	path := filepath.Join(t.TempDir(), "passwd")
	os.WriteFile(path, []byte("root:x:0:0"), 0o600)
	w := open(t, Options{Path: path})
	w.Record(&Record{ID: "n"})
	w.Close()
	if log, _ := os.ReadFile(path); !strings.HasPrefix(string(log), "root:x:0:0\n{") {
		t.Errorf("got:\n%s", log)
	}
}

func TestTwoProcessesCannotWriteOneLog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	open(t, Options{Path: path})
	_, err := Open(Options{Path: path, Buffer: 1, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("a second writer: %v", err)
	}
}

func TestRotationLosesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	w := open(t, Options{Path: path})
	w.Record(&Record{ID: "a"})
	waitFor(t, func() bool { return w.Stats().Written == 1 })
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	waitFor(t, func() bool { _, err := os.Stat(path); return err == nil })
	w.Record(&Record{ID: "b"})
	w.Close()
	old, _ := os.ReadFile(path + ".1")
	now, _ := os.ReadFile(path)
	if got := inOrder(t, string(old), 1) + "|" + inOrder(t, string(now), 2); got != "a|b" {
		t.Errorf("got %q", got)
	}
}

// A new file that cannot be made is said once and counted each time; the old one
// is written on until it can.
func TestARotationThatFailsIsLoggedAndCounted(t *testing.T) {
	dir := t.TempDir() + "/logs"
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	log := &disk{}
	w, err := Open(Options{Path: dir + "/log", Buffer: 10, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := os.Rename(dir, dir+".old"); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(3) {
		w.Reopen()
		waitFor(t, func() bool { return w.Stats().Reopens > n })
	}
	if got := log.text(); strings.Count(got, "decision log not opened anew") != 1 || !strings.Contains(got, dir+"/log") {
		t.Errorf("logged %q, want the failure with its path, once", got)
	}
	w.Record(&Record{ID: "a"})
	waitFor(t, func() bool { return w.Stats().Written == 1 })
	if s := w.Stats(); s.Err != nil || s.Dropped != 0 {
		t.Errorf("%+v: the old file can be written", s)
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	waitFor(t, func() bool { _, err := os.Stat(dir + "/log"); return err == nil })
	w.Record(&Record{ID: "b"})
	w.Close()
	old, _ := os.ReadFile(dir + ".old/log")
	now, _ := os.ReadFile(dir + "/log")
	if got := inOrder(t, string(old), 1) + "|" + inOrder(t, string(now), 2); got != "a|b" {
		t.Errorf("got %q", got)
	}
}

// The log is a regular file, at start and when it is opened anew; nothing waits
// for a reader of a pipe.
func TestL6OnlyARegularFileIsALog(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir) // the address of a socket is short
	if err := errors.Join(syscall.Mkfifo("pipe", 0o600), os.Mkdir("dir", 0o700), os.Symlink("/dev/null", "device"), os.Symlink("new", "link")); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	o := Options{Buffer: 10, Log: slog.New(slog.DiscardHandler)}
	for path, want := range map[string]string{
		"pipe": "pipe is a named pipe, not a regular file", "dir": "dir is a directory", "device": "device is a device", "socket": "socket is a socket",
		"gone/log": "gone/log: no such file",
	} {
		o.Path = path
		if w, err := Open(o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) = %v, %v; want %q", path, w, err, want)
		}
		if err := CheckFile(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("CheckFile(%q) = %v, want %q", path, err, want)
		}
	}
	if err := CheckFile("new"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("CheckFile made the file: %v", err)
	}
	w := open(t, Options{Path: "link"}) // leads to new
	if err := errors.Join(CheckFile("new"), os.Rename("new", "old"), os.Rename("pipe", "new")); err != nil {
		t.Fatal(err)
	}
	w.Reopen()
	waitFor(t, func() bool { return w.Stats().Reopens == 1 })
	if err := w.Record(&Record{ID: "a"}); err != nil {
		t.Error(err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if old, _ := os.ReadFile("old"); !strings.Contains(string(old), `"id":"a"`) {
		t.Errorf("the old file has %q", old)
	}
}

func TestALineHalfWrittenIsWrittenWholeToTheNextFile(t *testing.T) {
	batch := []byte("one\ntwo\nthree\n")
	for at, want := range map[int]int{0: 0, 2: 0, 4: 4, 6: 4, 13: 8, 14: 14} {
		if got := lineStart(batch, at); got != want {
			t.Errorf("lineStart(%d) = %d, want %d", at, got, want)
		}
	}
}
