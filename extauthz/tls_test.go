package extauthz

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authv3 "github.com/envoyproxy/go-control-plane/envoy/service/auth/v3"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// authority signs certificates for tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) *authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &authority{cert, key}
}

func (a *authority) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

// issue returns certificate and key for a SAN: a URI where it has ://, else a name.
func (a *authority) issue(t *testing.T, san string, until time.Time) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: "leaf"},
		NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if strings.Contains(san, "://") {
		u, err := url.Parse(san)
		if err != nil {
			t.Fatal(err)
		}
		template.URIs = []*url.URL{u}
	} else {
		template.DNSNames = []string{san}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, &private.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

// client is how a proxy with a certificate for san connects; "" has none.
func (a *authority) client(t *testing.T, server *authority, san string) *tls.Config {
	t.Helper()
	roots := x509.NewCertPool()
	roots.AddCert(server.cert)
	c := &tls.Config{RootCAs: roots, ServerName: "tiergate.test", MinVersion: tls.VersionTLS12}
	if san != "" {
		cert, key := a.issue(t, san, time.Now().Add(time.Hour))
		pair, err := tls.X509KeyPair(cert, key)
		if err != nil {
			t.Fatal(err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c
}

const gateway = "spiffe://example.com/ns/ingress/sa/gateway"

// tlsFolder writes the server's files and returns the setting for them.
func tlsFolder(t *testing.T, ca *authority, until time.Time) *TLS {
	t.Helper()
	dir := t.TempDir()
	l := &TLS{filepath.Join(dir, "cert"), filepath.Join(dir, "key"), filepath.Join(dir, "ca"), []string{gateway, "gateway.test"}}
	cert, key := ca.issue(t, "tiergate.test", until)
	writeFile(t, l.CertFile, cert)
	writeFile(t, l.KeyFile, key)
	writeFile(t, l.ClientCA, ca.pem())
	return l
}

// S1: only the named proxies get in.
func TestS1OnlyAllowedClientsGetIn(t *testing.T) {
	ca, rogue := newAuthority(t), newAuthority(t)
	o := options(t, alwaysAllow)
	o.Listeners[0].TLS = tlsFolder(t, ca, time.Now().Add(time.Hour))
	s := start(t, o)
	old := ca.client(t, ca, gateway)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	for name, c := range map[string]struct {
		creds credentials.TransportCredentials
		in    bool
	}{
		"by SPIFFE id":              {credentials.NewTLS(ca.client(t, ca, gateway)), true},
		"by name":                   {credentials.NewTLS(ca.client(t, ca, "gateway.test")), true},
		"another workload":          {credentials.NewTLS(ca.client(t, ca, "spiffe://example.com/ns/app/sa/web")), false},
		"a prefix":                  {credentials.NewTLS(ca.client(t, ca, gateway+"/x")), false},
		"another name":              {credentials.NewTLS(ca.client(t, ca, "app.test")), false},
		"a subdomain":               {credentials.NewTLS(ca.client(t, ca, "a.gateway.test")), false},
		"no certificate":            {credentials.NewTLS(ca.client(t, ca, "")), false},
		"of another authority":      {credentials.NewTLS(rogue.client(t, ca, gateway)), false},
		"TLS 1.1":                   {credentials.NewTLS(old), false},
		"plaintext to the TLS port": {insecure.NewCredentials(), false},
	} {
		_, err := newClient(t, s, c.creds).Check(t.Context(), request("GET", "/", nil))
		if (err == nil) != c.in {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// S1: files that change are taken without a drop; bad ones leave the old pair.
func TestS1FilesAreReloadedAndBadOnesAreNot(t *testing.T) {
	ca, next := newAuthority(t), newAuthority(t)
	setting := tlsFolder(t, ca, time.Now().Add(time.Hour))
	files, err := openTLS(setting)
	if err != nil {
		t.Fatal(err)
	}
	serial := func() string { return files.current.Load().Certificates[0].Leaf.SerialNumber.String() }
	first := serial()
	if changed, err := files.reload(); changed || err != nil {
		t.Errorf("nothing changed: %v, %v", changed, err)
	}

	cert, key := ca.issue(t, "tiergate.test", time.Now().Add(time.Hour))
	expired, expiredKey := ca.issue(t, "tiergate.test", time.Now().Add(-time.Hour))
	for _, c := range []struct {
		name          string
		cert, key, ca []byte
	}{
		{"half a certificate", cert[:len(cert)/2], key, ca.pem()},
		{"another pair's key", cert, expiredKey, ca.pem()},
		{"an expired pair", expired, expiredKey, ca.pem()},
		{"no client authorities", cert, key, []byte("x")},
		{"empty files", nil, nil, nil},
	} {
		writeFile(t, setting.CertFile, c.cert)
		writeFile(t, setting.KeyFile, c.key)
		writeFile(t, setting.ClientCA, c.ca)
		if changed, err := files.reload(); !changed || err == nil || serial() != first {
			t.Errorf("%s: changed %v, %v, serial %s", c.name, changed, err, serial())
		}
		if changed, _ := files.reload(); changed {
			t.Errorf("%s: reported twice", c.name)
		}
	}
	if err := os.Remove(setting.KeyFile); err != nil {
		t.Fatal(err)
	}
	if changed, err := files.reload(); !changed || err == nil || serial() != first {
		t.Errorf("no key: changed %v, %v", changed, err)
	}
	writeFile(t, setting.CertFile, cert)
	writeFile(t, setting.KeyFile, key)
	writeFile(t, setting.ClientCA, next.pem())
	if changed, err := files.reload(); !changed || err != nil || serial() == first {
		t.Errorf("a good pair: changed %v, %v", changed, err)
	}
	if pool := files.current.Load().ClientCAs; pool.Equal(x509.NewCertPool()) {
		t.Error("no client authority")
	}
}

// S1: a connection made before the swap goes on; the next one meets the new files.
func TestS1SwapDropsNothing(t *testing.T) {
	ca, next := newAuthority(t), newAuthority(t)
	o := options(t, alwaysAllow)
	setting := tlsFolder(t, ca, time.Now().Add(time.Hour))
	o.Listeners[0].TLS = setting
	s := start(t, o)
	before := newClient(t, s, credentials.NewTLS(ca.client(t, ca, gateway)))
	if _, err := before.Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Fatal(err)
	}
	writeFile(t, setting.ClientCA, next.pem())
	eventually(t, func() bool { return testutil.ToFloat64(o.Metrics.tlsReloads.WithLabelValues("ok")) == 1 })
	if _, err := before.Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Errorf("the connection made before: %v", err)
	}
	if _, err := newClient(t, s, credentials.NewTLS(ca.client(t, ca, gateway))).Check(t.Context(), request("GET", "/", nil)); err == nil {
		t.Error("a client of the old authority got in")
	}
	if _, err := newClient(t, s, credentials.NewTLS(next.client(t, ca, gateway))).Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Errorf("a client of the new authority: %v", err)
	}
	writeFile(t, setting.KeyFile, []byte("half"))
	eventually(t, func() bool { return testutil.ToFloat64(o.Metrics.tlsReloads.WithLabelValues("failed")) == 1 })
	if _, err := newClient(t, s, credentials.NewTLS(next.client(t, ca, gateway))).Check(t.Context(), request("GET", "/", nil)); err != nil {
		t.Errorf("after a bad key: %v", err)
	}
}

func newClient(t *testing.T, s *running, creds credentials.TransportCredentials) authv3.AuthorizationClient {
	t.Helper()
	return authv3.NewAuthorizationClient(dial(t, s.Addrs()[0], grpc.WithTransportCredentials(creds)))
}
