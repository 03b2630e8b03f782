package identity

import (
	"context"
	"crypto/subtle"

	"github.com/tiergate/tiergate/rules"
)

// What an issuer's tokens must be bound to, as users write it.
const (
	boundByCertificate = "mtls"
	boundByKey         = "dpop"
	boundAnyhow        = "any"
)

// bind proves that a verified token is in the right hands: everything that its
// cnf names, the certificate (RFC 8705 section 3) and the key (RFC 9449 section
// 7). It is asked on every request, for the cache knows tokens and not requests.
func (v *Verifier) bind(ctx context.Context, req *rules.Request, t token, e *rules.Evidence) error {
	confirm := e.Verified.Confirm
	switch {
	case t.proven && confirm.Key == "":
		return rules.Faultf(rules.BindingMismatch, "the scheme is DPoP, and the token is bound to no key")
	case !t.proven && confirm.Key != "":
		return rules.Faultf(rules.BindingMissing, "the token is bound to a key, and the scheme is Bearer")
	}
	if confirm.Certificate != "" {
		if err := v.holdsCertificate(req, confirm.Certificate); err != nil {
			return err
		}
		e.Bound = rules.ByCertificate
	}
	if confirm.Key != "" {
		i, ok := v.named[e.Verified.Issuer]
		if !ok {
			return rules.Faultf(rules.Internal, "a token of an issuer that is not configured")
		}
		fresh, err := i.proofs.judge(ctx, req, t.text(), e.Verified)
		e.Nonce = fresh
		if err != nil {
			return err
		}
		e.Bound = rules.ByKey
	}
	return nil
}

// holdsCertificate wants the certificate of the request's connection to be the
// one that the token names: its SHA-256, over all of its bytes.
func (v *Verifier) holdsCertificate(req *rules.Request, want string) error {
	sum, ok := v.peers.presented(req)
	if !ok {
		return rules.Faultf(rules.BindingMissing, "the token is bound to a certificate, and the request has none that can be read")
	}
	got := base64url.EncodeToString(sum[:])
	if subtle.ConstantTimeCompare([]byte(got), []byte(want)) != 1 {
		return rules.Faultf(rules.BindingMismatch, "the certificate is %s, the token is bound to %s", got, want)
	}
	return nil
}

// bindingRequired wants the cnf that the issuer's tokens are said to have. A
// token without one is for whoever holds it, so for a thief too.
func (i *issuer) bindingRequired(_ *compact, v *rules.Verified) error {
	certificate, key := v.Confirm.Certificate != "", v.Confirm.Key != ""
	switch {
	case i.requireBound == boundByCertificate && !certificate:
		return rules.Faultf(rules.BindingMissing, "cnf has no x5t#S256, and issuer %q is set to require_bound: mtls", i.name)
	case i.requireBound == boundByKey && !key:
		return rules.Faultf(rules.BindingMissing, "cnf has no jkt, and issuer %q is set to require_bound: dpop", i.name)
	case i.requireBound == boundAnyhow && !certificate && !key:
		return rules.Faultf(rules.BindingMissing, "there is no cnf, and issuer %q is set to require_bound: any", i.name)
	}
	return nil
}
