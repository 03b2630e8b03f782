package web

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/tiergate/tiergate/rules/dial"
	"github.com/tiergate/tiergate/rules/regular"
)

const (
	maxPEM    = 1 << 20
	maxSecret = 8 << 10
	idleFor   = 90 * time.Second
)

// client has the connections. Authorities and certificates are replaced while
// servers run: with other files it makes new connections, and lets the old ones go.
type client struct {
	options *Options
	plain   *http.Transport // to loopback

	mu     sync.Mutex
	files  [3][]byte       // of which secure was made: authorities, certificate, key
	secure *http.Transport // nil until it is needed
}

func newClient(o *Options) *client {
	c := &client{options: o, plain: dial.Transport(true)}
	c.bound(c.plain)
	return c
}

func (c *client) bound(t *http.Transport) {
	t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.IdleConnTimeout = c.options.InFlight, c.options.InFlight, idleFor
}

func (c *client) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plain.CloseIdleConnections()
	if c.secure != nil {
		c.secure.CloseIdleConnections()
	}
}

// to returns what carries a request.
func (c *client) to(u *url.URL) (http.RoundTripper, error) {
	if u.Scheme == "http" {
		return c.plain, nil
	}
	if c.options.Proxy != "" {
		if err := dial.CheckProxied(u.Hostname()); err != nil {
			return nil, err
		}
	}
	return c.encrypted()
}

func (c *client) encrypted() (*http.Transport, error) {
	var files [3][]byte
	for i, path := range []string{c.options.CA, c.options.Cert, c.options.Key} {
		if path == "" {
			continue
		}
		var err error
		if files[i], err = regular.ReadFile(path, maxPEM); err != nil {
			return nil, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.secure != nil && bytes.Equal(files[0], c.files[0]) && bytes.Equal(files[1], c.files[1]) && bytes.Equal(files[2], c.files[2]) {
		return c.secure, nil
	}
	t := dial.Transport(false)
	c.bound(t)
	if c.options.Proxy != "" {
		proxy, err := dial.Proxy(c.options.Proxy)
		if err != nil {
			return nil, err
		}
		t.Proxy = http.ProxyURL(proxy)
	}
	if c.options.CA != "" {
		t.TLSClientConfig.RootCAs = x509.NewCertPool()
		if !t.TLSClientConfig.RootCAs.AppendCertsFromPEM(files[0]) {
			return nil, fmt.Errorf("ca: no certificate in %s", c.options.CA)
		}
	}
	if c.options.Cert != "" {
		pair, err := tls.X509KeyPair(files[1], files[2])
		if err != nil {
			return nil, fmt.Errorf("cert %s: %w", c.options.Cert, err)
		}
		t.TLSClientConfig.Certificates = []tls.Certificate{pair}
	}
	if c.secure != nil {
		c.secure.CloseIdleConnections()
	}
	c.files, c.secure = files, t
	return t, nil
}

// credentials are the header and its value that prove who we are.
type credentials struct{ header, value string }

// credentials reads the secret: one that was rotated is used from then on.
func (o *Options) credentials() (credentials, error) {
	if o.Secret == "" {
		return credentials{}, nil
	}
	text, err := regular.ReadFile(o.Secret, maxSecret)
	if err != nil {
		return credentials{}, fmt.Errorf("secret: %w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if secret == "" || strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
		return credentials{}, errors.New("secret: the file holds no line of ASCII text")
	}
	if o.Header == "" {
		return credentials{"Authorization", "Bearer " + secret}, nil
	}
	return credentials{o.Header, secret}, nil
}
