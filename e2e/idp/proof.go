package idp

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Thumbprint is the key's RFC 7638 thumbprint: the jkt of a token that is bound
// to the key (RFC 9449 section 6.1).
func (k *Key) Thumbprint() string {
	required := map[string]any{}
	for name, value := range k.JWK() {
		switch name {
		case "kty", "crv", "x", "y", "n", "e":
			required[name] = value
		}
	}
	text, err := json.Marshal(required) // in the order of the names, as the RFC has it
	if err != nil {
		return "" // texts alone
	}
	sum := sha256.Sum256(text)
	return b64(sum[:])
}

// CertificateThumbprint is the x5t#S256 of a token that is bound to the client
// certificate of that DER (RFC 8705 section 3.1).
func CertificateThumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	return b64(sum[:])
}

// BoundToKey adds to claims that the token belongs to whoever has the key.
func BoundToKey(claims Claims, k *Key) Claims { return bound(claims, "jkt", k.Thumbprint()) }

// BoundToCertificate adds to claims that the token belongs to the holder of the
// client certificate of that DER.
func BoundToCertificate(claims Claims, der []byte) Claims {
	return bound(claims, "x5t#S256", CertificateThumbprint(der))
}

// bound adds one confirmation method beside those that are there.
func bound(claims Claims, method, thumbprint string) Claims {
	out := Claims{}
	maps.Copy(out, claims)
	cnf := map[string]any{}
	if before, ok := claims["cnf"].(map[string]any); ok {
		maps.Copy(cnf, before)
	}
	cnf[method] = thumbprint
	out["cnf"] = cnf
	return out
}

// Prove returns a DPoP proof by the key for one request with the token: the
// value of its DPoP header (RFC 9449 section 4.2). url is without query and
// fragment. over replaces claims, such as a nonce to add; nil leaves one out.
func (k *Key) Prove(method, url, token string, over Claims) (string, error) {
	ath := sha256.Sum256([]byte(token))
	claims := Claims{
		"htm": method, "htu": url, "iat": time.Now().Unix(), "ath": b64(ath[:]),
		"jti": fmt.Sprintf("proof-%d-%d", time.Now().UnixNano(), serial.Add(1)),
	}
	return k.Proof(nil, merge(claims, over))
}

// Proof returns a DPoP proof of those claims and no others. header goes over
// alg, typ (dpop+jwt) and jwk: a proof that lies about its key is how attacks
// are made.
func (k *Key) Proof(header Header, claims Claims) (string, error) {
	base := Header{"kid": nil, "typ": "dpop+jwt", "jwk": k.JWK()}
	maps.Copy(base, header)
	return k.Sign(base, claims)
}

// PrivateJWK is the key with the part that nobody must publish.
func (k *Key) PrivateJWK() map[string]any {
	jwk := k.JWK()
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		jwk["d"] = b64(private.D.Bytes())
	case *ecdsa.PrivateKey:
		if d, err := private.Bytes(); err == nil { // of a key we made
			jwk["d"] = b64(d)
		}
	case ed25519.PrivateKey:
		jwk["d"] = b64(private.Seed())
	}
	return jwk
}

func merge(claims, over Claims) Claims {
	maps.Copy(claims, over)
	maps.DeleteFunc(claims, func(_ string, v any) bool { return v == nil })
	return claims
}
