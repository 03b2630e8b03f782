package idp

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
)

// Key is a signing key and what its JWK says about it.
type Key struct {
	ID  string // the JWK's kid
	Alg string // RS256, ES256 or EdDSA

	private crypto.Signer
	jwk     map[string]any            // over what the JWK would say; nil removes a member
	forge   func(input []byte) []byte // signs where private cannot; nil for private
}

// Algorithms are those that keys can be made for.
var Algorithms = []string{"RS256", "ES256", "EdDSA"}

// NewKey returns a fresh key for alg, which is RS256 (2048 bits), ES256 or
// EdDSA (Ed25519).
func NewKey(kid, alg string) (*Key, error) {
	private, err := generate(alg)
	if err != nil {
		return nil, err
	}
	return &Key{ID: kid, Alg: alg, private: private}, nil
}

func generate(alg string) (crypto.Signer, error) {
	switch alg {
	case "RS256":
		return rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "EdDSA":
		_, private, err := ed25519.GenerateKey(rand.Reader)
		return private, err
	}
	return nil, fmt.Errorf("idp: no key for alg %q, want RS256, ES256 or EdDSA", alg)
}

// JWK returns the public key as RFC 7517 has it (EdDSA as RFC 8037).
func (k *Key) JWK() map[string]any {
	jwk := map[string]any{"kid": k.ID, "alg": k.Alg, "use": "sig"}
	switch public := k.private.Public().(type) {
	case *rsa.PublicKey:
		jwk["kty"] = "RSA"
		jwk["n"] = b64(public.N.Bytes())
		jwk["e"] = b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point, err := public.Bytes() // 0x04, x, y: 32 bytes each
		if err != nil {
			return jwk // a key we made is on its curve
		}
		jwk["kty"], jwk["crv"] = "EC", "P-256"
		jwk["x"], jwk["y"] = b64(point[1:33]), b64(point[33:65])
	case ed25519.PublicKey:
		jwk["kty"], jwk["crv"] = "OKP", "Ed25519"
		jwk["x"] = b64(public)
	}
	return k.over(jwk)
}

// PublicPEM returns the public key as a PEM block: the text that an attacker
// of a verifier that mixes up RSA and HMAC uses as the HMAC secret.
func (k *Key) PublicPEM() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return nil, fmt.Errorf("idp: encode key %q: %w", k.ID, err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// sign returns the JWS signature over input (RFC 7518 section 3).
func (k *Key) sign(input []byte) ([]byte, error) {
	if k.forge != nil {
		return k.forge(input), nil
	}
	digest := sha256.Sum256(input)
	switch private := k.private.(type) {
	case *rsa.PrivateKey:
		return rsa.SignPKCS1v15(rand.Reader, private, crypto.SHA256, digest[:])
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, private, digest[:])
		if err != nil {
			return nil, err
		}
		sig := make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
		return sig, nil
	case ed25519.PrivateKey:
		return ed25519.Sign(private, input), nil
	}
	return nil, fmt.Errorf("idp: key %q has the unknown type %T", k.ID, k.private)
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
