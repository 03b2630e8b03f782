package idp

import (
	"encoding/json"
	"fmt"
	"maps"
	"sync/atomic"
	"time"
)

// Claims are a token's claims as JSON will have them; times are NumericDates.
type Claims map[string]any

// Lifetime is how long a token lives unless its claims say otherwise.
const Lifetime = time.Hour

// Token returns a valid token: claims over the defaults iss, iat (now), exp
// (Lifetime after iat) and jti, signed with the current key. A claim of value
// nil is left out.
func (p *Provider) Token(claims Claims) (string, error) {
	return p.current().Sign(Header{}, p.complete(claims))
}

// complete adds what every token of this issuer has.
func (p *Provider) complete(claims Claims) Claims {
	now := time.Now()
	all := Claims{
		"iss": p.Issuer(),
		"iat": now.Unix(),
		"exp": now.Add(Lifetime).Unix(),
		"jti": fmt.Sprintf("%s-%d", p.name, serial.Add(1)),
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	return all
}

var serial atomic.Int64 // token ids only have to differ

// Header holds JOSE header members to set over the defaults alg, kid and typ
// (at+jwt); a member of value nil is left out.
type Header map[string]any

// Sign returns a compact JWS of claims, whatever header and claims say: a
// header that lies about the key is how attacks are made.
func (k *Key) Sign(header Header, claims Claims) (string, error) {
	input, err := signingInput(Header{"alg": k.Alg, "kid": k.ID, "typ": "at+jwt"}, header, claims)
	if err != nil {
		return "", err
	}
	sig, err := k.sign([]byte(input))
	if err != nil {
		return "", fmt.Errorf("idp: sign with key %q: %w", k.ID, err)
	}
	return input + "." + b64(sig), nil
}

// Unsigned returns a token with alg none and an empty signature (RFC 7519
// section 6), under the kid of a real key.
func (p *Provider) Unsigned(claims Claims) (string, error) {
	input, err := signingInput(Header{"alg": "none", "kid": p.current().ID, "typ": "at+jwt"}, nil, p.complete(claims))
	return input + ".", err
}

// HMACWithPublicKey returns a token with alg HS256 whose secret is the PEM of
// the current public key: it verifies wherever key and algorithm are mixed up.
func (p *Provider) HMACWithPublicKey(claims Claims) (string, error) {
	key := p.current()
	secret, err := key.PublicPEM()
	if err != nil {
		return "", err
	}
	return HMAC(key.ID, secret, p.complete(claims))
}

// Forged returns a token signed by a key of the attacker's own under kid; the
// empty kid takes the one of the current key.
func (p *Provider) Forged(kid string, claims Claims) (string, error) {
	current := p.current()
	if kid == "" {
		kid = current.ID
	}
	key, err := NewKey(kid, current.Alg)
	if err != nil {
		return "", err
	}
	return key.Sign(Header{}, p.complete(claims))
}

func signingInput(base, over Header, claims Claims) (string, error) {
	maps.Copy(base, over)
	maps.DeleteFunc(base, func(_ string, v any) bool { return v == nil })
	header, err := json.Marshal(base)
	if err != nil {
		return "", fmt.Errorf("idp: encode header: %w", err)
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", fmt.Errorf("idp: encode claims: %w", err)
	}
	return b64(header) + "." + b64(body), nil
}
