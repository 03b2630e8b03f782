//go:build e2e

package e2e

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"net/url"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

// The attackers' certificates, by the name under which they connect. Each is of
// the authority that Envoy trusts, so only what is in it can be wrong.
const (
	twoIdentities  = "two URI SANs, billing's first"
	twoReversed    = "two URI SANs, billing's last"
	subjectOnly    = "CN is a SPIFFE id"
	dnsOnly        = "DNS SAN is a SPIFFE id"
	authority      = "a CA certificate"
	certSigner     = "a leaf that may sign certificates"
	foreignDomain  = "spiffe://elsewhere.example.com/ns/billing/sa/billing"
	longerWorkload = billingWorkload + "/extra"
)

func (g *gates) issueOddCertificates(t *testing.T) {
	t.Helper()
	uri := func(text string) *url.URL {
		u, err := url.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	billing, reports := uri(billingWorkload), uri(reportsWorkload)
	for name, change := range map[string]func(*x509.Certificate){
		twoIdentities: func(c *x509.Certificate) { c.URIs = []*url.URL{billing, reports} },
		twoReversed:   func(c *x509.Certificate) { c.URIs = []*url.URL{reports, billing} },
		subjectOnly:   func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: billingWorkload} },
		dnsOnly:       func(c *x509.Certificate) { c.DNSNames = []string{billingWorkload} },
		authority: func(c *x509.Certificate) {
			c.URIs, c.IsCA, c.BasicConstraintsValid = []*url.URL{billing}, true, true
			c.KeyUsage |= x509.KeyUsageCertSign
		},
		certSigner: func(c *x509.Certificate) {
			c.URIs = []*url.URL{billing}
			c.KeyUsage |= x509.KeyUsageCertSign
		},
	} {
		leaf, err := g.CA.IssueAs("odd-"+name, func(c *x509.Certificate) error { change(c); return nil })
		if err != nil {
			t.Fatal(err)
		}
		g.mu.Lock()
		g.leaves[name] = leaf
		g.mu.Unlock()
	}
}

// billingToken is the one that is worth nothing from any other workload.
func billingToken(m *maker) string {
	return m.token(nil, idp.Claims{"sub": "svc-billing", "client_id": "svc-billing"})
}

// peerRows are A26: who is on the other end of the connection.
func peerRows() []gateRow {
	stolen := func(name, peer string, more ...string) gateRow {
		return gateRow{
			name: "A26 " + name, target: bobsAccount, good: billingToken, twin: billingWorkload, peer: peer, want: "binding_mismatch",
			lines: func(m *maker) []string { return append([]string{"Authorization: Bearer " + billingToken(m)}, more...) },
		}
	}
	none := func(*maker) []string { return nil }
	alone := func(name, peer, want string, lines func(*maker) []string) gateRow {
		return gateRow{name: "A26 no token: " + name, goodLines: none, lines: lines, twin: ledger, peer: peer, want: want}
	}
	return []gateRow{
		alone("no workload either", "", "credential_missing", none),
		alone("a workload that nobody registered", reportsWorkload, "credential_missing", none),
		alone("a longer path", ledger+"/extra", "credential_missing", none),
		alone("another trust domain", "spiffe://elsewhere.example.com/ns/ledger/sa/ledger", "credential_missing", none),
		alone("XFCC of another workload", reportsWorkload, "credential_missing", func(*maker) []string { return []string{"x-forwarded-client-cert: URI=" + ledger} }),
		alone("a bad token is not replaced", ledger, "token_signature_invalid", func(m *maker) []string {
			return []string{"Authorization: Bearer " + m.must(m.p.Forged("", m.claims(nil)))}
		}),
		stolen("another workload", reportsWorkload),
		stolen("no workload at all", ""),
		stolen("a longer path", longerWorkload),
		stolen("a foreign trust domain", foreignDomain),
		stolen(twoIdentities, twoIdentities),
		stolen(twoReversed, twoReversed),
		stolen(subjectOnly, subjectOnly),
		stolen(dnsOnly, dnsOnly),
		stolen(authority, authority),
		stolen(certSigner, certSigner),
		stolen("XFCC of a client without a certificate", "", "x-forwarded-client-cert: URI="+billingWorkload),
		stolen("XFCC of another workload", reportsWorkload, "x-forwarded-client-cert: By=spiffe://bank.example.com/gw;URI="+billingWorkload),
		stolen("XFCC with quotes around separators", reportsWorkload, `x-forwarded-client-cert: Subject="CN=a,b;c=d";URI=`+billingWorkload),
		stolen("XFCC twice", reportsWorkload, "x-forwarded-client-cert: URI="+reportsWorkload, "x-forwarded-client-cert: URI="+billingWorkload),
	}
}
