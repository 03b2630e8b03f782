package idp_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

func segment(t *testing.T, jws string, n int) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(strings.Split(jws, ".")[n])
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

// A proof says what RFC 9449 section 4.2 wants, of the key that the token names.
func TestProofs(t *testing.T) {
	p := start(t, idp.Options{})
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			key, err := idp.NewKey("client", alg)
			if err != nil {
				t.Fatal(err)
			}
			token, err := p.Token(idp.BoundToKey(idp.Claims{"sub": "ada"}, key))
			if err != nil {
				t.Fatal(err)
			}
			proof, err := key.Prove("GET", "https://api.example.com/v1", token, idp.Claims{"nonce": "n-1"})
			if err != nil {
				t.Fatal(err)
			}
			header, claims := segment(t, proof, 0), segment(t, proof, 1)
			if header["typ"] != "dpop+jwt" || header["alg"] != alg || header["kid"] != nil {
				t.Errorf("header = %v", header)
			}
			jwk, _ := header["jwk"].(map[string]any)
			if jwk == nil || jwk["kty"] == nil || jwk["d"] != nil {
				t.Errorf("jwk = %v, want the public key", jwk)
			}
			ath := sha256.Sum256([]byte(token))
			if claims["htm"] != "GET" || claims["htu"] != "https://api.example.com/v1" || claims["jti"] == nil || claims["iat"] == nil ||
				claims["nonce"] != "n-1" || claims["ath"] != base64.RawURLEncoding.EncodeToString(ath[:]) {
				t.Errorf("claims = %v", claims)
			}
			cnf, _ := segment(t, token, 1)["cnf"].(map[string]any)
			if cnf["jkt"] != key.Thumbprint() || len(key.Thumbprint()) != 43 {
				t.Errorf("cnf = %v, want %s", cnf, key.Thumbprint())
			}
			if d := key.PrivateJWK()["d"]; d == nil || d == "" {
				t.Errorf("PrivateJWK() has no d")
			}
		})
	}
}

// A token may be bound to a key and a certificate, and adding one leaves the
// claims that it is added to as they were.
func TestBothConfirmationsStandTogether(t *testing.T) {
	key, err := idp.NewKey("client", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	first := idp.BoundToKey(idp.Claims{"sub": "ada"}, key)
	both := idp.BoundToCertificate(first, []byte("der"))
	cnf, _ := both["cnf"].(map[string]any)
	if cnf["jkt"] != key.Thumbprint() || cnf["x5t#S256"] != idp.CertificateThumbprint([]byte("der")) {
		t.Errorf("cnf = %v, want both", cnf)
	}
	if only, _ := first["cnf"].(map[string]any); len(only) != 1 {
		t.Errorf("the first claims changed: %v", only)
	}
}
