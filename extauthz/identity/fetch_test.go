package identity

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/dial"
)

// F2, J5: what the dialer connects to, after names are resolved.
func TestAddressesThatAreRefused(t *testing.T) {
	for _, row := range []struct {
		address          string
		anyone, loopback bool // allowed in general, and where only loopback is
	}{
		{"203.0.113.7:443", true, false},
		{"10.1.2.3:443", true, false},
		{"[2001:db8::1]:443", true, false},
		{"127.0.0.1:8080", true, true},
		{"127.9.9.9:8080", true, true},
		{"[::1]:8080", true, true},
		{"[::ffff:127.0.0.1]:8080", true, true},
		{"169.254.169.254:80", false, false},
		{"169.254.1.1:443", false, false},
		{"[::ffff:169.254.169.254]:80", false, false},
		{"[64:ff9b::a9fe:a9fe]:80", false, false},
		{"[fe80::1%eth0]:443", false, false},
		{"[fd00:ec2::254]:80", false, false},
		{"[fd20:ce::254]:80", false, false},
		{"100.100.100.200:80", false, false},
		{"168.63.129.16:80", false, false},
		{"224.0.0.1:80", false, false},
		{"0.0.0.0:80", false, false},
		{"[::]:80", false, false},
		{"idp.example.com:443", false, false}, // not resolved: nothing to judge
	} {
		if got := dial.CheckAddress(row.address, false) == nil; got != row.anyone {
			t.Errorf("dial.CheckAddress(%s) allows: %v, want %v", row.address, got, row.anyone)
		}
		if got := dial.CheckAddress(row.address, true) == nil; got != row.loopback {
			t.Errorf("dial.CheckAddress(%s) on loopback alone allows: %v, want %v", row.address, got, row.loopback)
		}
	}
}

func TestURLs(t *testing.T) {
	for _, row := range []struct {
		url         string
		plain, http bool // valid without and with allow_http
	}{
		{"https://idp.example.com/jwks", true, true},
		{"https://idp.example.com:8443/jwks?tenant=a", true, true},
		{"https://169.254.169.254/", true, true}, // the dialer refuses it
		{"http://127.0.0.1:8080/jwks", false, true},
		{"http://[::1]:8080/jwks", false, true},
		{"http://localhost:8080/jwks", false, true},
		{"http://idp.example.com/jwks", false, false},
		{"http://127.0.0.1.evil.example/jwks", false, false},
		{"http://10.0.0.1/jwks", false, false},
		{"https://user:secret@idp.example.com/", false, false},
		{"https://idp.example.com/#keys", false, false},
		{"ftp://idp.example.com/jwks", false, false},
		{"file:///etc/jwks.json", false, false},
		{"/jwks.json", false, false},
		{"idp.example.com/jwks", false, false},
		{"https://", false, false},
		{"", false, false},
		{"https://%zz", false, false},
	} {
		for allow, want := range map[bool]bool{false: row.plain, true: row.http} {
			err := dial.CheckURL(row.url, allow)
			if (err == nil) != want {
				t.Errorf("dial.CheckURL(%q, %v) = %v, want valid: %v", row.url, allow, err, want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the error shows the password: %v", err)
			}
		}
	}
}

// Over a real connection: the bounds that the fake provider cannot show.
func TestRealFetch(t *testing.T) {
	canary := 0
	mux := http.NewServeMux()
	mux.HandleFunc("/jwks", func(w http.ResponseWriter, _ *http.Request) { w.Write(jwks(ecKey())) })
	mux.HandleFunc("/loop", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/canary", http.StatusFound) })
	mux.HandleFunc("/canary", func(http.ResponseWriter, *http.Request) { canary++ })
	mux.HandleFunc("/huge", func(w http.ResponseWriter, _ *http.Request) {
		for chunk := make([]byte, 64<<10); ; {
			if _, err := w.Write(chunk); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/drip", func(w http.ResponseWriter, r *http.Request) { // one byte, and no second one
		w.Write([]byte("{"))
		http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write([]byte("\x1f\x8b\x08"))
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, row := range []struct{ path, want string }{
		{"/jwks", ""}, {"/loop", "redirects are refused"}, {"/huge", "more than"}, {"/gzip", "not UTF-8"}, {"/nothing", "status 404"},
	} {
		v, err := New(Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
			c.JWKS = JWKSConfig{URL: server.URL + row.path, AllowHTTP: true}
		})}})
		if err != nil {
			t.Fatal(err)
		}
		err = v.Fetch(t.Context())
		if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: %v, want %q", row.path, err, row.want)
		}
	}
	if canary != 0 {
		t.Errorf("the redirect was followed %d times", canary)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := plainGetter().document(ctx, server.URL+"/drip", ""); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("J3 a dripping answer: %v, want it given up in time", err)
	}
	if _, err := plainGetter().document(t.Context(), strings.Replace(server.URL, "http:", "https:", 1)+"/jwks", ""); err == nil {
		t.Error("a plain server was accepted as https")
	}
}

