package web

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/catalogtest"
)

// certified is a certificate that signed itself, for a server or a client.
type certified struct{ cert, key []byte }

func certify(t *testing.T, serial int64) certified {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{
		SerialNumber: big.NewInt(serial), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"api.example.com"}, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return certified{pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: raw})}
}

// encrypted serves rows over TLS to clients with this certificate, or to all.
func encrypted(t *testing.T, own certified, client *certified, version uint16) *httptest.Server {
	t.Helper()
	pair, err := tls.X509KeyPair(own.cert, own.key)
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reply200(w, map[string]any{"id": fromPath(r), "tier": nil})
	}))
	s.Config.ErrorLog = nil
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS10, MaxVersion: version}
	if client != nil {
		s.TLS.ClientCAs, s.TLS.ClientAuth = x509.NewCertPool(), tls.RequireAndVerifyClientCert
		s.TLS.ClientCAs.AppendCertsFromPEM(client.cert)
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func over(t *testing.T, url string, change func(*Options)) *Source {
	t.Helper()
	typ := account()
	typ.URL = url + typ.URL
	o := Options{Types: map[string]Type{"account": typ}, Timeout: patience}
	change(&o)
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestAuthoritiesAreTheFilesAloneAndReadAgain(t *testing.T) {
	ours, theirs := certify(t, 1), certify(t, 2)
	server := encrypted(t, ours, nil, tls.VersionTLS13)
	file := t.TempDir() + "/ca.pem"
	put(t, file, string(theirs.cert))
	s := over(t, server.URL, func(o *Options) { o.CA = file })
	catalogtest.WantUnavailable(t, s, "certificate")
	catalogtest.WantUnavailable(t, over(t, server.URL, func(*Options) {}), "certificate")
	put(t, file, string(ours.cert))
	catalogtest.Get(t, s, "a")
	put(t, file, string(theirs.cert)) // no connection of before is used on
	catalogtest.WantUnavailable(t, s, "certificate")
	put(t, file, "nothing")
	catalogtest.WantUnavailable(t, s, "no certificate in")
}

func TestClientCertificate(t *testing.T) {
	own, client, other := certify(t, 1), certify(t, 2), certify(t, 3)
	server := encrypted(t, own, &client, tls.VersionTLS13)
	dir := t.TempDir()
	ca, cert, key := dir+"/ca.pem", dir+"/cert.pem", dir+"/key.pem"
	put(t, ca, string(own.cert))
	put(t, cert, string(other.cert))
	put(t, key, string(other.key))
	s := over(t, server.URL, func(o *Options) { o.CA, o.Cert, o.Key = ca, cert, key })
	catalogtest.WantUnavailable(t, s, "")
	put(t, cert, string(client.cert))
	catalogtest.WantUnavailable(t, s, "private key") // half of a pair
	put(t, key, string(client.key))
	catalogtest.Get(t, s, "a")
	catalogtest.WantUnavailable(t, over(t, server.URL, func(o *Options) { o.CA = ca }), "")
}

func TestOldTLSIsRefused(t *testing.T) {
	own := certify(t, 1)
	ca := t.TempDir() + "/ca.pem"
	put(t, ca, string(own.cert))
	for version, good := range map[uint16]bool{tls.VersionTLS11: false, tls.VersionTLS12: true} {
		s := over(t, encrypted(t, own, nil, version).URL, func(o *Options) { o.CA = ca })
		if _, err := s.Lookup(t.Context(), catalogtest.Keys("a")); (err == nil) != good {
			t.Errorf("TLS %x: %v", version, err)
		}
	}
}

// A proxy is asked for a tunnel to the host and sees neither path nor secret.
func TestProxySeesAHostAlone(t *testing.T) {
	own := certify(t, 1)
	server := encrypted(t, own, nil, tls.VersionTLS13)
	dir := t.TempDir()
	put(t, dir+"/ca.pem", string(own.cert))
	put(t, dir+"/secret", "canary")
	var mu sync.Mutex
	var heard []string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		heard = append(heard, r.Method+" "+r.RequestURI+r.Header.Get("Authorization"))
		mu.Unlock()
		up, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil || r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer up.Close()
		w.WriteHeader(http.StatusOK)
		down, ahead, err := http.NewResponseController(w).Hijack()
		if err != nil {
			return
		}
		defer down.Close()
		var both sync.WaitGroup
		// What the client sent right after the answer may have been read ahead.
		both.Go(func() { _, _ = io.Copy(up, ahead); _ = up.(*net.TCPConn).CloseWrite() })
		_, _ = io.Copy(down, up)
		_ = down.Close()
		both.Wait()
	})
	ask := func(host string) error {
		s := over(t, host, func(o *Options) { o.CA, o.Secret, o.Proxy = dir+"/ca.pem", dir+"/secret", proxy.URL })
		defer s.Close()
		_, err := s.Lookup(t.Context(), catalogtest.Keys("a"))
		return err
	}
	if err := ask("https://api.example.com"); err != nil {
		t.Errorf("through the proxy: %v", err)
	}
	if err := ask("https://api.example.org"); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("through the proxy, a host with another certificate: %v", err)
	}
	for _, h := range heard {
		if h != "CONNECT api.example.com:443" && h != "CONNECT api.example.org:443" {
			t.Errorf("the proxy heard %q", h)
		}
	}
	n := len(heard)
	for _, host := range []string{"https://169.254.169.254", "https://metadata.google.internal", "https://127.0.0.1", "https://2852039166"} {
		if err := ask(host); err == nil || !strings.Contains(err.Error(), "refused") {
			t.Errorf("%s: %v", host, err)
		}
	}
	if n == 0 || len(heard) != n {
		t.Errorf("the proxy heard %q", heard)
	}
}

