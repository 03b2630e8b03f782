package extauthz

import (
	"bytes"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
)

type watched struct {
	*socket
	log bytes.Buffer
}

func openWatched(t *testing.T) *watched {
	t.Helper()
	w := &watched{}
	var err error
	path := filepath.Join(t.TempDir(), "state", "control.sock")
	w.socket, err = openSocket(path, slog.New(slog.NewTextHandler(&w.log, nil)), prometheus.NewGauge(prometheus.GaugeOpts{Name: "lost"}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	go func() {
		for {
			c, err := w.Accept()
			if err != nil {
				return
			}
			c.Write([]byte("ours"))
			c.Close()
		}
	}()
	return w
}

// heard says whether whoever connects to a path gets to us.
func heard(path string) bool {
	c, err := net.Dial("unix", path)
	if err != nil {
		return false
	}
	defer c.Close()
	answer := make([]byte, 8)
	n, _ := c.Read(answer)
	return string(answer[:n]) == "ours"
}

// M5: whatever takes the socket away, operators are heard again where they look
// for us, and the log says both.
func TestM5AControlSocketThatIsTakenAwayComesBack(t *testing.T) {
	for _, c := range []struct {
		name string
		take func(t *testing.T, path string) error
		why  string // "" where nothing was taken
	}{
		{"twin: nothing", func(*testing.T, string) error { return nil }, ""},
		{"twin: written to by its mode", func(_ *testing.T, path string) error { return os.Chmod(path, 0o400) }, ""},
		{"removed", func(_ *testing.T, path string) error { return os.Remove(path) }, "it is not there any more"},
		{"moved", func(_ *testing.T, path string) error { return os.Rename(path, path+".old") }, "it is not there any more"},
		{"its directory moved", func(_ *testing.T, path string) error {
			return os.Rename(filepath.Dir(path), filepath.Dir(path)+"2")
		}, "it is not there any more"},
		{"another directory in place", func(_ *testing.T, path string) error {
			return errors.Join(os.Rename(filepath.Dir(path), filepath.Dir(path)+"2"), os.Mkdir(filepath.Dir(path), 0o700))
		}, "it is not there any more"},
		{"what a dead process left in its place", func(_ *testing.T, path string) error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path + ".dead"})
			if err != nil {
				return err
			}
			l.SetUnlinkOnClose(false)
			l.Close()
			return os.Rename(path+".dead", path)
		}, "something else is in its place"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := openWatched(t)
			if err := c.take(t, w.path); err != nil {
				t.Fatal(err)
			}
			w.look()
			if c.why == "" {
				if w.log.Len() != 0 {
					t.Errorf("it says %s", &w.log)
				}
				return
			}
			if !heard(w.path) {
				t.Error("nobody is heard")
			}
			for _, want := range []string{"level=ERROR", "control socket lost", c.why, "control socket is ours again"} {
				if !strings.Contains(w.log.String(), want) {
					t.Errorf("no %q in %s", want, &w.log)
				}
			}
			if info, err := os.Lstat(w.path); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("made with %v, %v", info, err)
			}
			w.log.Reset()
			w.look()
			if w.log.Len() != 0 || testutil.ToFloat64(w.lost) != 0 {
				t.Errorf("afterwards it says %s, lost is %v", &w.log, testutil.ToFloat64(w.lost))
			}
			if w.Close(); !errors.Is(statError(w.path), fs.ErrNotExist) {
				t.Error("the new socket is left behind")
			}
		})
	}
}

func statError(path string) error {
	_, err := os.Lstat(path)
	return err
}

// M5: what could not be bound at the start is not bound later either; that is
// said once, and the moment it is mended operators are heard.
func TestM5ALostControlSocketIsBoundUnderTheSameChecks(t *testing.T) {
	for _, c := range []struct {
		name      string
		put, mend func(path string) error
		want      string
	}{
		{
			"a directory that others can read", func(path string) error {
				return errors.Join(os.Remove(path), os.Chmod(filepath.Dir(path), 0o755))
			}, func(path string) error { return os.Chmod(filepath.Dir(path), 0o700) }, "mode 0755, want one of our own with 0700",
		},
		{
			"a file", func(path string) error {
				return errors.Join(os.Remove(path), os.WriteFile(path, []byte("precious"), 0o600))
			}, os.Remove, "is not a socket",
		},
		{
			"a link to the socket itself", func(path string) error {
				return errors.Join(os.Rename(path, path+".old"), os.Symlink(path+".old", path))
			}, os.Remove, "is not a socket",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := openWatched(t)
			if err := c.put(w.path); err != nil {
				t.Fatal(err)
			}
			w.look()
			if !strings.Contains(w.log.String(), c.want) || strings.Contains(w.log.String(), "ours again") || testutil.ToFloat64(w.lost) != 1 {
				t.Errorf("lost is %v, it says %s", testutil.ToFloat64(w.lost), &w.log)
			}
			if err := c.mend(w.path); err != nil {
				t.Fatal(err)
			}
			w.look()
			if !heard(w.path) || testutil.ToFloat64(w.lost) != 0 {
				t.Errorf("nobody is heard; it says %s", &w.log)
			}
		})
	}
}

// M5: where another process answers, there are two servers: the first keeps out.
func TestM5ALostControlSocketIsNotTakenFromAnother(t *testing.T) {
	w := openWatched(t)
	if err := os.Remove(w.path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.look()
	size := w.log.Len()
	if !strings.Contains(w.log.String(), "another process answers on this socket") {
		t.Errorf("it says %s", &w.log)
	}
	if w.look(); w.log.Len() != size {
		t.Errorf("it says again %s", w.log.String()[size:])
	}
	w.Close()
	if statError(w.path) != nil {
		t.Error("the other's socket was removed")
	}
	other.Close()
	if w.look(); statError(w.path) == nil {
		t.Error("bound after it was closed")
	}
}

// M5: a running server looks by itself.
func TestM5AServerLooksForItsControlSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "control.sock")
	start(t, controlled(t, Control{Socket: path}))
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() bool {
		_, status, err := getAs(t, overSocket(path), "http://anything.example/")
		return err == nil && status == 200
	})
}
