// Package dial reaches out over HTTP: to hosts that an operator named, and to no
// address that a stolen name would like to lead to.
//
// What it makes follows no redirect by itself, asks no environment for a proxy,
// unpacks nothing, and speaks TLS 1.2 or newer; http goes to loopback alone.
package dial

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"syscall"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

const (
	dialTimeout  = 2 * time.Second
	maxHeader    = 32 << 10 // bytes of an answer's header
	maxRootsFile = 1 << 20  // bytes of a file of certificate authorities
)

// Transport makes a transport whose connections are checked by CheckAddress.
func Transport(loopbackOnly bool) *http.Transport {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		// After name resolution, so that a name cannot lead past it.
		Control: func(_, address string, _ syscall.RawConn) error { return CheckAddress(address, loopbackOnly) },
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableCompression:     true, // what is limited is what was sent
		MaxResponseHeaderBytes: maxHeader,
	}
}

// Roots reads a PEM file of at least one certificate.
func Roots(path string) (*x509.CertPool, error) {
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

// Proxy reads the URL of a proxy. We ask it for tunnels only (RFC 9110
// section 9.3.6), so that it sees a host and a port and no key.
func Proxy(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "":
		return nil, errors.New("proxy: want http://host:port")
	case u.User != nil:
		return nil, fmt.Errorf("proxy: %q has a user, which is not supported yet", u.Redacted())
	case u.Scheme != "http" || u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("proxy: %q, want http://host:port", Printable(raw))
	}
	return u, nil
}

// CheckURL wants an absolute https URL; http only where it is allowed and the
// host is loopback.
func CheckURL(raw string, allowHTTP bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("%s is not an absolute URL", clip(raw))
	case u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q has a user or a fragment", u.Redacted())
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("%q is not https", Printable(raw))
	case !allowHTTP:
		return fmt.Errorf("%q is not https (allow_http: true permits http from loopback)", Printable(raw))
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is http and not loopback", Printable(raw))
	}
	return nil
}

// Printable is a URL without its query, which may hold a key of its own.
func Printable(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	u.RawQuery, u.User = "", nil
	return u.String()
}

// clip quotes at most 64 bytes of a text.
func clip(text string) string {
	if len(text) <= 64 {
		return strconv.Quote(text)
	}
	return strconv.Quote(text[:64]) + "…"
}
