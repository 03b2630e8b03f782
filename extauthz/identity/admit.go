package identity

import (
	"crypto/rsa"
	"errors"
	"fmt"
	"slices"

	"github.com/MicahParks/jwkset"
)

// Bounds of a key set.
const (
	maxKeys      = 100
	maxJWKSDepth = 8
	minRSABits   = 2048
	maxRSABits   = 8192
)

// errEmptySet is an explicit `"keys": []`. It may mean that every key was
// withdrawn, but far more often that the provider is broken: see emptyKeySet.
var errEmptySet = errors.New("the key set is empty")

// admission is what of a JWKS document can be used.
type admission struct {
	keys    []jwkset.JWK
	skipped skipped
	bundle  bundle
}

// admitter knows which keys one issuer may have.
type admitter struct {
	algorithms []string // for keys without alg, the first that fits
	spiffe     bool     // the issuer signs JWT-SVIDs, so a SPIFFE bundle may hold its keys
}

// admit reads a JWKS document. Keys that cannot be used are skipped and
// reported, one bad key never costs the others (RFC 7517 section 5). A document
// without a usable key is an error, so that it cannot replace a good one; what
// was skipped is told even then.
func (a *admitter) admit(document []byte) (admission, error) {
	var out admission
	object, err := strictObject(document, maxJWKSDepth)
	if err != nil {
		return out, fmt.Errorf("the key set: %w", err)
	}
	list, ok := object["keys"].([]any)
	switch {
	case !ok:
		return out, errors.New(`the document has no "keys" array`)
	case len(list) > maxKeys:
		return out, fmt.Errorf("the key set has %d keys, the limit is %d", len(list), maxKeys)
	}
	if a.spiffe {
		if out.bundle, err = readBundle(object, list); err != nil {
			return out, err
		}
	}
	if len(list) == 0 {
		return out, errEmptySet
	}
	seen := make(map[string]bool, len(list))
	for i, item := range list {
		key, err := a.key(item, out.bundle.is)
		if err == nil && seen[key.Marshal().KID] {
			err = skipf(causeDuplicate, "an earlier key has the same kid")
		}
		if err != nil {
			out.skipped.add(i, err)
			continue
		}
		seen[key.Marshal().KID] = true
		out.keys = append(out.keys, key)
	}
	if len(out.keys) == 0 {
		return out, fmt.Errorf("none of %d keys can be used: %w", len(list), out.skipped.first())
	}
	return out, nil
}

// key turns one JWK into a public key pinned to one algorithm.
func (a *admitter) key(item any, inBundle bool) (jwkset.JWK, error) {
	object, ok := item.(map[string]any)
	if !ok {
		return jwkset.JWK{}, errors.New("not an object")
	}
	if inBundle {
		var err error
		if object, err = bundled(object); err != nil {
			return jwkset.JWK{}, err
		}
	}
	if err := checkSecret(object); err != nil {
		return jwkset.JWK{}, err
	}
	if err := checkUse(object); err != nil {
		return jwkset.JWK{}, err
	}
	marshal, err := publicPart(object)
	if err != nil {
		return jwkset.JWK{}, err
	}
	key, err := jwkset.NewJWKFromMarshal(marshal, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil && marshal.E == "AQ" {
		err = &skip{causeWeak, err} // the exponent 1, with which everything is signed
	}
	if err != nil {
		return jwkset.JWK{}, err
	}
	if err := checkStrength(key.Key()); err != nil {
		return jwkset.JWK{}, err
	}
	pin, err := pinned(string(marshal.ALG), key.Key(), a.algorithms)
	if err != nil || pin == string(marshal.ALG) {
		return key, err
	}
	marshal.ALG = jwkset.ALG(pin)
	return jwkset.NewJWKFromMarshal(marshal, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
}

// checkSecret refuses what nobody may publish: its holder is not the only one
// who can sign with it.
func checkSecret(object map[string]any) error {
	if _, secret := object["k"]; secret || object["kty"] == "oct" {
		return skipf(causeSymmetric, "a symmetric key: whoever can verify with it can also sign")
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth"} {
		if _, leaked := object[private]; leaked {
			return skipf(causePrivate, "it publishes private key material (%q)", private)
		}
	}
	return nil
}

// checkUse wants a key that is for verifying signatures, or that does not say.
func checkUse(object map[string]any) error {
	if use, ok := object["use"]; ok && use != "sig" {
		return skipf(causeUse, "use is not sig")
	}
	if operations, ok := object["key_ops"]; ok {
		list, ok := operations.([]any)
		if !ok || !slices.Contains(list, any("verify")) {
			return skipf(causeUse, "key_ops does not have verify")
		}
	}
	return nil
}

// publicPart keeps the members that make a public key. Certificates and their
// URLs (x5c, x5u, x5t) are left behind: nothing of ours trusts or fetches them.
func publicPart(object map[string]any) (jwkset.JWKMarshal, error) {
	member := func(name string) (string, error) {
		value, ok := object[name]
		if !ok {
			return "", nil
		}
		text, ok := value.(string)
		if !ok {
			return "", fmt.Errorf("%s is not a string", name)
		}
		return text, nil
	}
	var texts [9]string
	for i, name := range []string{"kty", "kid", "alg", "crv", "x", "y", "n", "e", "use"} {
		var err error
		if texts[i], err = member(name); err != nil {
			return jwkset.JWKMarshal{}, err
		}
	}
	if len(texts[1]) > maxKeyID {
		return jwkset.JWKMarshal{}, fmt.Errorf("kid has %d bytes, the limit is %d", len(texts[1]), maxKeyID)
	}
	return jwkset.JWKMarshal{
		KTY: jwkset.KTY(texts[0]), KID: texts[1], ALG: jwkset.ALG(texts[2]), CRV: jwkset.CRV(texts[3]),
		X: texts[4], Y: texts[5], N: texts[6], E: texts[7], USE: jwkset.USE(texts[8]),
	}, nil
}

// checkStrength refuses RSA keys that are weak or made to be slow. The curve
// points were checked when the key was read.
func checkStrength(key any) error {
	public, ok := key.(*rsa.PublicKey)
	if !ok {
		return nil
	}
	bits := public.N.BitLen()
	switch {
	case bits < minRSABits || bits > maxRSABits:
		return skipf(causeWeak, "RSA of %d bits, want %d to %d", bits, minRSABits, maxRSABits)
	case public.N.Bit(0) == 0:
		return skipf(causeWeak, "the RSA modulus is even")
	case public.E < 3 || public.E%2 == 0:
		return skipf(causeWeak, "RSA exponent %d, want an odd one of at least 3", public.E)
	case weakGenerator(public.N):
		return skipf(causeWeak, "the RSA modulus is of the ROCA kind (CVE-2017-15361)")
	}
	return nil
}

// pinned returns the one algorithm that a key verifies: its own alg, else the
// first of the issuer's that the key fits.
func pinned(own string, key any, allowed []string) (string, error) {
	if own != "" {
		a, ok := algorithms[own]
		if !ok {
			return "", skipf(causeAlgorithm, "alg %s is not supported", clip(own))
		}
		if !a.fits(key) {
			return "", skipf(causeAlgorithm, "alg %s does not fit a %T", own, key)
		}
		return a.pin, nil
	}
	for _, name := range allowed {
		if a := algorithms[name]; a.fits(key) {
			return a.pin, nil
		}
	}
	return "", skipf(causeAlgorithm, "it has no alg and none of %v fits", allowed)
}