func plainGetter() *getter { return must(newGetter("", "")) }

func TestDialerStopsAMetadataAddress(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, address := range []string{"https://169.254.169.254/", "http://203.0.113.1/"} {
		_, err := plainGetter().document(ctx, address, "")
		if err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v, want it refused before a packet is sent", address, err)
		}
	}
}

func discovering(c *IssuerConfig) { c.JWKS = JWKSConfig{Discovery: true} }

func metadata(issuer, uri string) []byte {
	return []byte(`{"issuer":"` + issuer + `","jwks_uri":"` + uri + `","scopes_supported":["openid"]}`)
}

func TestDiscovery(t *testing.T) {
	const where = iss + "/.well-known/openid-configuration"
	for _, row := range []struct {
		name, issuer string
		metadata     []byte
		want         string
	}{
		{"twin", iss, metadata(iss, jwksURL), ""},
		{"twin: a slash at the end of the issuer", iss + "/", metadata(iss+"/", jwksURL), ""},
		{"issuer with another slash", iss, metadata(iss+"/", jwksURL), "want exactly"},
		{"another issuer", iss, metadata("https://evil.example", jwksURL), "want exactly"},
		{"issuer twice", iss, []byte(`{"issuer":"` + iss + `","issuer":"x","jwks_uri":"` + jwksURL + `"}`), "twice"},
		{"no issuer", iss, []byte(`{"jwks_uri":"` + jwksURL + `"}`), "want exactly"},
		{"no jwks_uri", iss, []byte(`{"issuer":"` + iss + `"}`), "no jwks_uri"},
		{"jwks_uri over http", iss, metadata(iss, "http://idp.example.com/jwks.json"), "not https"},
		{"jwks_uri is a file", iss, metadata(iss, "file:///etc/keys"), "absolute"},
		{"HTML", iss, []byte("<html>"), "JSON"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := serving(ecKey())
			p.urls = map[string][]byte{where: row.metadata}
			v := verifier(t, p, Options{Issuers: []IssuerConfig{config(discovering, func(c *IssuerConfig) { c.Issuer = row.issuer })}})
			err := v.Fetch(t.Context())
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("Fetch = %v, want %q", err, row.want)
			}
		})
	}
}

func TestDiscoveryIsRepeatedWhenTheKeysMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const where = iss + "/.well-known/openid-configuration"
		p := serving(ecKey())
		p.urls = map[string][]byte{where: metadata(iss, jwksURL)}
		v := running(t, p, discovering)
		if got := p.count(); got != 2 {
			t.Errorf("%d fetches at start, want the metadata and the keys", got)
		}
		time.Sleep(defaultRefresh)
		if got := p.count(); got != 3 {
			t.Errorf("%d fetches after a refresh, want the keys once more", got)
		}
		next := must(newSigner("ec-2", "ES256"))
		p.set(func(p *provider) {
			p.urls[where] = metadata(iss, "https://keys.example.com/")
			p.urls["https://keys.example.com/"] = jwks(next)
			p.urls[jwksURL] = []byte("gone")
		})
		time.Sleep(defaultRefresh + maxRetry)
		wants(t, v, next.mint(nil, lasting()), "")
	})
}

