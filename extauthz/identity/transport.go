package identity

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/tiergate/tiergate/rules/regular"
)

const maxRootsFile = 1 << 20 // bytes of a file of certificate authorities

// private trusts only the authorities in a file, and reads it again for every
// fetch: authorities are replaced while servers run.
type private struct {
	transport *http.Transport
	ca        string
}

// RoundTrip implements http.RoundTripper.
func (p *private) RoundTrip(req *http.Request) (*http.Response, error) {
	roots, err := readRoots(p.ca)
	if err != nil {
		return nil, err
	}
	t := p.transport.Clone()
	t.TLSClientConfig.RootCAs = roots
	return t.RoundTrip(req) // without keep-alives nothing of t is left behind
}

// readRoots reads a PEM file of at least one certificate.
func readRoots(path string) (*x509.CertPool, error) {
	text, err := regular.ReadFile(path, maxRootsFile)
	if err != nil {
		return nil, fmt.Errorf("ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("ca: no certificate in %s", path)
	}
	return roots, nil
}

// proxyURL reads the URL of a proxy. We ask it for tunnels only (RFC 9110
// section 9.3.6), so that it sees a host and a port and no key.
func proxyURL(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, errors.New("proxy: want http://host:port")
	case u.User != nil:
		return nil, fmt.Errorf("proxy: %q has a user, which is not supported yet", u.Redacted())
	case u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("proxy: %q, want http://host:port", printable(raw))
	}
	return u, nil
}
