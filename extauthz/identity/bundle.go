package identity

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxAuthorities is how many certificates a trust domain's bundle may have.
const maxAuthorities = 100

// authorities vouch for the workloads of one trust domain. They never change:
// other ones are another value, by which what these vouched for is forgotten.
type authorities struct {
	roots, between *x509.CertPool
	count          int    // of the roots
	sequence       uint64 // of a SPIFFE bundle; 0 when it does not say
	sum            [sha256.Size]byte
}

// readAuthorities reads a bundle: PEM, or the SPIFFE bundle format, which begins
// with a brace. A part that cannot be used costs the whole, unlike in a key set:
// here nobody else's mistake is at work, and half a bundle is not what was meant.
func readAuthorities(domain string, text []byte) (*authorities, error) {
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		return readSPIFFEBundle(domain, text)
	}
	list, err := readPEM(text, maxAuthorities)
	if err != nil {
		return nil, err
	}
	var roots, between []*x509.Certificate
	for _, c := range list {
		if bytes.Equal(c.RawIssuer, c.RawSubject) && c.CheckSignatureFrom(c) == nil {
			roots = append(roots, c)
		} else {
			between = append(between, c)
		}
	}
	return newAuthorities(domain, roots, between)
}

// readSPIFFEBundle takes the x509-svid entries, each of which is a root by itself
// (SPIFFE Trust Domain and Bundle, sections 4.2 and 4.3).
func readSPIFFEBundle(domain string, text []byte) (*authorities, error) {
	object, err := strictObject(text, maxJWKSDepth)
	if err != nil {
		return nil, err
	}
	list, ok := object["keys"].([]any)
	if !ok {
		return nil, errors.New(`the document has no "keys" array`)
	}
	said, err := readBundle(object, list)
	if err != nil {
		return nil, err
	}
	var roots []*x509.Certificate
	for i, item := range list {
		key, ok := item.(map[string]any)
		if !ok || key["use"] != "x509-svid" {
			continue
		}
		chain, _ := key["x5c"].([]any)
		if len(chain) != 1 {
			return nil, fmt.Errorf("key %d is an x509-svid authority with %d certificates, want one", i, len(chain))
		}
		encoded, _ := chain[0].(string)
		der, err := base64.StdEncoding.Strict().DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("key %d: x5c: %w", i, err)
		}
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("key %d: x5c: %w", i, err)
		}
		roots = append(roots, c)
	}
	a, err := newAuthorities(domain, roots, nil)
	if err == nil {
		a.sequence = said.sequence
	}
	return a, err
}

// newAuthorities makes a bundle of roots, which vouch, and of certificates that
// may stand between one of them and a leaf.
func newAuthorities(domain string, roots, between []*x509.Certificate) (*authorities, error) {
	a := &authorities{roots: x509.NewCertPool(), between: x509.NewCertPool(), count: len(roots)}
	switch {
	case len(roots) == 0 && len(between) > 0:
		return nil, errors.New("no certificate in it is a root: none is signed by itself")
	case len(roots) == 0:
		return nil, errors.New("it has no X.509 authority")
	case len(roots)+len(between) > maxAuthorities:
		return nil, fmt.Errorf("more than %d certificates", maxAuthorities)
	}
	h := sha256.New()
	for n, list := range [][]*x509.Certificate{roots, between} {
		pool := a.roots
		if n == 1 {
			pool = a.between
		}
		for _, c := range list {
			if err := checkAuthority(domain, c); err != nil {
				return nil, fmt.Errorf("the certificate of %s: %w", clip(c.Subject.String()), err)
			}
			pool.AddCert(c)
			sum := sha256.Sum256(c.Raw)
			h.Write(append(sum[:], byte(n)))
		}
	}
	h.Sum(a.sum[:0])
	return a, nil
}

// checkAuthority refuses a certificate that can vouch for nobody, and one that
// says itself that it is another trust domain's.
func checkAuthority(domain string, c *x509.Certificate) error {
	if !c.BasicConstraintsValid || !c.IsCA {
		return errors.New("it is no authority (cA is not true)")
	}
	if c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return errors.New("its key may not sign certificates")
	}
	names, err := uriNames(c)
	if err != nil {
		return err
	}
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, "spiffe://")
		if of, _, _ := strings.Cut(rest, "/"); ok && of != domain {
			return fmt.Errorf("it is of trust domain %s", clip(of))
		}
	}
	return nil
}

// vouch returns the time in which a chain of certificates from the leaf to one of
// these roots is good, now being in it. Certificates that came with the leaf may
// help to find the chain; they are believed nothing.
func (a *authorities) vouch(leaf *x509.Certificate, with []*x509.Certificate, now time.Time) (from, until time.Time, err error) {
	between := a.between
	if len(with) > 0 {
		between = between.Clone()
		for _, c := range with {
			between.AddCert(c)
		}
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: a.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return from, until, err
	}
	from, until = leaf.NotBefore, leaf.NotAfter
	for _, c := range chains[0][1:] {
		if c.NotBefore.After(from) {
			from = c.NotBefore
		}
		if c.NotAfter.Before(until) {
			until = c.NotAfter
		}
	}
	return from, until, nil
}