// An ETag is one URL's own word: the same word at another URL confirms nothing.
func TestAnETagStaysWithItsURL(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const where, moved = iss + "/.well-known/openid-configuration", "https://keys.example.com/"
		p := serving(ecKey())
		p.urls = map[string][]byte{where: metadata(iss, jwksURL)}
		p.header = http.Header{"Etag": {`"1"`}} // at every URL, as static hosts count
		v := running(t, p, discovering)
		next := must(newSigner("ec-2", "ES256"))
		p.set(func(p *provider) { p.urls[where], p.urls[moved] = metadata(iss, moved), jwks(next) })
		time.Sleep(discoveryFor + defaultRefresh)
		wants(t, v, next.mint(nil, lasting()), "")
		wants(t, v, ecKey().mint(nil, lasting()), rules.TokenKeyUnknown)

		asked := func() *http.Request { // last of all
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.asked[len(p.asked)-1]
		}
		time.Sleep(defaultRefresh)
		if last := asked(); last.URL.String() != moved || last.Header.Get("If-None-Match") != `"1"` {
			t.Errorf("asked %v with the tag %q, want the new URL with its own", last.URL, last.Header.Get("If-None-Match"))
		}
		wants(t, v, next.mint(nil, lasting()), "")
	})
}

func TestKeysFromAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "jwks.json")
	write := func(text []byte) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(jwks(ecKey()))
	synctest.Test(t, func(t *testing.T) {
		v, err := New(Options{StateDir: t.TempDir(), Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS = JWKSConfig{File: path} })}})
		if err != nil {
			t.Fatal(err)
		}
		wants(t, v, ecKey().mint(nil, lasting()), "") // before it runs
		start(t, v)
		wants(t, v, ecKey().mint(nil, lasting()), "")
		write([]byte("{")) // half-written
		time.Sleep(10 * time.Second)
		wants(t, v, ecKey().mint(nil, lasting()), "")
		write(jwks(edKey()))
		time.Sleep(time.Minute)
		wants(t, v, edKey().mint(nil, lasting()), "")
		wants(t, v, ecKey().mint(nil, lasting()), rules.TokenKeyUnknown)
		write(jwks(ecKey()))
		wants(t, v, ecKey().named("x").mint(nil, lasting()), rules.TokenKeyUnknown) // which reads the file again
		wants(t, v, ecKey().mint(nil, lasting()), "")
	})
}

func TestFilesThatAreNoKeySets(t *testing.T) {
	dir := t.TempDir()
	fifo, large := filepath.Join(dir, "fifo"), filepath.Join(dir, "large")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(large, make([]byte, maxBody+1), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, large, dir, filepath.Join(dir, "missing"), "/dev/zero"} {
		if _, err := (&file{path: path}).fetch(t.Context(), false); err == nil {
			t.Errorf("%s was read", path)
		}
	}
}

// Nothing of the transport outlives a fetch.
func TestNoIdleConnections(t *testing.T) {
	closed := make(chan struct{}, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write(jwks(ecKey())) }))
	server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateClosed {
			closed <- struct{}{}
		}
	}
	server.Start()
	defer server.Close()
	if _, err := plainGetter().document(t.Context(), server.URL, ""); err != nil {
		t.Fatal(err)
	}
	select {
	case <-closed:
	case <-time.After(time.Minute):
		t.Error("the connection is still open")
	}
}

func mkfifo(path string) error { return syscall.Mkfifo(path, 0o600) }
