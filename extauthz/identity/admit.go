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
// withdrawn, but far more often that the provider is broken: the last good set
// stays until max_stale, and an alarm is raised.
var errEmptySet = errors.New("the key set is empty")

// admit reads a JWKS document. Keys that cannot be used are skipped and
// reported, one bad key never costs the others (RFC 7517 section 5). A document
// without a usable key is an error, so that it cannot replace a good one.
func admit(document []byte, allowed []string) (keys []jwkset.JWK, skipped []error, err error) {
	object, err := strictObject(document, maxJWKSDepth)
	if err != nil {
		return nil, nil, fmt.Errorf("the key set: %w", err)
	}
	list, ok := object["keys"].([]any)
	switch {
	case !ok:
		return nil, nil, errors.New(`the document has no "keys" array`)
	case len(list) == 0:
		return nil, nil, errEmptySet
	case len(list) > maxKeys:
		return nil, nil, fmt.Errorf("the key set has %d keys, the limit is %d", len(list), maxKeys)
	}
	seen := make(map[string]bool, len(list))
	for i, item := range list {
		key, err := admitKey(item, allowed)
		if err == nil && seen[key.Marshal().KID] {
			err = errors.New("an earlier key has the same kid")
		}
		if err != nil {
			skipped = append(skipped, fmt.Errorf("key %d: %w", i, err))
			continue
		}
		seen[key.Marshal().KID] = true
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, skipped, fmt.Errorf("none of %d keys can be used: %w", len(list), skipped[0])
	}
	return keys, skipped, nil
}

// admitKey turns one JWK into a public key pinned to one algorithm.
func admitKey(item any, allowed []string) (jwkset.JWK, error) {
	object, ok := item.(map[string]any)
	if !ok {
		return jwkset.JWK{}, errors.New("not an object")
	}
	for _, private := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k"} {
		if _, leaked := object[private]; leaked {
			return jwkset.JWK{}, fmt.Errorf("it publishes private key material (%q)", private)
		}
	}
	if err := checkUse(object); err != nil {
		return jwkset.JWK{}, err
	}
	marshal, err := publicPart(object)
	if err != nil {
		return jwkset.JWK{}, err
	}
	key, err := jwkset.NewJWKFromMarshal(marshal, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
	if err != nil {
		return jwkset.JWK{}, err
	}
	if err := checkStrength(key.Key()); err != nil {
		return jwkset.JWK{}, err
	}
	pin, err := pinned(string(marshal.ALG), key.Key(), allowed)
	if err != nil || pin == string(marshal.ALG) {
		return key, err
	}
	marshal.ALG = jwkset.ALG(pin)
	return jwkset.NewJWKFromMarshal(marshal, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
}

// checkUse wants a key that is for verifying signatures, or that does not say.
func checkUse(object map[string]any) error {
	if use, ok := object["use"]; ok && use != "sig" {
		return errors.New("use is not sig")
	}
	if operations, ok := object["key_ops"]; ok {
		list, ok := operations.([]any)
		if !ok || !slices.Contains(list, any("verify")) {
			return errors.New("key_ops does not have verify")
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
		return fmt.Errorf("RSA of %d bits, want %d to %d", bits, minRSABits, maxRSABits)
	case public.N.Bit(0) == 0:
		return errors.New("the RSA modulus is even")
	case public.E < 3 || public.E%2 == 0:
		return fmt.Errorf("RSA exponent %d, want an odd one of at least 3", public.E)
	case weakGenerator(public.N):
		return errors.New("the RSA modulus is of the ROCA kind (CVE-2017-15361)")
	}
	return nil
}

// pinned returns the one algorithm that a key verifies: its own alg, else the
// first of the issuer's that the key fits.
func pinned(own string, key any, allowed []string) (string, error) {
	if own != "" {
		a, ok := algorithms[own]
		if !ok {
			return "", fmt.Errorf("alg %s is not supported", clip(own))
		}
		if !a.fits(key) {
			return "", fmt.Errorf("alg %s does not fit a %T", own, key)
		}
		return a.pin, nil
	}
	for _, name := range allowed {
		if a := algorithms[name]; a.fits(key) {
			return a.pin, nil
		}
	}
	return "", fmt.Errorf("it has no alg and none of %v fits", allowed)
}
