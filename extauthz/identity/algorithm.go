package identity

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	_ "crypto/sha256" // RS256, PS256, ES256
	_ "crypto/sha512" // the others
	"maps"
	"slices"

	"github.com/golang-jwt/jwt/v5"
)

// algorithm is one signature algorithm by its registered name. Symmetric ones
// are not in the table: whoever can verify with them can also sign.
type algorithm struct {
	method jwt.SigningMethod
	pin    string             // what a key for it is pinned to; EdDSA and Ed25519 share one (RFC 9864)
	fits   func(key any) bool // the type, and for EC the curve, that it needs
}

var algorithms = map[string]algorithm{
	"RS256":   {jwt.SigningMethodRS256, "RS256", isRSA},
	"RS384":   {jwt.SigningMethodRS384, "RS384", isRSA},
	"RS512":   {jwt.SigningMethodRS512, "RS512", isRSA},
	"PS256":   {pss("PS256", crypto.SHA256), "PS256", isRSA},
	"PS384":   {pss("PS384", crypto.SHA384), "PS384", isRSA},
	"PS512":   {pss("PS512", crypto.SHA512), "PS512", isRSA},
	"ES256":   {jwt.SigningMethodES256, "ES256", onCurve(elliptic.P256())},
	"ES384":   {jwt.SigningMethodES384, "ES384", onCurve(elliptic.P384())},
	"ES512":   {jwt.SigningMethodES512, "ES512", onCurve(elliptic.P521())},
	"EdDSA":   {jwt.SigningMethodEdDSA, "EdDSA", isEd25519},
	"Ed25519": {jwt.SigningMethodEdDSA, "EdDSA", isEd25519},
}

// pss is RSASSA-PSS as RFC 7518 section 3.5 has it: the salt is as long as the
// hash. The library's own methods accept a salt of any length.
func pss(name string, hash crypto.Hash) jwt.SigningMethod {
	salt := &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}
	return &jwt.SigningMethodRSAPSS{
		SigningMethodRSA: &jwt.SigningMethodRSA{Name: name, Hash: hash},
		Options:          salt,
		VerifyOptions:    salt,
	}
}

func isRSA(key any) bool {
	_, ok := key.(*rsa.PublicKey)
	return ok
}

func onCurve(curve elliptic.Curve) func(any) bool {
	return func(key any) bool {
		public, ok := key.(*ecdsa.PublicKey)
		return ok && public.Curve == curve
	}
}

func isEd25519(key any) bool {
	_, ok := key.(ed25519.PublicKey)
	return ok
}

// algorithmNames lists what an issuer may be configured with.
func algorithmNames() []string { return slices.Sorted(maps.Keys(algorithms)) }
