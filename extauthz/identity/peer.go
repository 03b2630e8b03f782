package identity

import (
	"crypto/x509"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/tiergate/tiergate/rules"
)

const maxPeers = 1024 // certificates remembered

// peers tell which workload a request comes from. The proxy has seen the proof of
// possession; this package refuses to misread what it says of the certificate,
// and verifies that where there is a bundle.
type peers struct {
	domains            []string // empty for any
	requireCertificate bool
	trust              *trust          // nil: the proxy alone is believed
	via                map[string]bool // proxies that are asked for whom they speak
	required           bool            // that there are bundles
	leaves             *leaves

	mu    sync.Mutex
	known *simplelru.LRU[claimed, proof]
}

// claimed is the whole of what is said of a peer, so nothing can collide.
type claimed struct {
	id          string
	certificate string // URL-encoded PEM, "" when it did not come along
	chain       string // likewise, what came with it
}

// proof is what a certificate was found to prove: that its claim holds, by these
// authorities, from one time until another. What does not hold leaves no trace.
type proof struct {
	by          *authorities // nil where the proxy alone is believed
	from, until time.Time    // both inclusive
}

func newPeers(o *Options) (*peers, error) {
	known, err := simplelru.NewLRU[claimed, proof](maxPeers, nil)
	if err != nil {
		return nil, err
	}
	hashes, err := newLeaves()
	p := &peers{
		domains: slices.Clone(o.Peers.TrustDomains), requireCertificate: o.Peers.RequireCertificate, required: o.Peers.Required,
		trust: newTrust(o), via: make(map[string]bool, len(o.Peers.Via)), leaves: hashes, known: known,
	}
	for _, id := range o.Peers.Via {
		p.via[id] = true
	}
	return p, err
}

// of returns the SPIFFE ID of a request's peer, or "". Behind one of the proxies in
// via it is whom that proxy speaks for, and never the proxy itself.
func (p *peers) of(req *rules.Request) string {
	direct := claimed{id: req.Principal, certificate: req.Certificate}
	if !p.holds(direct, req.Now) {
		return ""
	}
	if !p.via[direct.id] {
		return direct.id
	}
	e, ok := p.client(req)
	if !ok {
		return ""
	}
	c := claimed{certificate: e.cert, chain: e.chain}
	if len(e.uris) == 1 {
		c.id = e.uris[0]
	}
	if !p.holds(c, req.Now) {
		return ""
	}
	return strings.Clone(c.id) // a part of a header, which is large
}

// client returns what a proxy in via says of its client. It is never one of these
// proxies, by name or by the very certificate of the direct peer: that would give
// every request that comes through it what is the proxy's own.
func (p *peers) client(req *rules.Request) (xfcc, bool) {
	e, ok := forwarded(req)
	if !ok || !e.consistent() || slices.ContainsFunc(e.uris, func(id string) bool { return p.via[id] }) {
		return xfcc{}, false
	}
	theirs, named := p.shown(&e)
	own, direct := p.leaves.sum(req.Certificate)
	return e, !named || !direct || theirs != own
}

// shown returns the SHA-256 of the certificate that an element is about: as it came
// or, without it, as the proxy says.
func (p *peers) shown(e *xfcc) (sum digest, ok bool) {
	if e.cert == "" {
		return e.digest()
	}
	return p.leaves.sum(e.cert)
}

// presented returns the SHA-256 of the certificate with which the request's peer
// proved itself, whatever else it says (RFC 8705 binds tokens to certificates of
// any authority): behind one of the proxies in via that of whom it speaks for, which
// must be there, a hash is none, and be none of theirs, whatever URI is said of it.
// ok is false when there is none.
func (p *peers) presented(req *rules.Request) (sum digest, ok bool) {
	direct := claimed{id: req.Principal, certificate: req.Certificate}
	if !p.via[direct.id] {
		return p.leaves.sum(req.Certificate)
	}
	if !p.holds(direct, req.Now) {
		return sum, false
	}
	e, found := p.client(req)
	if !found {
		return sum, false
	}
	shown, ok := p.leaves.of(e.cert)
	if !ok || slices.ContainsFunc(shown.uris, func(id string) bool { return p.via[id] }) {
		return sum, false
	}
	return shown.sum, true
}

// holds reports whether a claim is a workload's, of a trust domain that counts,
// and as proven as is demanded. The principal that a proxy names is the first URI
// SAN, but also a DNS SAN or the subject, so where the certificate came along it
// must say the same; and where there are bundles it must come along.
func (p *peers) holds(c claimed, now time.Time) bool {
	domain, ok := rules.TrustDomain(c.id)
	if !ok || len(p.domains) > 0 && !slices.Contains(p.domains, domain) {
		return false
	}
	var by *authorities
	if p.trust != nil {
		if by = p.trust.of(domain); by == nil {
			return false
		}
	}
	switch {
	case c.certificate == "":
		return by == nil && !p.requireCertificate
	case len(c.certificate) > maxCertificate || len(c.chain) > maxCertificate || now.IsZero():
		return false
	}
	return p.remembered(c, by, now)
}

// remembered verifies each certificate once: that costs more than all the rest of
// a warm check.
func (p *peers) remembered(c claimed, by *authorities, now time.Time) bool {
	p.mu.Lock()
	known, ok := p.known.Get(c)
	p.mu.Unlock()
	if ok && known.by == by && !now.Before(known.from) && !now.After(known.until) {
		return true
	}
	found, ok := prove(c, by, now)
	if !ok {
		return false
	}
	p.mu.Lock()
	p.known.Add(claimed{strings.Clone(c.id), strings.Clone(c.certificate), strings.Clone(c.chain)}, found)
	p.mu.Unlock()
	return true
}

// prove looks into the certificate. Its dates count even where nothing else is
// verified here.
func prove(c claimed, by *authorities, now time.Time) (proof, bool) {
	leaf, err := readLeaf(c.certificate)
	if err != nil || checkSVID(leaf, c.id) != nil {
		return proof{}, false
	}
	if by == nil {
		return proof{nil, leaf.NotBefore, leaf.NotAfter}, !now.Before(leaf.NotBefore) && !now.After(leaf.NotAfter)
	}
	var with []*x509.Certificate
	if c.chain != "" {
		if with, err = decodeCertificates(c.chain); err != nil {
			return proof{}, false
		}
	}
	from, until, err := by.vouch(leaf, with, now)
	return proof{by, from, until}, err == nil
}
