package idp

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Thumbprint is the key's RFC 7638 thumbprint, as cnf.jkt has it.
func (k *Key) Thumbprint() (string, error) {
	jwk := k.publicJWK()
	text, err := json.Marshal(jwk) // members in order and without spaces, as RFC 7638 wants
	if err != nil {
		return "", fmt.Errorf("idp: thumbprint of key %q: %w", k.ID, err)
	}
	sum := sha256.Sum256(text)
	return b64(sum[:]), nil
}

// publicJWK is the key with the members that RFC 7638 names and no other.
func (k *Key) publicJWK() map[string]any {
	jwk := k.JWK()
	for _, other := range []string{"kid", "alg", "use"} {
		delete(jwk, other)
	}
	return jwk
}

// Proof returns a DPoP proof (RFC 9449 section 4.2) of k for one request with
// token, and header and claims over what belongs there; a member of value nil is
// left out. nonce is the server's, "" for none.
func (k *Key) Proof(method, url, token, nonce string, header Header, claims Claims) (string, error) {
	hash := sha256.Sum256([]byte(token))
	all := Claims{
		"jti": fmt.Sprintf("proof-%d-%s", serial.Add(1), b64(hash[:6])),
		"htm": method, "htu": url, "iat": time.Now().Unix(), "ath": b64(hash[:]),
	}
	if nonce != "" {
		all["nonce"] = nonce
	}
	maps.Copy(all, claims)
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil })
	base := Header{"typ": "dpop+jwt", "jwk": k.publicJWK(), "kid": nil}
	maps.Copy(base, header)
	return k.Sign(base, all)
}
