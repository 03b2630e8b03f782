package idp

import (
	"crypto/hmac"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"strings"
)

// Complete returns claims over the defaults of Token, for a token that is then
// signed by hand.
func (p *Provider) Complete(claims Claims) Claims { return p.complete(claims) }

// Current is the key that signs.
func (p *Provider) Current() *Key { return p.current() }

// SignText returns a compact JWS of header and claims as they are written. They
// need not be JSON, nor JSON that an encoder would write.
func (k *Key) SignText(header, claims string) (string, error) {
	input := b64([]byte(header)) + "." + b64([]byte(claims))
	sig, err := k.sign([]byte(input))
	if err != nil {
		return "", fmt.Errorf("idp: sign with key %q: %w", k.ID, err)
	}
	return input + "." + b64(sig), nil
}

// HMAC returns a token with alg HS256 under kid, whose secret is known: the
// encoding of a public key, or of a symmetric key that its issuer publishes.
func HMAC(kid string, secret []byte, claims Claims) (string, error) {
	input, err := signingInput(Header{"alg": "HS256", "kid": kid, "typ": "at+jwt"}, nil, claims)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(input))
	return input + "." + b64(mac.Sum(nil)), nil
}

// Resign returns the token with the signature that change makes of its own.
func Resign(token string, change func(sig []byte) []byte) (string, error) {
	dot := strings.LastIndexByte(token, '.')
	sig, err := base64.RawURLEncoding.DecodeString(token[dot+1:])
	if err != nil {
		return "", fmt.Errorf("idp: the signature of the token to change: %w", err)
	}
	return token[:dot+1] + b64(change(sig)), nil
}

// p256Order is n of P-256 (FIPS 186-5).
var p256Order, _ = new(big.Int).SetString("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)

// Order returns the order n of P-256: what r and s of ES256 must be below.
func Order() *big.Int { return new(big.Int).Set(p256Order) }

// SplitES256 returns r and s of an ES256 signature.
func SplitES256(sig []byte) (r, s *big.Int) {
	return new(big.Int).SetBytes(sig[:32]), new(big.Int).SetBytes(sig[32:])
}

// JoinES256 returns r and s as JWS has them, 32 bytes each; more where they do not fit.
func JoinES256(r, s *big.Int) []byte {
	size := max(32, (r.BitLen()+7)/8, (s.BitLen()+7)/8)
	sig := make([]byte, 2*size)
	r.FillBytes(sig[:size])
	s.FillBytes(sig[size:])
	return sig
}

// TwinES256 returns the other valid signature (r, n-s) over the same input.
func TwinES256(sig []byte) []byte {
	r, s := SplitES256(sig)
	return JoinES256(r, s.Sub(p256Order, s))
}

// DERES256 returns an ES256 signature in the encoding of X.509, which JWS does
// not use. Integers whose high bit is set get the leading zero that DER wants.
func DERES256(sig []byte) []byte {
	r, s := SplitES256(sig)
	var body []byte
	for _, x := range []*big.Int{r, s} {
		b := x.Bytes()
		if len(b) == 0 || b[0] >= 0x80 {
			b = append([]byte{0}, b...)
		}
		body = append(append(body, 2, byte(len(b))), b...)
	}
	return append([]byte{0x30, byte(len(body))}, body...)
}

// Modulus returns n of an RSA key.
func (k *Key) Modulus() (*big.Int, error) {
	public, ok := k.private.Public().(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("idp: not an RSA key")
	}
	return public.N, nil
}

// JSONForm returns the token in the flattened JSON serialisation (RFC 7515
// section 7.2.2).
func JSONForm(token string) (string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return "", fmt.Errorf("idp: %d segments, want 3", len(parts))
	}
	text, err := json.Marshal(map[string]string{"protected": parts[0], "payload": parts[1], "signature": parts[2]})
	return string(text), err
}
