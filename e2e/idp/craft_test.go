package idp_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"

	"github.com/tiergate/tiergate/e2e/idp"
)

// A flawed key is what it says, and its tokens are those that a verifier which
// uses the key would believe.
func TestFlawedKeysSign(t *testing.T) {
	for _, flaw := range idp.Flaws() {
		t.Run(string(flaw), func(t *testing.T) {
			key, err := idp.NewFlawedKey("bad", flaw)
			if err != nil {
				t.Fatal(err)
			}
			token, err := key.Sign(nil, idp.Claims{"sub": "ada"})
			if err != nil || strings.Count(token, ".") != 2 {
				t.Errorf("Sign = %q, %v", token, err)
			}
			if jwk := key.JWK(); jwk["kid"] != "bad" || jwk["kty"] == nil {
				t.Errorf("JWK = %v", jwk)
			}
		})
	}
	if _, err := idp.NewFlawedKey("bad", "none"); err == nil {
		t.Error("a flaw that nobody knows was made")
	}
}

// With the exponent 1 a signature is the padded hash: everybody's to make.
func TestExponentOneIsItsOwnSignature(t *testing.T) {
	key, err := idp.NewFlawedKey("bad", idp.ExponentOne)
	if err != nil {
		t.Fatal(err)
	}
	token, err := key.Sign(nil, idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	sig, err := base64.RawURLEncoding.DecodeString(token[strings.LastIndexByte(token, '.')+1:])
	if err != nil || len(sig) != 256 || sig[0] != 0 || sig[1] != 1 || sig[2] != 0xff {
		t.Errorf("the signature is %x (%v), want 256 bytes of padding and hash", sig, err)
	}
	n, err := key.Modulus()
	if err != nil || n.BitLen() != 2048 {
		t.Errorf("the modulus has %d bits (%v), want 2048", n.BitLen(), err)
	}
}

func TestSignaturesAreChangedAsSaid(t *testing.T) {
	p := start(t, idp.Options{Alg: "ES256"})
	token, err := p.Token(idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name   string
		change func([]byte) []byte
		good   bool
	}{
		{"the same", func(sig []byte) []byte { return idp.JoinES256(idp.SplitES256(sig)) }, true},
		{"the other of the two", idp.TwinES256, true},
		{"DER", idp.DERES256, false},
		{"r is n", func(sig []byte) []byte { _, s := idp.SplitES256(sig); return idp.JoinES256(idp.Order(), s) }, false},
		{"r is over n", func(sig []byte) []byte {
			r, s := idp.SplitES256(sig)
			return idp.JoinES256(r.Add(r, new(big.Int).Lsh(idp.Order(), 1)), s)
		}, false},
	} {
		changed, err := idp.Resign(token, row.change)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verify(t, p, changed); (err == nil) != row.good {
			t.Errorf("%s: verify = %v, want it to verify: %t", row.name, err, row.good)
		}
		if same := changed == token; same != (row.name == "the same") {
			t.Errorf("%s: the token is the same: %t", row.name, same)
		}
	}
}

func TestHandWrittenTokens(t *testing.T) {
	p := start(t, idp.Options{})
	key := p.Current()
	token, err := key.SignText(`{"alg":"RS256","kid":"`+key.ID+`"}`, `{"sub":"ada","exp":4102444800}`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, p, token); err != nil {
		t.Errorf("verify = %v", err)
	}
	text, err := idp.JSONForm(token)
	if err != nil || !strings.Contains(text, `"payload":"`) {
		t.Errorf("JSONForm = %s, %v", text, err)
	}
	if _, err := idp.JSONForm("abc"); err == nil {
		t.Error("JSONForm took what is no token")
	}
	sealed, err := key.Encrypt(idp.Header{"cty": "JWT"}, []byte(token))
	if err != nil || strings.Count(sealed, ".") != 4 {
		t.Errorf("Encrypt = %q, %v, want five segments", sealed, err)
	}
}

// RFC 7638 section 3.1 has the thumbprint of one key; ours are of other types,
// so what is checked is that it does not depend on what the JWK says beside.
func TestProofs(t *testing.T) {
	key, err := idp.NewKey("holder", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	print, err := key.Thumbprint()
	if err != nil || len(print) != 43 {
		t.Errorf("Thumbprint = %q, %v, want 43 characters", print, err)
	}
	proof, err := key.Proof("GET", "https://bank.example.com/v1", "token", "n-1", idp.Header{"x": 1}, idp.Claims{"iat": nil, "htm": "POST"})
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(proof, ".")
	var header, claims map[string]any
	for i, into := range []*map[string]any{&header, &claims} {
		text, err := base64.RawURLEncoding.DecodeString(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(text, into); err != nil {
			t.Fatal(err)
		}
	}
	jwk, _ := header["jwk"].(map[string]any)
	if header["typ"] != "dpop+jwt" || header["kid"] != nil || jwk["crv"] != "P-256" || jwk["kid"] != nil || header["x"] == nil {
		t.Errorf("header = %v", header)
	}
	if claims["htm"] != "POST" || claims["iat"] != nil || claims["nonce"] != "n-1" || claims["jti"] == nil || len(claims["ath"].(string)) != 43 {
		t.Errorf("claims = %v", claims)
	}
}

func TestMoreFaults(t *testing.T) {
	p := start(t, idp.Options{})
	t.Run("cut", func(t *testing.T) {
		p.Break(idp.Fault{Cut: 10})
		resp, err := http.Get(p.JWKSURL())
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err == nil || len(body) != 10 {
			t.Errorf("read %d bytes, %v, want 10 and an error", len(body), err)
		}
	})
	t.Run("bomb", func(t *testing.T) {
		p.Break(idp.Fault{Bomb: 10 << 20})
		req, err := http.NewRequest(http.MethodGet, p.JWKSURL(), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept-Encoding", "identity")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil || len(body) > 64<<10 || resp.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%d bytes, %v, %v, want a small body in gzip", len(body), err, resp.Header)
		}
	})
	t.Run("header", func(t *testing.T) {
		p.Break(idp.Fault{Header: http.Header{"Cache-Control": {"max-age=60"}}})
		resp, err := http.Get(p.JWKSURL())
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if got := resp.Header.Get("Cache-Control"); got != "max-age=60" {
			t.Errorf("Cache-Control = %q", got)
		}
	})
}
