package extauthz

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// tellWho answers with the name of who asks.
func tellWho(w http.ResponseWriter, _ *http.Request, who string) { fmt.Fprint(w, who) }

func controlled(t *testing.T, c Control) Options {
	t.Helper()
	o := options(t, alwaysAllow)
	c.Handler = tellWho
	o.Control = c
	return o
}

func getAs(t *testing.T, transport *http.Transport, url string) (string, int, error) {
	t.Helper()
	defer transport.CloseIdleConnections()
	client := http.Client{Transport: transport, Timeout: time.Minute}
	resp, err := client.Get(url)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	return string(text), resp.StatusCode, err
}

func overSocket(path string) *http.Transport {
	return &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
}

func TestTheControlSocketIsOurUsersAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "control.sock")
	s := start(t, controlled(t, Control{Socket: path}))
	if addrs := s.ControlAddrs(); len(addrs) != 1 || addrs[0].String() != path {
		t.Errorf("addresses %v, want %s", addrs, path)
	}
	for name, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
	who, status, err := getAs(t, overSocket(path), "http://anything.example/")
	if err != nil || status != 200 || who != fmt.Sprintf("uid %d", os.Getuid()) && who != "the socket's user" {
		t.Errorf("%q, %d, %v", who, status, err)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path); !os.IsNotExist(err) {
		t.Errorf("the socket is left behind: %v", err)
	}
}

// What a dead process left is replaced; everything else is in the way.
func TestTheControlSocketReplacesOnlyWhatADeadProcessLeft(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "private")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	stale := filepath.Join(dir, "stale")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: stale})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	start(t, controlled(t, Control{Socket: stale}))
	if _, status, err := getAs(t, overSocket(stale), "http://anything.example/"); status != 200 || err != nil {
		t.Errorf("in the place of a stale socket: %d, %v", status, err)
	}

	live := filepath.Join(dir, "live")
	start(t, controlled(t, Control{Socket: live}))
	file := filepath.Join(dir, "file")
	writeFile(t, file, []byte("precious"))
	link := filepath.Join(dir, "link")
	if err := os.Symlink(live, link); err != nil {
		t.Fatal(err)
	}
	shared := t.TempDir()
	if err := os.Chmod(shared, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		live: "another process answers on this socket", file: "not a socket", link: "not a socket",
		filepath.Join(shared, "s"):                   "its directory has mode 0755, want one of our own with 0700",
		filepath.Join(dir, strings.Repeat("x", 104)): "a socket's can have 103",
		"state/control.sock":                         "want an absolute path",
	} {
		if _, err := New(controlled(t, Control{Socket: path})); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", path, err, want)
		}
	}
	if text, err := os.ReadFile(file); err != nil || string(text) != "precious" {
		t.Errorf("the file holds %q, %v", text, err)
	}
}

// S2: there is no way in for whoever can merely connect.
func TestS2ControlIsNeverBare(t *testing.T) {
	for _, c := range []struct {
		name    string
		control Control
		want    string
	}{
		{"loopback", Control{Address: "127.0.0.1:0"}, "without TLS, which is needed on loopback too"},
		{"any address", Control{Address: ":0"}, "without TLS"},
		{"a socket as address", Control{Address: "unix:/tmp/x", TLS: &TLS{"c", "k", "a", []string{"x"}}}, "want host:port"},
		{"nobody is named", Control{Address: "127.0.0.1:0", TLS: &TLS{"c", "k", "a", nil}}, "TLS without ClientSANs"},
		{"no authority", Control{Address: "127.0.0.1:0", TLS: &TLS{"c", "k", "", []string{"x"}}}, "TLS without ClientCA"},
	} {
		if _, err := New(controlled(t, c.control)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
	o := controlled(t, Control{Socket: "/x"})
	o.Control.Handler = nil
	if _, err := New(o); err == nil || !strings.Contains(err.Error(), "Options.Control.Handler is nil") {
		t.Errorf("no handler: %v", err)
	}
}

// S1: a certificate is let in by its name, and known by it.
func TestS1ControlOverTLSLetsInTheNamedAlone(t *testing.T) {
	ca, foreign := newAuthority(t), newAuthority(t)
	s := start(t, controlled(t, Control{Address: "127.0.0.1:0", TLS: tlsFolder(t, ca, time.Now().Add(time.Hour))}))
	base := s.ControlAddrs()[0].String()
	for _, c := range []struct {
		name   string
		config *tls.Config
		who    string // "" is refused
	}{
		{"a named URI", ca.client(t, ca, gateway), gateway},
		{"a named host", ca.client(t, ca, "gateway.test"), "gateway.test"},
		{"a named host in another case", ca.client(t, ca, "GATEWAY.Test"), "gateway.test"},
		{"another name", ca.client(t, ca, "intruder.test"), ""},
		{"no certificate", ca.client(t, ca, ""), ""},
		{"another authority's", foreign.client(t, ca, gateway), ""},
	} {
		who, status, err := getAs(t, &http.Transport{TLSClientConfig: c.config, ForceAttemptHTTP2: true}, "https://"+base+"/")
		if c.who == "" && err == nil {
			t.Errorf("%s: let in as %q, %d", c.name, who, status)
		}
		if c.who != "" && (err != nil || who != c.who) {
			t.Errorf("%s: %q, %d, %v; want %s", c.name, who, status, err, c.who)
		}
	}
	if _, _, err := getAs(t, &http.Transport{}, "http://"+base+"/"); err == nil {
		if text, status, _ := getAs(t, &http.Transport{}, "http://"+base+"/"); status == 200 {
			t.Errorf("without TLS: %d %s", status, text)
		}
	}
}
