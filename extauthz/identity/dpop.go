package identity

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Bounds of a proof, in bytes.
const (
	maxProof   = 4 << 10
	maxProofID = 256
)

// proofs judge the DPoP proofs of one issuer's tokens (RFC 9449 section 4.3).
type proofs struct {
	offered    bool // clients are told of it
	algorithms []string
	window     time.Duration     // of iat, either way
	origins    map[string]string // of the URLs that clients use, by host
	nonces     *nonces           // nil when none is wanted
	used       *replays
	slots      [len(prices)]*slots
}

func newProofs(c *IssuerConfig, o *Options, s [len(prices)]*slots, key *nonceKey) (*proofs, error) {
	d := DPoPConfig{}
	if c.DPoP != nil {
		d = *c.DPoP
	}
	d.fill()
	where, err := origins(o.Origins)
	if err != nil {
		return nil, err
	}
	p := &proofs{
		offered: c.DPoP != nil, algorithms: slices.Clone(d.Algorithms), window: d.MaxAge,
		origins: where, used: newReplays(), slots: s,
	}
	if d.Nonce == nonceRequired {
		p.nonces = &nonces{key: key, every: d.MaxAge}
	}
	return p, nil
}

// presentation is a token with its proof and the request that they came with.
type presentation struct {
	*compact
	req   *rules.Request
	token string
	jkt   string // what the token is bound to
	key   any    // set by checkProofKey
	url   string // what the proof is for, in its normal form; set by checkTarget
	id    string // set by checkProofID
}

// judge wants a proof for this very request and token, by the key that the token
// names, which nobody has shown before. The signature is checked last, when all
// that is cheap has held, and only what it covers is remembered. fresh is a nonce
// for the client's next proofs, "" when it needs no other.
func (p *proofs) judge(ctx context.Context, req *rules.Request, token string, who *rules.Verified) (fresh string, err error) {
	text, err := proofOf(req)
	if err != nil {
		return "", err
	}
	c, err := parse(text, maxProof)
	if err != nil {
		return "", wrongProof(err)
	}
	s := &presentation{compact: c, req: req, token: token, jkt: who.Confirm.Key}
	for n := range proofGates {
		if err := proofGates[n](p, s); err != nil {
			return "", wrongProof(err)
		}
	}
	if p.nonces != nil {
		var ok bool
		given, _ := c.claims["nonce"].(string)
		if fresh, ok = p.nonces.judge(given, req.Now); !ok {
			return fresh, rules.Faultf(rules.BindingNonce, "the proof has no nonce of ours that is still good")
		}
	}
	if err := p.verify(ctx, s); err != nil {
		return fresh, err
	}
	iat, _, _ := c.date("iat") // a gate has read it
	return fresh, p.used.take(newProofID(s.jkt, s.id, s.url), who.Subject, iat.Add(p.window), req.Now)
}

// verify checks the signature, in a slot as those of tokens: who holds a token
// and its key can make us do it with every request.
func (p *proofs) verify(ctx context.Context, s *presentation) error {
	slot := p.slots[priceOf(s.key)]
	if err := slot.enter(ctx); err != nil {
		return err
	}
	defer slot.leave()
	slot.checked.Add(1)
	if err := algorithms[s.alg].method.Verify(s.signed, s.signature, s.key); err != nil {
		return &rules.Fault{Reason: rules.BindingMismatch, Detail: "the signature of the proof", Err: err}
	}
	return nil
}

// proofOf returns the value of the one DPoP header.
func proofOf(req *rules.Request) (text string, err error) {
	found := false
	for i := range req.Headers {
		if req.Headers[i].Name != "dpop" {
			continue
		}
		if found {
			return "", rules.Faultf(rules.CredentialMalformed, "more than one DPoP header")
		}
		text, found = req.Headers[i].Value, true
	}
	if !found {
		return "", rules.Faultf(rules.BindingMissing, "the token is bound to a key, and there is no DPoP header")
	}
	return text, nil
}

// wrongProof gives the faults of a proof the reason that they have in common;
// what tells them apart is the detail.
func wrongProof(err error) error {
	return rules.Faultf(rules.BindingMismatch, "the proof: %s", rules.Denial(err).Detail)
}

// proofGates are applied in order; none of them costs much.
var proofGates = []func(*proofs, *presentation) error{
	(*proofs).checkType, (*proofs).checkHeader, (*proofs).checkKey, (*proofs).checkMethod, (*proofs).checkTarget,
	(*proofs).checkDates, (*proofs).checkID, (*proofs).checkToken,
}

func (p *proofs) checkType(s *presentation) error {
	if err := s.readType(); err != nil {
		return err
	}
	if s.typ != "dpop+jwt" {
		return rules.Faultf(rules.BindingMismatch, "typ is %s, want dpop+jwt", clip(s.typ))
	}
	return nil
}

