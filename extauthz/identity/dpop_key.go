package identity

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
)

// required are the members of a JWK that make the key, in the order of RFC 7638
// section 3.2 and RFC 8037 section 2.
var required = map[string][]string{
	"EC":  {"crv", "kty", "x", "y"},
	"RSA": {"e", "kty", "n"},
	"OKP": {"crv", "kty", "x"},
}

// jwkThumbprint is the RFC 7638 thumbprint of a public key as it was sent. Other
// spellings of the same key have others, and so do not fit a token.
func jwkThumbprint(jwk map[string]any) (string, error) {
	kty, _ := jwk["kty"].(string)
	names, ok := required[kty]
	if !ok {
		return "", fmt.Errorf("kty %s is no asymmetric key", clip(kty))
	}
	var b strings.Builder
	for n, name := range names {
		value, _ := jwk[name].(string)
		if !plainMember(value) {
			return "", fmt.Errorf("%s is missing or not base64url", name)
		}
		if n > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":"` + value + `"`)
	}
	sum := sha256.Sum256([]byte("{" + b.String() + "}"))
	return base64url.EncodeToString(sum[:]), nil
}

// plainMember reports whether a value needs no escape in JSON, as those of keys do not.
func plainMember(value string) bool {
	for i := range len(value) {
		c := value[i]
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return value != ""
}

// proofKey is the public key of a proof, admitted by the rules for the keys of
// issuers: no private part, no symmetric key, no weak one.
func proofKey(jwk map[string]any, alg string) (any, error) {
	a := admitter{algorithms: []string{alg}}
	key, err := a.key(jwk, false)
	if err != nil {
		return nil, err
	}
	if string(key.Marshal().ALG) != algorithms[alg].pin {
		return nil, errors.New("its alg is not that of the header")
	}
	return key.Key(), nil
}
