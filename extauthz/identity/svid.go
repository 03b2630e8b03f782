package identity

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"net/url"
)

const (
	maxCertificate = 32 << 10 // bytes, URL-encoded
	maxChain       = 8        // certificates
)

// decodeCertificates reads URL-encoded PEM, as proxies send certificates: one
// certificate or more, and nothing else.
func decodeCertificates(encoded string) ([]*x509.Certificate, error) {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return nil, err
	}
	return readPEM([]byte(text), maxChain)
}

// readPEM reads certificates. What is not one, and not space, is an error: a
// reader that skips it would read another file than the one who wrote it.
func readPEM(text []byte, limit int) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for rest := bytes.TrimSpace(text); len(rest) > 0; rest = bytes.TrimSpace(rest) {
		if !bytes.HasPrefix(rest, []byte("-----BEGIN ")) {
			return nil, fmt.Errorf("something else than PEM behind %d certificates", len(out))
		}
		var block *pem.Block
		switch block, rest = pem.Decode(rest); {
		case block == nil:
			return nil, fmt.Errorf("broken PEM behind %d certificates", len(out))
		case block.Type != "CERTIFICATE":
			return nil, fmt.Errorf("a block is a %s, want CERTIFICATE", clip(block.Type))
		case len(out) == limit:
			return nil, fmt.Errorf("more than %d certificates", limit)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("certificate %d: %w", len(out)+1, err)
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, errors.New("no certificate")
	}
	return out, nil
}

// checkSVID wants the leaf of a workload with that SPIFFE ID and no other
// (X.509-SVID sections 2, 4.1, 4.3 and 5.2). The caller has judged the ID.
func checkSVID(leaf *x509.Certificate, id string) error {
	if leaf.IsCA {
		return errors.New("it is an authority's certificate")
	}
	if leaf.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		return errors.New("its key may sign certificates or revocation lists")
	}
	ids, err := uriNames(leaf)
	switch {
	case err != nil:
		return err
	case len(ids) != 1:
		return fmt.Errorf("it has %d URI SANs, want one", len(ids))
	case ids[0] != id:
		return fmt.Errorf("its URI SAN is %s, not %s", clip(ids[0]), clip(id))
	}
	return nil
}

var (
	subjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	errNames       = errors.New("its SANs cannot be read")
)

// tagURI is uniformResourceIdentifier of GeneralName (RFC 5280 section 4.2.1.6).
const tagURI = 6

// uriNames returns the URI SANs to the byte. The parsed URLs of the certificate
// are no good: they spell "SPIFFE:" small and forget an empty fragment.
func uriNames(c *x509.Certificate) ([]string, error) {
	var out []string
	for _, extension := range c.Extensions {
		if !extension.Id.Equal(subjectAltName) {
			continue
		}
		var all asn1.RawValue
		if rest, err := asn1.Unmarshal(extension.Value, &all); err != nil || len(rest) > 0 {
			return nil, errNames
		}
		for rest := all.Bytes; len(rest) > 0; {
			var name asn1.RawValue
			var err error
			if rest, err = asn1.Unmarshal(rest, &name); err != nil {
				return nil, errNames
			}
			if name.Class == asn1.ClassContextSpecific && name.Tag == tagURI {
				out = append(out, string(name.Bytes))
			}
		}
	}
	return out, nil
}

// sumOf is the SHA-256 of a certificate, which x5t#S256 and an XFCC element's
// Hash spell in their own ways.
func sumOf(c *x509.Certificate) digest { return sha256.Sum256(c.Raw) }

// readLeaf reads the one certificate that a proxy sends of its client.
func readLeaf(encoded string) (*x509.Certificate, error) {
	if len(encoded) > maxCertificate {
		return nil, fmt.Errorf("a certificate of %d bytes", len(encoded))
	}
	list, err := decodeCertificates(encoded)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d certificates, want one", len(list))
	}
	if err != nil {
		return nil, err
	}
	return list[0], nil
}