// checkHeader refuses what a token may not have either, but for jwk, and wants
// an algorithm of the list.
func (p *proofs) checkHeader(s *presentation) error {
	for _, name := range refused {
		if _, ok := s.header[name]; ok && name != "jwk" {
			return rules.Faultf(rules.BindingMismatch, "the header has %q", name)
		}
	}
	if err := checkAlgorithm(s.compact); err != nil {
		return err
	}
	if !slices.Contains(p.algorithms, s.alg) {
		return rules.Faultf(rules.BindingMismatch, "alg %s is not among %v", s.alg, p.algorithms)
	}
	return nil
}

// checkKey wants the key that the token names. It comes before anything is
// verified with it, so nobody can hand us a key that is slow on purpose.
func (p *proofs) checkKey(s *presentation) error {
	jwk, ok := s.header["jwk"].(map[string]any)
	if !ok {
		return rules.Faultf(rules.BindingMismatch, "jwk is not an object")
	}
	sum, err := jwkThumbprint(jwk)
	if err != nil {
		return rules.Faultf(rules.BindingMismatch, "jwk: %v", err)
	}
	if subtle.ConstantTimeCompare([]byte(sum), []byte(s.jkt)) != 1 {
		return rules.Faultf(rules.BindingMismatch, "its key is %s, the token is bound to %s", sum, s.jkt)
	}
	if s.key, err = proofKey(jwk, s.alg); err != nil {
		return rules.Faultf(rules.BindingMismatch, "jwk: %v", err)
	}
	return nil
}

// checkMethod compares as methods are compared, with regard to case.
func (p *proofs) checkMethod(s *presentation) error {
	if htm, ok := s.claims["htm"].(string); !ok || htm != s.req.Method {
		return rules.Faultf(rules.BindingMismatch, "htm is not %s", s.req.Method)
	}
	return nil
}

// checkTarget wants htu to be the URL of the request as its client knows it: by
// the configured origin, never by what a header says of it.
func (p *proofs) checkTarget(s *presentation) error {
	origin, ok := p.origins[s.req.Host]
	if !ok {
		origin = "https://" + s.req.Host
	}
	path, err := normalPath(s.req.Path)
	if err != nil {
		return rules.Faultf(rules.BindingMismatch, "the path of the request: %v", err)
	}
	htu, ok := s.claims["htu"].(string)
	if !ok {
		return rules.Faultf(rules.BindingMismatch, "htu is not a text")
	}
	gotOrigin, gotPath, err := normalTarget(htu)
	switch {
	case err != nil:
		return rules.Faultf(rules.BindingMismatch, "htu: %v", err)
	case gotOrigin != origin:
		return rules.Faultf(rules.BindingMismatch, "htu is for %s, the origin here is %s", clip(gotOrigin), origin)
	case gotPath != path: // neither is named: paths hold ids
		return rules.Faultf(rules.BindingMismatch, "htu is for another path")
	}
	s.url = origin + path
	return nil
}

// checkDates wants a proof that was made just now; nbf and exp, which a proof
// need not have, mean what they always do.
func (p *proofs) checkDates(s *presentation) error {
	now := s.req.Now
	iat, ok, err := s.date("iat")
	switch {
	case err != nil:
		return err
	case !ok:
		return rules.Faultf(rules.BindingMismatch, "iat is missing")
	case now.Sub(iat) > p.window || iat.Sub(now) > p.window:
		return rules.Faultf(rules.BindingMismatch, "it was made %v ago, the limit is %v either way", now.Sub(iat).Round(time.Second), p.window)
	}
	exp, ok, err := s.date("exp")
	if err != nil || ok && !now.Before(exp) {
		return rules.Faultf(rules.BindingMismatch, "exp has passed or is no date")
	}
	nbf, ok, err := s.date("nbf")
	if err != nil || ok && nbf.Sub(now) > p.window {
		return rules.Faultf(rules.BindingMismatch, "nbf lies in the future or is no date")
	}
	return nil
}

func (p *proofs) checkID(s *presentation) error {
	id, ok := s.claims["jti"].(string)
	if !ok || id == "" || len(id) > maxProofID {
		return rules.Faultf(rules.BindingMismatch, "jti is not a text of 1 to %d bytes", maxProofID)
	}
	s.id = id
	return nil
}

// checkToken wants the proof to be for this token and no other of the same key.
func (p *proofs) checkToken(s *presentation) error {
	ath, _ := s.claims["ath"].(string)
	sum := sha256.Sum256([]byte(s.token))
	if subtle.ConstantTimeCompare([]byte(ath), []byte(base64url.EncodeToString(sum[:]))) != 1 {
		return rules.Faultf(rules.BindingMismatch, "ath is not the hash of the token")
	}
	return nil
}
