package postgres

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	pg "github.com/tiergate/tiergate/e2e/postgres"
	"github.com/tiergate/tiergate/resolver/catalog"
)

// authority writes a certificate that signs itself, for 127.0.0.1, and its key.
func authority(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bank"}, NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret})
}

// Twins: only what the connection trusts, or calls the server, differs.
func TestConnectionProvesWhoAnswers(t *testing.T) {
	server := pg.Start(t)
	cert, key := authority(t)
	server.UseTLS(t, cert, key)
	other, _ := authority(t)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"ca.pem": cert, "other.pem": other} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conn := server.Conn(t, "postgres")
	pg.Exec(t, conn, createAccounts("text")+oneAccount)
	for name, c := range map[string]struct{ host, ca, want string }{
		"the right one":   {"127.0.0.1", "ca.pem", ""},
		"another's CA":    {"127.0.0.1", "other.pem", "certificate"},
		"by another name": {"localhost", "ca.pem", "certificate"},
	} {
		dsn := strings.Replace(server.DSN("postgres", "", "postgres"), "127.0.0.1", c.host, 1)
		s, err := Open(Options{
			DSN: dsn + "?sslmode=verify-full&sslrootcert=" + filepath.Join(dir, c.ca), PasswordFile: secret(t, pg.Password),
			Types: accounts(), Timeout: 5 * time.Second,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		rows, err := s.Lookup(t.Context(), keys("account", "a"))
		switch {
		case c.want == "" && (err != nil || !rows[0].Found):
			t.Errorf("%s: %+v, %v", name, rows, err)
		case c.want != "" && (!errors.Is(err, catalog.ErrUnavailable) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %+v, %v, want an error about the certificate", name, rows, err)
		}
	}
}
