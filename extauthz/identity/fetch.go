package identity

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules/dial"
)

// discoveryFor is how long a jwks_uri is used before it is discovered again.
const discoveryFor = time.Hour

// getter fetches small documents from identity providers: https, or http from
// loopback; no redirects, no cookies, no compression, and a proxy only where one
// is configured: the environment is not asked.
type getter struct {
	secure, plain http.RoundTripper
	proxied       bool // secure goes through a proxy, which resolves names itself
}

// newGetter returns one that trusts the system's authorities, or only those in
// the PEM file ca, and that reaches https through the proxy, if either is given.
func newGetter(ca, proxy string) (*getter, error) {
	g := &getter{plain: transport(true)}
	secure := transport(false)
	if proxy != "" {
		u, err := dial.Proxy(proxy)
		if err != nil {
			return nil, err
		}
		secure.Proxy, g.proxied = http.ProxyURL(u), true
	}
	g.secure = secure
	if ca != "" {
		if _, err := dial.Roots(ca); err != nil {
			return nil, err
		}
		g.secure = &private{secure, ca}
	}
	return g, nil
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
	} else if g.proxied {
		if err := dial.CheckProxied(req.URL.Hostname()); err != nil {
			return document{}, err
		}
	}
	resp, err := through.RoundTrip(req)
	if err != nil {
		return document{}, err
	}
	defer resp.Body.Close() //nolint:errcheck // only read from
	doc := document{maxAge: cacheAge(resp.Header), made: madeAt(resp.Header)}
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		doc.unchanged = true
		return doc, nil
	case resp.StatusCode >= 300 && resp.StatusCode < 400:
		return document{}, fmt.Errorf("status %d: redirects are refused", resp.StatusCode)
	case resp.StatusCode != http.StatusOK:
		return document{}, fmt.Errorf("status %d, want 200", resp.StatusCode)
	case resp.ContentLength > maxBody:
		return document{}, fmt.Errorf("%d bytes, the limit is %d", resp.ContentLength, maxBody)
	}
	doc.etag = resp.Header.Get("ETag")
	doc.body, err = readBounded(resp.Body, maxBody)
	return doc, err
}

// readBounded reads all, or fails above limit.
func readBounded(r io.Reader, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(body)) > limit {
		return nil, fmt.Errorf("more than %d bytes", limit)
	}
	return body, nil
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
		return "", fmt.Errorf("discovery at %s: %w", dial.Printable(where), err)
	}
	found, err := d.read(doc.body)
	if err != nil {
		return "", fmt.Errorf("discovery at %s: %w", dial.Printable(where), err)
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
	if err := dial.CheckURL(found, d.allowHTTP); err != nil {
		return "", fmt.Errorf("jwks_uri: %w", err)
	}
	return found, nil
}
