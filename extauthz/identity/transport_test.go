package identity

import (
	"bufio"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/dial"
)

// secureProvider serves a key set over TLS, and its authority's file.
func secureProvider(t *testing.T) (server *httptest.Server, ca string) {
	t.Helper()
	server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(jwks(ecKey())) }))
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	server.StartTLS()
	t.Cleanup(server.Close)
	ca = filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	return server, ca
}

func writeFile(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func fixed() time.Time { return now }

// fetching is the outcome of one fetch by a configured way.
func fetching(t *testing.T, j JWKSConfig) error {
	t.Helper()
	v, err := New(Options{Now: fixed, Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS = j })}})
	if err != nil {
		return err
	}
	if err := v.Fetch(t.Context()); err != nil {
		return err
	}
	if _, got := verify(t, v, ecKey().mint(nil, goodClaims())); got != "" {
		t.Errorf("refused for %q", got)
	}
	return nil
}

func TestKeysOverAPrivateAuthority(t *testing.T) {
	server, ca := secureProvider(t)
	if err := fetching(t, JWKSConfig{URL: server.URL, CA: ca}); err != nil {
		t.Error(err)
	}
	if err := fetching(t, JWKSConfig{URL: server.URL}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("J1 twin: by the system's authorities: %v", err)
	}
	other := filepath.Join("..", "..", "extauthz", "testdata", "none.pem")
	if err := fetching(t, JWKSConfig{URL: server.URL, CA: other}); err == nil {
		t.Error("a missing file was taken")
	}
	wrongHost := strings.Replace(server.URL, "127.0.0.1", "localhost", 1)
	if err := fetching(t, JWKSConfig{URL: wrongHost, CA: ca}); err == nil {
		t.Error("J1 a certificate for another name was taken")
	}
	for name, text := range map[string]string{"empty": "", "no PEM": "hello", "a key": "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		writeFile(t, ca, []byte(text))
		if err := fetching(t, JWKSConfig{URL: server.URL, CA: ca}); err == nil || !strings.Contains(err.Error(), "no certificate") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Authorities are replaced while servers run, for better and for worse.
func TestThePrivateAuthorityIsReadForEveryFetch(t *testing.T) {
	server, ca := secureProvider(t)
	good := must(os.ReadFile(ca))
	v, err := New(Options{Now: fixed, Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS = JWKSConfig{URL: server.URL, CA: ca} })}})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		text []byte
		ok   bool
	}{{good, true}, {[]byte("half-writ"), false}, {good, true}} {
		writeFile(t, ca, row.text)
		if err := v.Fetch(t.Context()); (err == nil) != row.ok {
			t.Errorf("with %.20q: %v", row.text, err)
		}
	}
}

// tunnel is a forward proxy that notes what it is asked for.
type tunnel struct {
	net.Listener
	to string // where every tunnel leads

	mu    sync.Mutex
	asked []string
	wait  sync.WaitGroup
}

