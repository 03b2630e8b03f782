package identity

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/rules"
)

const billing = "spiffe://example.com/ns/billing/sa/billing"

func TestSPIFFEIDs(t *testing.T) {
	for _, row := range []struct {
		id     string
		domain string // "" when it is none
	}{
		{billing, "example.com"},
		{"spiffe://td/x", "td"},
		{"spiffe://a-b_c.d/A.b_c-d/9", "a-b_c.d"},
		{"spiffe://td/...", "td"}, // three dots are a name
		{"spiffe://td/" + strings.Repeat("a", 2048-len("spiffe://td/")), "td"},
		{"spiffe://td/" + strings.Repeat("a", 2049-len("spiffe://td/")), ""},
		{"spiffe://" + strings.Repeat("a", 256) + "/x", ""},
		{"", ""},
		{"spiffe://", ""},
		{"spiffe://td", ""},
		{"spiffe://td/", ""},
		{"spiffe:///x", ""},
		{"SPIFFE://td/x", ""},
		{"Spiffe://td/x", ""},
		{"https://td/x", ""},
		{"spiffe:/td/x", ""},
		{"spiffe://TD/x", ""},
		{"spiffe://td:443/x", ""},
		{"spiffe://user@td/x", ""},
		{"spiffe://td/x/", ""},
		{"spiffe://td//x", ""},
		{"spiffe://td/./x", ""},
		{"spiffe://td/../x", ""},
		{"spiffe://td/x/..", ""},
		{"spiffe://td/x?y", ""},
		{"spiffe://td/x#y", ""},
		{"spiffe://td/%78", ""},
		{"spiffe://td/x y", ""},
		{"spiffe://td/x\x00", ""},
		{"spiffe://td/x\n", ""},
		{"spiffe://td/é", ""},
		{"spiffe://é/x", ""},
		{" spiffe://td/x", ""},
		{"CN=spiffe://td/x", ""},
		{"spiffe://td/x,spiffe://td/y", ""},
	} {
		domain, ok := rules.TrustDomain(row.id)
		if domain != row.domain || ok != (row.domain != "") {
			t.Errorf("rules.TrustDomain(%q) = %q, %v, want %q", row.id, domain, ok, row.domain)
		}
	}
}

// certificate is a self-signed leaf as the proxy sends it.
func certificate(t *testing.T, change func(*x509.Certificate)) string {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "billing"},
		NotAfter: now.AddDate(1, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		URIs: uris(billing), BasicConstraintsValid: true,
	}
	if change != nil {
		change(template)
	}
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	der := must(x509.CreateCertificate(rand.Reader, template, template, key.Public(), key))
	return url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
}

func uris(ids ...string) []*url.URL {
	out := make([]*url.URL, len(ids))
	for i, id := range ids {
		out[i] = must(url.Parse(id))
	}
	return out
}

