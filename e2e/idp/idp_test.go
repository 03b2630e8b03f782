package idp_test

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/MicahParks/jwkset"

	"github.com/tiergate/tiergate/e2e/idp"
)

func start(t *testing.T, o idp.Options) *idp.Provider {
	t.Helper()
	p, err := idp.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Stop() })
	return p
}

func get(t *testing.T, url string) (int, string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

// verify checks a token the way a client would: by the published key set.
func verify(t *testing.T, p *idp.Provider, token string) (jwt.MapClaims, error) {
	t.Helper()
	_, body := get(t, p.JWKSURL())
	var set struct{ Keys []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &set); err != nil {
		t.Fatal(err)
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, func(tok *jwt.Token) (any, error) {
		for _, raw := range set.Keys {
			var m jwkset.JWKMarshal
			if err := json.Unmarshal(raw, &m); err != nil {
				return nil, err
			}
			key, err := jwkset.NewJWKFromMarshal(m, jwkset.JWKMarshalOptions{}, jwkset.JWKValidateOptions{})
			if err != nil {
				return nil, err
			}
			if m.KID == tok.Header["kid"] {
				return key.Key(), nil
			}
		}
		return nil, jwt.ErrTokenUnverifiable
	}, jwt.WithExpirationRequired())
	return claims, err
}

func TestTokenVerifiesByThePublishedKey(t *testing.T) {
	for _, alg := range []string{"RS256", "ES256", "EdDSA"} {
		t.Run(alg, func(t *testing.T) {
			p := start(t, idp.Options{Alg: alg})
			token, err := p.Token(idp.Claims{"sub": "ada", "aud": "bank"})
			if err != nil {
				t.Fatal(err)
			}
			claims, err := verify(t, p, token)
			if err != nil {
				t.Fatalf("verify: %v", err)
			}
			if claims["iss"] != p.Issuer() || claims["sub"] != "ada" || claims["jti"] == nil {
				t.Errorf("claims = %v, want iss %s, sub ada and a jti", claims, p.Issuer())
			}
		})
	}
}

// Each malformed token is what it says and nothing else is wrong with it.
func TestBadTokens(t *testing.T) {
	p := start(t, idp.Options{})
	expired, err := p.Token(idp.Claims{"exp": time.Now().Add(-time.Minute).Unix()})
	if err != nil {
		t.Fatal(err)
	}
	none, err := p.Unsigned(idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	hmac, err := p.HMACWithPublicKey(idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	forged, err := p.Forged("", idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	unknown, err := p.Forged("nobody", idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, token, alg, kid string }{
		{"expired", expired, "RS256", "idp-1"},
		{"alg none", none, "none", "idp-1"},
		{"HS256 with the public key", hmac, "HS256", "idp-1"},
		{"signed by another key", forged, "RS256", "idp-1"},
		{"unknown kid", unknown, "RS256", "nobody"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := verify(t, p, row.token); err == nil {
				t.Error("the token verifies")
			}
			head, err := base64.RawURLEncoding.DecodeString(strings.SplitN(row.token, ".", 2)[0])
			if err != nil {
				t.Fatal(err)
			}
			var header struct{ Alg, Kid string }
			if err := json.Unmarshal(head, &header); err != nil {
				t.Fatal(err)
			}
			if header.Alg != row.alg || header.Kid != row.kid {
				t.Errorf("header has alg %q and kid %q, want %q and %q", header.Alg, header.Kid, row.alg, row.kid)
			}
		})
	}
}

func TestRotation(t *testing.T) {
	p := start(t, idp.Options{})
	old, err := p.Token(idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Rotate("ES256"); err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, p, old); err != nil {
		t.Errorf("the old key is still published, verify = %v", err)
	}
	p.RemoveKey("idp-1")
	if _, err := verify(t, p, old); err == nil {
		t.Error("the old key is withdrawn, and its token still verifies")
	}
	p.Break(idp.Fault{Stale: true})
	if _, err := verify(t, p, old); err != nil {
		t.Errorf("the stale set has the old key, verify = %v", err)
	}
}

func TestAnnouncedKeySignsOnlyWhenToldTo(t *testing.T) {
	p := start(t, idp.Options{})
	next, err := idp.NewKey("next", "ES256")
	if err != nil {
		t.Fatal(err)
	}
	p.Announce(next)
	signer := func() string { keys := p.Keys(); return keys[len(keys)-1].ID }
	if signer() != "idp-1" || len(p.Keys()) != 2 {
		t.Errorf("after Announce %s signs, want idp-1 of two keys", signer())
	}
	if err := p.SignWith("next"); err != nil || signer() != "next" {
		t.Errorf("after SignWith %s signs (%v), want next", signer(), err)
	}
	token, err := p.Token(idp.Claims{"sub": "ada"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := verify(t, p, token); err != nil {
		t.Errorf("verify: %v", err)
	}
	if err := p.SignWith("nobody"); err == nil {
		t.Error("SignWith took a key that nobody published")
	}
}

func TestFaults(t *testing.T) {
	p := start(t, idp.Options{})
	_, healthy := get(t, p.JWKSURL())
	for _, row := range []struct {
		name   string
		fault  idp.Fault
		status int
		body   string
	}{
		{"none", idp.Fault{}, 200, healthy},
		{"error", idp.ServerError, 500, "oops"},
		{"empty object", idp.EmptyObject, 200, "{}"},
		{"empty keys", idp.EmptyKeys, 200, `{"keys":[]}`},
		{"null", idp.NullBody, 200, "null"},
		{"html", idp.HTML, 200, idp.HTML.Body},
		{"size", idp.Fault{Size: 4096}, 200, healthy + strings.Repeat(" ", 4096-len(healthy))},
		{"slow bytes", idp.Fault{Body: "{}", SlowBytes: time.Millisecond}, 200, "{}"},
		{"delay", idp.Fault{Delay: time.Millisecond}, 200, healthy},
	} {
		t.Run(row.name, func(t *testing.T) {
			p.Break(row.fault)
			status, body := get(t, p.JWKSURL())
			if status != row.status || body != row.body {
				t.Errorf("got %d %q, want %d %q", status, body, row.status, row.body)
			}
		})
	}
	t.Run("redirect", func(t *testing.T) {
		p.Break(idp.Fault{Redirect: "http://127.0.0.1:1/"})
		if status, _ := get(t, p.JWKSURL()); status != http.StatusFound {
			t.Errorf("got %d, want 302", status)
		}
	})
	t.Run("reset", func(t *testing.T) {
		p.Break(idp.Fault{Reset: true, KeysOnly: true})
		if resp, err := http.Get(p.JWKSURL()); err == nil {
			resp.Body.Close()
			t.Errorf("got %d, want a closed connection", resp.StatusCode)
		}
		if status, body := get(t, p.Issuer()+"/.well-known/openid-configuration"); status != 200 || !strings.Contains(body, p.JWKSURL()) {
			t.Errorf("discovery = %d %q, want it healthy", status, body)
		}
	})
}

func TestStopAndResumeKeepTheAddress(t *testing.T) {
	p := start(t, idp.Options{Down: true})
	if resp, err := http.Get(p.JWKSURL()); err == nil {
		resp.Body.Close()
		t.Fatal("a provider that starts down answered")
	}
	if err := p.Resume(); err != nil {
		t.Fatal(err)
	}
	if status, _ := get(t, p.JWKSURL()); status != 200 {
		t.Errorf("after Resume: %d, want 200", status)
	}
	if got := p.Fetches(); got != 1 {
		t.Errorf("Fetches() = %d, want 1: down is not counted", got)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	if err := p.Stop(); err != nil {
		t.Errorf("a second Stop = %v, want nil", err)
	}
}
