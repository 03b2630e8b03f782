package identity

import (
	"crypto/x509"
	"encoding/pem"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tiergate/tiergate/rules"
)

const (
	maxPeers       = 1024     // certificates remembered
	maxCertificate = 32 << 10 // bytes, URL-encoded
)

// peers tell which workload a connection comes from. The proxy verifies the
// certificate; this package only refuses to misread it.
type peers struct {
	domains            []string // empty for any
	requireCertificate bool

	mu    sync.Mutex
	known *simplelru.LRU[peerKey, string]
}

// peerKey is the whole of what a peer is read from, so nothing can collide.
type peerKey struct{ principal, certificate string }

func newPeers(domains []string, requireCertificate bool) (*peers, error) {
	known, err := simplelru.NewLRU[peerKey, string](maxPeers, nil)
	return &peers{domains: slices.Clone(domains), requireCertificate: requireCertificate, known: known}, err
}

// of returns the SPIFFE ID of a request's peer, or "". The principal is what the
// proxy makes of the certificate: its first URI SAN, but also a DNS SAN or the
// subject. So where the certificate came along, it must say the same.
func (p *peers) of(req *rules.Request) string {
	domain, ok := rules.TrustDomain(req.Principal)
	if !ok || len(p.domains) > 0 && !slices.Contains(p.domains, domain) {
		return ""
	}
	if req.Certificate == "" {
		if p.requireCertificate {
			return ""
		}
		return req.Principal
	}
	if len(req.Certificate) > maxCertificate {
		return ""
	}
	return p.remembered(peerKey{req.Principal, req.Certificate})
}

// remembered parses each certificate once: that costs more than all the rest of
// a warm check.
func (p *peers) remembered(key peerKey) string {
	p.mu.Lock()
	id, ok := p.known.Get(key)
	p.mu.Unlock()
	if ok {
		return id
	}
	if isSVID(key.certificate, key.principal) {
		id = key.principal
	}
	p.mu.Lock()
	p.known.Add(peerKey{strings.Clone(key.principal), strings.Clone(key.certificate)}, id)
	p.mu.Unlock()
	return id
}

// isSVID reports whether a URL-encoded PEM certificate is the leaf of a workload
// with that SPIFFE ID and no other (X.509-SVID, sections 2 and 4).
func isSVID(encoded, id string) bool {
	text, err := url.PathUnescape(encoded)
	if err != nil {
		return false
	}
	block, rest := pem.Decode([]byte(text))
	if block == nil || block.Type != "CERTIFICATE" || strings.TrimSpace(string(rest)) != "" {
		return false
	}
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil || leaf.IsCA || leaf.KeyUsage&(x509.KeyUsageCertSign|x509.KeyUsageCRLSign) != 0 {
		return false
	}
	return len(leaf.URIs) == 1 && leaf.URIs[0].String() == id
}