// A26: what a peer is believed to be, by its principal and its certificate.
func TestPeers(t *testing.T) {
	good := certificate(t, nil)
	for _, row := range []struct {
		name, principal, certificate string
		o                            Options
		want                         string
	}{
		{"twin: both agree", billing, good, Options{}, billing},
		{"twin: principal alone", billing, "", Options{}, billing},
		{"twin: of our trust domain", billing, good, Options{Peers: PeerOptions{TrustDomains: []string{"other", "example.com"}}}, billing},
		{"nothing", "", "", Options{}, ""},
		{"certificate alone", "", good, Options{}, ""},
		{"principal alone where a certificate is required", billing, "", Options{Peers: PeerOptions{RequireCertificate: true}}, ""},
		{"foreign trust domain", billing, good, Options{Peers: PeerOptions{TrustDomains: []string{"other"}}}, ""},
		{"trust domain that ends alike", "spiffe://evil.example.com/x", "", Options{Peers: PeerOptions{TrustDomains: []string{"example.com"}}}, ""},
		{"another workload's principal", billing + "2", good, Options{}, ""},
		{"subject shaped like an id", "CN=" + billing, good, Options{}, ""},
		{"two URI SANs", billing, certificate(t, func(c *x509.Certificate) { c.URIs = uris(billing, "https://x.example/") }), Options{}, ""},
		{"two SPIFFE ids, ours second", billing, certificate(t, func(c *x509.Certificate) { c.URIs = uris(billing+"2", billing) }), Options{}, ""},
		{"no URI SAN", billing, certificate(t, func(c *x509.Certificate) { c.URIs = nil }), Options{}, ""},
		{"DNS SAN equal to the id", billing, certificate(t, func(c *x509.Certificate) { c.URIs, c.DNSNames = nil, []string{billing} }), Options{}, ""},
		{"common name equal to the id", billing, certificate(t, func(c *x509.Certificate) { c.URIs, c.Subject.CommonName = nil, billing }), Options{}, ""},
		{"twin: a DNS SAN beside the id", billing, certificate(t, func(c *x509.Certificate) { c.DNSNames = []string{"billing.example.com"} }), Options{}, billing},
		{"CA certificate as leaf", billing, certificate(t, func(c *x509.Certificate) { c.IsCA = true }), Options{}, ""},
		{"leaf that may sign certificates", billing, certificate(t, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCertSign }), Options{}, ""},
		{"leaf that may sign revocations", billing, certificate(t, func(c *x509.Certificate) { c.KeyUsage |= x509.KeyUsageCRLSign }), Options{}, ""},
		{"two certificates", billing, good + good, Options{}, ""},
		{"bytes after the certificate", billing, good + "x", Options{}, ""},
		{"bad escape", billing, "%zz" + good, Options{}, ""},
		{"no PEM", billing, "certificate", Options{}, ""},
		{"another PEM", billing, strings.ReplaceAll(good, "CERTIFICATE", "PUBLIC%20KEY"), Options{}, ""},
		{"empty PEM", billing, "-----BEGIN%20CERTIFICATE-----%0A-----END%20CERTIFICATE-----%0A", Options{}, ""},
		{"huge", billing, strings.Repeat("a", maxCertificate+1), Options{}, ""},
	} {
		t.Run("A26 "+row.name, func(t *testing.T) {
			v := verifier(t, serving(), row.o)
			for range 2 { // read, and remembered
				e, err := v.Verify(t.Context(), &rules.Request{Now: now, Principal: row.principal, Certificate: row.certificate})
				if err != nil || !e.Verified.Anonymous || e.Peer != row.want {
					t.Errorf("peer %q (%+v, %v), want %q and the anonymous caller", e.Peer, e, err, row.want)
				}
			}
		})
	}
}

// K1: what is remembered for one connection is never another's.
func TestPeersDoNotCollide(t *testing.T) {
	good := certificate(t, nil)
	p := must(newPeers(&Options{}))
	if got := p.of(&rules.Request{Now: now, Principal: billing, Certificate: good}); got != billing {
		t.Fatalf("peer %q", got)
	}
	for _, req := range []*rules.Request{
		{Principal: billing + "2", Certificate: good}, {Principal: billing, Certificate: good[1:]}, {Principal: billing, Certificate: good + "%0Ax"},
	} {
		req.Now = now
		if got := p.of(req); got != "" {
			t.Errorf("%q with other bytes is peer %q", req.Principal, got)
		}
	}
	for n := range 2 * maxPeers {
		p.of(&rules.Request{Now: now, Principal: billing, Certificate: strings.Repeat("x", n+1)})
	}
	if got := p.known.Len(); got != 1 {
		t.Errorf("%d certificates are remembered, want only the one that proved something", got)
	}
	for n := range 2 * maxPeers {
		p.of(&rules.Request{Now: now, Principal: billing, Certificate: strings.Repeat("%0A", n) + good})
	}
	if got := p.known.Len(); got > maxPeers {
		t.Errorf("%d certificates are remembered, the limit is %d", got, maxPeers)
	}
}

func BenchmarkPeerWithCertificate(b *testing.B) {
	p := must(newPeers(&Options{Peers: PeerOptions{RequireCertificate: true}}))
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: now, NotAfter: now, URIs: uris(billing)}
	der := must(x509.CreateCertificate(rand.Reader, c, c, key.Public(), key))
	req := &rules.Request{Now: now, Principal: billing, Certificate: url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))}
	b.ReportAllocs()
	for b.Loop() {
		if p.of(req) != billing {
			b.Fatal("no peer")
		}
	}
}