func newTunnel(t *testing.T, to string) *tunnel {
	t.Helper()
	p := &tunnel{Listener: must(net.Listen("tcp", "127.0.0.1:0")), to: to}
	p.wait.Go(func() {
		for {
			conn, err := p.Accept()
			if err != nil {
				return
			}
			p.wait.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() { p.Close(); p.wait.Wait() })
	return p
}

func (p *tunnel) serve(conn net.Conn) {
	defer conn.Close()
	req, err := http.ReadRequest(bufio.NewReader(conn))
	if err != nil {
		return
	}
	p.mu.Lock()
	p.asked = append(p.asked, req.Method+" "+req.RequestURI)
	p.mu.Unlock()
	if p.to == "" {
		io.WriteString(conn, "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
		return
	}
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer far.Close()
	io.WriteString(conn, "HTTP/1.1 200 OK\r\n\r\n")
	var both sync.WaitGroup
	both.Go(func() { io.Copy(far, conn); far.(*net.TCPConn).CloseWrite() })
	io.Copy(conn, far)
	conn.(*net.TCPConn).CloseWrite()
	both.Wait()
}

func (p *tunnel) url() string { return "http://" + p.Addr().String() }

func (p *tunnel) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

func TestKeysThroughAProxy(t *testing.T) {
	server, ca := secureProvider(t)
	address := server.Listener.Addr().String()
	p := newTunnel(t, address)
	far := "https://example.com:8443/jwks.json" // what the provider's certificate is for, and only the proxy reaches
	if err := fetching(t, JWKSConfig{URL: far, CA: ca, Proxy: p.url()}); err != nil {
		t.Error(err)
	}
	if got := p.heard(); len(got) != 1 || got[0] != "CONNECT example.com:8443" {
		t.Errorf("the proxy was asked for %q, want one tunnel, and no path", got)
	}
	if err := fetching(t, JWKSConfig{URL: far, Proxy: p.url()}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("twin: the proxy cannot stand for the provider: %v", err)
	}
	refusing := newTunnel(t, "")
	if err := fetching(t, JWKSConfig{URL: far, CA: ca, Proxy: refusing.url()}); err == nil || !strings.Contains(err.Error(), "Proxy Authentication") {
		t.Errorf("a refusing proxy: %v", err)
	}
	nobody := must(net.Listen("tcp", "127.0.0.1:0"))
	nobody.Close()
	if err := fetching(t, JWKSConfig{URL: far, CA: ca, Proxy: "http://" + nobody.Addr().String()}); err == nil {
		t.Error("without its proxy the keys came all the same")
	}
}

// Proxies of the environment are other people's: what tiergate trusts does not
// go through them.
func TestTheEnvironmentsProxyIsNotUsed(t *testing.T) {
	server, ca := secureProvider(t)
	p := newTunnel(t, server.Listener.Addr().String())
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY"} {
		t.Setenv(name, p.url())
	}
	if err := fetching(t, JWKSConfig{URL: server.URL, CA: ca}); err != nil {
		t.Error(err)
	}
	far := "https://tiergate.invalid/jwks.json" // loopback is never proxied: ask for something else too
	if err := fetching(t, JWKSConfig{URL: far, CA: ca}); err == nil {
		t.Error("a name that does not exist was reached")
	}
	if got := p.heard(); len(got) != 0 {
		t.Errorf("the environment's proxy was asked for %q", got)
	}
}

// J5: a proxy resolves names itself, so the target is judged as it is written,
// and the proxy's own address as it is dialled.
func TestJ5TargetsThatAProxyIsNotAskedFor(t *testing.T) {
	server, ca := secureProvider(t)
	p := newTunnel(t, server.Listener.Addr().String())
	g := must(newGetter(ca, p.url()))
	for _, host := range []string{
		"169.254.169.254", "169.254.169.254.", "[fe80::1]", "[fe80::1%25eth0]", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]",
		"[fd00:ec2::254]", "100.100.100.200", "168.63.129.16", "0.0.0.0", "224.0.0.1", "127.0.0.1", "[::1]",
		"2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376", "169.254.43518", "169.254.169.254.0",
		"metadata.google.internal", "METADATA.google.internal.", "localhost", "a.localhost",
	} {
		if _, err := g.document(t.Context(), "https://"+host+"/latest/meta-data", ""); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v, want it refused", host, err)
		}
	}
	if got := p.heard(); len(got) != 0 {
		t.Errorf("the proxy was asked for %q", got)
	}
	for _, host := range []string{"example.com", "EXAMPLE.com"} { // twins
		if _, err := g.document(t.Context(), "https://"+host+"/", ""); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, host := range []string{"203.0.113.7", "10.0.0.1", "[2001:db8::1]", "idp.svc.cluster.local", "3com.com"} {
		if err := dial.CheckProxied(strings.Trim(host, "[]")); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	far := must(newGetter("", "http://169.254.169.254:3128"))
	if _, err := far.document(t.Context(), "https://idp.example.com/", ""); err == nil || !strings.Contains(err.Error(), "refused") {
		t.Errorf("a proxy at a metadata address: %v", err)
	}
}

func TestSettingsOfTheWayThatAreRefused(t *testing.T) {
	_, ca := secureProvider(t)
	url, local := "https://idp.example.com/jwks", "http://127.0.0.1:1/jwks"
	for _, row := range []struct {
		name string
		j    JWKSConfig
		want string // "" for fine
	}{
		{"twin: both", JWKSConfig{URL: url, CA: ca, Proxy: "http://proxy.example.com:3128"}, ""},
		{"twin: a slash", JWKSConfig{URL: url, Proxy: "http://proxy.example.com:3128/"}, ""},
		{"a user", JWKSConfig{URL: url, Proxy: "http://u:secret@proxy.example.com"}, "not supported yet"},
		{"https to the proxy", JWKSConfig{URL: url, Proxy: "https://proxy.example.com"}, "want http://host:port"},
		{"socks", JWKSConfig{URL: url, Proxy: "socks5://proxy.example.com"}, "want http://host:port"},
		{"a path", JWKSConfig{URL: url, Proxy: "http://proxy.example.com/x"}, "want http://host:port"},
		{"no host", JWKSConfig{URL: url, Proxy: "http://:3128"}, "want http://host:port"},
		{"no URL", JWKSConfig{URL: url, Proxy: "proxy.example.com:3128"}, "want http://host:port"},
		{"a proxy for a file", JWKSConfig{File: ca, Proxy: "http://proxy.example.com"}, "in a file"},
		{"an authority for a file", JWKSConfig{File: ca, CA: ca}, "in a file"},
		{"a proxy for http", JWKSConfig{URL: local, AllowHTTP: true, Proxy: "http://proxy.example.com"}, "for https"},
		{"an authority for http", JWKSConfig{URL: local, AllowHTTP: true, CA: ca}, "for https"},
		{"no such setting of empty sets", JWKSConfig{URL: url, EmptyKeySet: "drop"}, "keep or withdraw"},
	} {
		_, err := New(Options{Now: fixed, Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS = row.j })}})
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.name, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error shows the password: %v", row.name, err)
		}
	}
}

