package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"
)

// anchor signs certificates for tests.
type anchor struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

var serials atomic.Int64

// newAnchor makes a root, or with a parent an authority below it.
func newAnchor(name string, parent *anchor, change func(*x509.Certificate)) *anchor {
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, NotBefore: now.Add(-time.Hour), NotAfter: now.AddDate(1, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	if change != nil {
		change(template)
	}
	a := &anchor{key: must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))}
	if parent == nil {
		parent = &anchor{cert: template, key: a.key}
	}
	a.cert = parent.sign(template, a.key)
	return a
}

func (a *anchor) sign(template *x509.Certificate, key *ecdsa.PrivateKey) *x509.Certificate {
	template.SerialNumber = big.NewInt(serials.Add(1))
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key))))
}

// leaf is a workload's certificate.
func (a *anchor) leaf(id string, change func(*x509.Certificate)) *x509.Certificate {
	template := &x509.Certificate{
		NotBefore: now.Add(-time.Minute), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		BasicConstraintsValid: true,
	}
	if id != "" {
		template.URIs = uris(id)
	}
	if change != nil {
		change(template)
	}
	return a.sign(template, must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)))
}

func asPEM(list ...*x509.Certificate) (text []byte) {
	for _, c := range list {
		text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return text
}

// sent is how a proxy sends certificates.
func sent(list ...*x509.Certificate) string { return url.PathEscape(string(asPEM(list...))) }

// asBundle is a SPIFFE bundle of authorities, and of JWT keys beside them.
func asBundle(sequence int, jwt []signer, list ...*x509.Certificate) []byte {
	keys := []any{}
	for _, c := range list {
		public := c.PublicKey.(*ecdsa.PublicKey)
		jwk := point(public)
		keys = append(keys, with(jwk, object{"use": "x509-svid", "x5c": []string{base64.StdEncoding.EncodeToString(c.Raw)}}))
	}
	for _, s := range jwt {
		keys = append(keys, with(s.jwk(), object{"use": "jwt-svid", "alg": nil}))
	}
	return must(json.Marshal(object{"keys": keys, "spiffe_sequence": sequence}))
}

func point(public *ecdsa.PublicKey) object {
	point := must(public.Bytes())
	half := len(point) / 2
	return object{"kty": "EC", "crv": public.Curve.Params().Name, "x": b64(point[1 : 1+half]), "y": b64(point[1+half:])}
}

// inFile writes a file, or replaces it as a whole.
func inFile(t *testing.T, path string, text []byte) string {
	t.Helper()
	if path == "" {
		path = filepath.Join(t.TempDir(), "bundle")
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	return path
}