func TestAddressesThatNoCatalogHas(t *testing.T) {
	for _, host := range []string{"https://169.254.169.254", "https://[fd00:ec2::254]", "https://100.100.100.200", "https://0.0.0.0"} {
		catalogtest.WantUnavailable(t, over(t, host, func(*Options) {}), "this address is refused")
	}
}

func TestOptions(t *testing.T) {
	good := Type{URL: "https://api.example.com/{id}"}
	change := func(f func(*Type)) map[string]Type {
		typ := good
		f(&typ)
		return map[string]Type{"a": typ}
	}
	all := map[string]Type{"a": good}
	for row, c := range map[string]struct {
		o    Options
		want string
	}{
		"good":                   {Options{Types: all}, ""},
		"a post":                 {Options{Types: map[string]Type{"a": {URL: "https://api.example.com/batch", Keys: "ids", Rows: "$"}}}, ""},
		"no types":               {Options{}, "no types"},
		"in flight":              {Options{Types: all, InFlight: -1}, "in_flight"},
		"a body of nothing":      {Options{Types: all, MaxBody: -1}, "max_body"},
		"no time":                {Options{Types: all, Timeout: 1}, "timeout"},
		"half a pair":            {Options{Types: all, Cert: "x"}, "cert and key come together"},
		"a proxy over TLS":       {Options{Types: all, Proxy: "https://p:1"}, "want http://host:port"},
		"a header of ours":       {Options{Types: all, Header: "host", Secret: "x"}, "no secret can be in"},
		"no header":              {Options{Types: all, Header: "a b", Secret: "x"}, "no secret can be in"},
		"a header without":       {Options{Types: all, Header: "X-Key"}, "without the file"},
		"http":                   {Options{Types: change(func(t *Type) { t.URL = "http://127.0.0.1/{id}" })}, "allow_http"},
		"http through a proxy":   {Options{Types: change(func(t *Type) { t.URL = "http://127.0.0.1/{id}" }), AllowHTTP: true, Proxy: "http://p:1"}, "proxy is for https"},
		"a post with an id":      {Options{Types: change(func(t *Type) { t.Keys = "ids" })}, "takes no id"},
		"a built-in column":      {Options{Types: change(func(t *Type) { t.Columns = map[string]string{"tier": "x"} })}, "built-in name"},
		"an odd path":            {Options{Types: change(func(t *Type) { t.Tier = "a[0]" })}, "names with dots"},
		"a path with a hole":     {Options{Types: change(func(t *Type) { t.Tier = "a..b" })}, "names with dots"},
		"an id that may be none": {Options{Types: change(func(t *Type) { t.ID = "id?" })}, "cannot be missing"},
		"the row as a member":    {Options{Types: change(func(t *Type) { t.Parent = "$" })}, "the whole row"},
		"a batch too large":      {Options{Types: change(func(t *Type) { t.Batch = 10_001 })}, "batch"},
	} {
		if err := c.o.Check(); (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", row, err, c.want)
		}
	}
	s, err := Open(Options{Types: all})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lookup(t.Context(), []catalog.Key{{Type: "other", ID: "a"}}); err == nil || !strings.Contains(err.Error(), "type other") {
		t.Errorf("a type without a URL: %v", err)
	}
}
