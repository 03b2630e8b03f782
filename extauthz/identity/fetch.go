package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

const (
	dialTimeout  = 2 * time.Second
	discoveryFor = time.Hour // a jwks_uri is used before it is discovered again
)

// getter fetches small documents from identity providers: https, or http from
// loopback; no redirects, no proxies, no cookies, no compression.
type getter struct{ secure, plain http.RoundTripper }

func newGetter() *getter { return &getter{secure: transport(false), plain: transport(true)} }

func transport(loopbackOnly bool) http.RoundTripper {
	dialer := &net.Dialer{
		Timeout: dialTimeout,
		// After name resolution, so that a name cannot lead past it.
		Control: func(_, address string, _ syscall.RawConn) error { return checkAddress(address, loopbackOnly) },
	}
	return &http.Transport{
		DialContext:            dialer.DialContext,
		TLSClientConfig:        &tls.Config{MinVersion: tls.VersionTLS12},
		DisableKeepAlives:      true, // a fetch every few minutes; an idle connection is one more thing to close
		DisableCompression:     true, // what is limited is what was sent
		MaxResponseHeaderBytes: 32 << 10,
	}
}

// document gets one document. etag, if set, makes an unchanged answer possible.
func (g *getter) document(ctx context.Context, address, etag string) (document, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return document{}, errors.New("not a URL")
	}
	req.Header.Set("Accept", "application/json")
	req.Header.Set("User-Agent", "tiergate")
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	through := g.secure
	if req.URL.Scheme == "http" {
		through = g.plain
	}
	resp, err := through.RoundTrip(req)
	if err != nil {
		return document{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	age := cacheAge(resp.Header)
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return document{unchanged: true, maxAge: age}, nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return document{}, fmt.Errorf("status %d: redirects are refused", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return document{}, fmt.Errorf("status %d, want 200", resp.StatusCode)
	case resp.ContentLength > maxBody:
		return document{}, fmt.Errorf("%d bytes, the limit is %d", resp.ContentLength, maxBody)
	}
	body, err := readBounded(resp.Body)
	return document{body: body, etag: resp.Header.Get("ETag"), maxAge: age}, err
}

// discovery finds the key set of an issuer by its metadata (OpenID Connect
// Discovery 1.0 section 4).
type discovery struct {
	issuer    string
	allowHTTP bool
	now       func() time.Time

	url   string // of the key set; "" when it must be discovered
	until time.Time
}

func (d *discovery) forget() { d.url = "" }

func (d *discovery) keySetURL(ctx context.Context, get *getter) (string, error) {
	if d.url != "" && d.now().Before(d.until) {
		return d.url, nil
	}
	where := strings.TrimSuffix(d.issuer, "/") + "/.well-known/openid-configuration"
	doc, err := get.document(ctx, where, "")
	if err != nil {
		return "", fmt.Errorf("discovery at %s: %w", printable(where), err)
	}
	found, err := d.read(doc.body)
	if err != nil {
		return "", fmt.Errorf("discovery at %s: %w", printable(where), err)
	}
	d.url, d.until = found, d.now().Add(discoveryFor)
	return found, nil
}

// read takes jwks_uri from the metadata. The issuer in it must be ours to the
// byte, or one provider could answer for another (section 4.3).
func (d *discovery) read(body []byte) (string, error) {
	metadata, err := strictObject(body, 16)
	if err != nil {
		return "", err
	}
	if iss, ok := metadata["issuer"].(string); !ok || iss != d.issuer {
		return "", fmt.Errorf("it is for issuer %s, want exactly %q", clip(iss), d.issuer)
	}
	found, ok := metadata["jwks_uri"].(string)
	if !ok {
		return "", errors.New("it has no jwks_uri")
	}
	if err := checkURL(found, d.allowHTTP); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return found, nil
}

// checkURL wants an absolute https URL; http only where it is allowed and the
// host is loopback.
func checkURL(raw string, allowHTTP bool) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "":
		return fmt.Errorf("%s is not an absolute URL", clip(raw))
	case u.User != nil || u.Fragment != "":
		return fmt.Errorf("%q has a user or a fragment", u.Redacted())
	case u.Scheme == "https":
		return nil
	case u.Scheme != "http":
		return fmt.Errorf("%q is not https", printable(raw))
	case !allowHTTP:
		return fmt.Errorf("%q is not https (allow_http: true permits http from loopback)", printable(raw))
	}
	if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() != "localhost" && (err != nil || !ip.IsLoopback()) {
		return fmt.Errorf("%q is http and not loopback", printable(raw))
	}
	return nil
}

// printable is a URL without its query, which may hold a key of its own.
func printable(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	u.RawQuery, u.User = "", nil
	return u.String()
}

// Metadata services of cloud providers that are not link-local, and the prefix
// that wraps IPv4 addresses for translation.
var (
	metadataAddresses = []netip.Addr{
		netip.MustParseAddr("100.100.100.200"), netip.MustParseAddr("168.63.129.16"), netip.MustParseAddr("192.0.0.192"),
		netip.MustParseAddr("fd00:ec2::254"), netip.MustParseAddr("fd20:ce::254"), netip.MustParseAddr("fd00:c1::a9fe:a9fe"),
	}
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// checkAddress refuses to dial what an identity provider never is and a stolen
// DNS name would like to reach.
func checkAddress(address string, loopbackOnly bool) error {
	dialed, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("dial %s: %w", address, err)
	}
	ip := dialed.Addr().Unmap().WithZone("")
	if nat64.Contains(ip) {
		b := ip.As16()
		ip = netip.AddrFrom4([4]byte(b[12:]))
	}
	refused := ip.IsLinkLocalUnicast() || ip.IsMulticast() || ip.IsUnspecified()
	for _, m := range metadataAddresses {
		refused = refused || ip == m
	}
	if refused || loopbackOnly && !ip.IsLoopback() {
		return fmt.Errorf("dial %s: this address is refused", address)
	}
	return nil
}