// A file of keys is replaced as a whole, and nothing but a regular file is read,
// whatever takes its place.
func TestAKeyFileIsReplacedAtomically(t *testing.T) {
	dir := t.TempDir()
	path, next := filepath.Join(dir, "jwks.json"), filepath.Join(dir, ".next")
	writeFile(t, path, jwks(ecKey()))
	v, err := New(Options{Now: fixed, Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS = JWKSConfig{File: path} })}})
	if err != nil {
		t.Fatal(err)
	}
	replaced := func(make func()) error {
		make()
		if err := os.Rename(next, path); err != nil {
			t.Fatal(err)
		}
		return v.Fetch(t.Context())
	}
	old, young := ecKey().mint(nil, goodClaims()), edKey().mint(nil, goodClaims())
	if err := replaced(func() { writeFile(t, next, jwks(edKey())) }); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		what string
		make func()
		ok   bool
	}{
		{"a link to a regular file", func() {
			writeFile(t, filepath.Join(dir, "data"), jwks(edKey()))
			must(0, os.Symlink("data", next))
		}, true},
		{"a link to an endless device", func() { must(0, os.Symlink("/dev/zero", next)) }, false},
		{"a FIFO", func() { must(0, mkfifo(next)) }, false},
		{"half of it", func() { writeFile(t, next, jwks(ecKey())[:40]) }, false},
		{"a large one", func() { writeFile(t, next, append(jwks(ecKey()), strings.Repeat(" ", maxBody)...)) }, false},
	} {
		if err := replaced(row.make); (err == nil) != row.ok {
			t.Errorf("%s: %v", row.what, err)
		}
		if _, got := verify(t, v, young); got != "" {
			t.Errorf("%s: refused for %q", row.what, got)
		}
		if _, got := verify(t, v, old); got != rules.TokenKeyUnknown {
			t.Errorf("%s: the removed key: %q", row.what, got)
		}
	}
}
