package idp

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"math/big"
)

// Flaw is what is wrong with a key that an issuer publishes.
type Flaw string

// The flaws. A key of each of them signs, or is forged with as anybody could who
// knows its public part, so that a test sends tokens which would pass where the
// key is used.
const (
	RSA1024     Flaw = "RSA of 1024 bits"
	RSA16384    Flaw = "RSA of 16384 bits" // its signatures are noise: to make such a key takes minutes
	ExponentOne Flaw = "RSA with the exponent 1"
	HugeRSAExp  Flaw = "RSA with an exponent of 13 bytes"
	ROCA        Flaw = "RSA of the broken generator" // CVE-2017-15361
	OffCurve    Flaw = "a point off its curve"
	Symmetric   Flaw = "a symmetric key"
	Private     Flaw = "a private key, published"
	Encryption  Flaw = "a key for encryption"
)

// Flaws are all of them.
func Flaws() []Flaw {
	return []Flaw{RSA1024, RSA16384, ExponentOne, HugeRSAExp, ROCA, OffCurve, Symmetric, Private, Encryption}
}

// NewFlawedKey returns a fresh key with one flaw.
func NewFlawedKey(kid string, flaw Flaw) (*Key, error) {
	switch flaw {
	case RSA1024:
		private, err := rsa.GenerateKey(rand.Reader, 1024)
		return &Key{ID: kid, Alg: "RS256", private: private}, err
	case RSA16384:
		n, err := oddOf(16384)
		return rsaForger(kid, n, big.NewInt(65537), noise(2048)), err
	case ExponentOne: // the padded hash is its own signature
		n, err := oddOf(2048)
		return rsaForger(kid, n, big.NewInt(1), func(input []byte) []byte { return padPKCS1(input, 256) }), err
	case HugeRSAExp:
		n, err := oddOf(2048)
		return rsaForger(kid, n, new(big.Int).Lsh(big.NewInt(3), 100), noise(256)), err
	case ROCA:
		return rocaKey(kid)
	case Symmetric:
		secret := []byte("a secret of more than thirty-two bytes")
		key, err := NewKey(kid, "ES256")
		if err != nil {
			return nil, err
		}
		key.Alg, key.jwk = "HS256", map[string]any{"kty": "oct", "alg": "HS256", "k": b64(secret), "crv": nil, "x": nil, "y": nil}
		key.forge = func(input []byte) []byte {
			mac := hmac.New(sha256.New, secret)
			mac.Write(input)
			return mac.Sum(nil)
		}
		return key, nil
	case OffCurve, Private, Encryption:
		key, err := NewKey(kid, "ES256")
		if err != nil {
			return nil, err
		}
		key.jwk = map[Flaw]map[string]any{
			OffCurve: {"y": key.JWK()["x"]}, Private: {"d": "AQAB"}, Encryption: {"use": "enc"},
		}[flaw]
		return key, nil
	}
	return nil, fmt.Errorf("idp: no flaw %q", flaw)
}

// rsaForger is a public key whose private part nobody has.
func rsaForger(kid string, n, e *big.Int, forge func([]byte) []byte) *Key {
	return &Key{
		ID: kid, Alg: "RS256", private: &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}},
		jwk: map[string]any{"e": b64(e.Bytes())}, forge: forge,
	}
}

// noise returns a signature of so many bytes that means nothing, for any input.
func noise(size int) func([]byte) []byte {
	return func([]byte) []byte { return bytes.Repeat([]byte{0x42}, size) }
}

// oddOf returns an odd number of so many bits, good enough where nobody factors it.
func oddOf(bits int) (*big.Int, error) {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), uint(bits-1)))
	if err != nil {
		return nil, err
	}
	return n.SetBit(n, bits-1, 1).SetBit(n, 0, 1), nil
}

// padPKCS1 is EMSA-PKCS1-v1_5 with SHA-256 (RFC 8017 section 9.2).
func padPKCS1(input []byte, size int) []byte {
	tail, _ := hex.DecodeString("3031300d060960864801650304020105000420") // what SHA-256 is called
	digest := sha256.Sum256(input)
	tail = append(tail, digest[:]...)
	out := append([]byte{0, 1}, bytes.Repeat([]byte{0xff}, size-len(tail)-3)...)
	return append(append(out, 0), tail...)
}

// rocaKey is a sound RSA key in all but the shape of its primes: powers of 65537
// modulo the product of the first 126 primes, which is how it can be factored.
func rocaKey(kid string) (*Key, error) {
	m, count := big.NewInt(2), 1
	for p := int64(3); count < 126; p += 2 {
		if big.NewInt(p).ProbablyPrime(0) {
			m.Mul(m, big.NewInt(p))
			count++
		}
	}
	e := big.NewInt(65537)
	for {
		p, err := rocaPrime(m)
		if err != nil {
			return nil, err
		}
		q, err := rocaPrime(m)
		if err != nil {
			return nil, err
		}
		one := big.NewInt(1)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(e, phi)
		if d == nil || p.Cmp(q) == 0 {
			continue
		}
		private := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: new(big.Int).Mul(p, q), E: 65537}, D: d, Primes: []*big.Int{p, q}}
		private.Precompute()
		return &Key{ID: kid, Alg: "RS256", private: private}, private.Validate()
	}
}

// rocaPrime returns a prime of 1024 bits of the form k*m + (65537^a mod m).
func rocaPrime(m *big.Int) (*big.Int, error) {
	top := new(big.Int).Lsh(big.NewInt(3), 1022) // so that a product of two has 2048 bits
	span := new(big.Int).Div(new(big.Int).Lsh(big.NewInt(1), 1021), m)
	for {
		a, err := rand.Int(rand.Reader, m)
		if err != nil {
			return nil, err
		}
		k, err := rand.Int(rand.Reader, span)
		if err != nil {
			return nil, err
		}
		f := new(big.Int).Exp(big.NewInt(65537), a, m)
		k.Add(k, new(big.Int).Div(top, m)).Add(k, big.NewInt(1))
		if f.Add(f, k.Mul(k, m)); f.ProbablyPrime(10) {
			return f, nil
		}
	}
}

// over returns jwk with what the key's own words change.
func (k *Key) over(jwk map[string]any) map[string]any {
	maps.Copy(jwk, k.jwk)
	maps.DeleteFunc(jwk, func(_ string, v any) bool { return v == nil })
	return jwk
}
