package identity

import (
	"net/http"

	"github.com/tiergate/tiergate/rules/dial"
)

// private trusts only the authorities in a file, and reads it again for every
// fetch: authorities are replaced while servers run.
type private struct {
	transport *http.Transport
	ca        string
}

// RoundTrip implements http.RoundTripper.
func (p *private) RoundTrip(req *http.Request) (*http.Response, error) {
	roots, err := dial.Roots(p.ca)
	if err != nil {
		return nil, err
	}
	t := p.transport.Clone()
	t.TLSClientConfig.RootCAs = roots
	return t.RoundTrip(req) // without keep-alives nothing of t is left behind
}

// transport is for a fetch every few minutes: an idle connection would be one more
// thing to close.
func transport(loopbackOnly bool) *http.Transport {
	t := dial.Transport(loopbackOnly)
	t.DisableKeepAlives = true
	return t
}
