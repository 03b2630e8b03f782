package identity

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"maps"
	"math/big"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/tiergate/tiergate/rules"
)

const (
	iss      = "https://idp.example.com"
	jwksURL  = "https://idp.example.com/jwks.json"
	audience = "accounts-api"
)

// now is when most tests happen.
var now = time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC)

// signer is a private key with the id and the algorithm of its JWK.
type signer struct {
	kid, alg string
	private  crypto.Signer
}

// Keys are costly to make, so tests share them.
var (
	rsaKey = sync.OnceValue(func() signer { return must(newSigner("rsa-1", "RS256")) })
	ecKey  = sync.OnceValue(func() signer { return must(newSigner("ec-1", "ES256")) })
	edKey  = sync.OnceValue(func() signer { return must(newSigner("ed-1", "EdDSA")) })
	rogue  = sync.OnceValue(func() signer { return must(newSigner("rsa-1", "RS256")) })
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func newSigner(kid, alg string) (signer, error) {
	var private crypto.Signer
	var err error
	switch alg {
	case "RS256", "PS256", "RS512":
		private, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		private, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case "ES384":
		private, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	case "EdDSA", "Ed25519":
		_, private, err = ed25519.GenerateKey(rand.Reader)
	default:
		err = errors.New("no key for " + alg)
	}
	return signer{kid, alg, private}, err
}

func (s signer) named(kid string) signer { s.kid = kid; return s }

func b64(data []byte) string { return base64.RawURLEncoding.EncodeToString(data) }

type object = map[string]any

// jwk is the public key as RFC 7517 has it.
func (s signer) jwk() object {
	m := object{"kid": s.kid, "alg": s.alg, "use": "sig"}
	switch public := s.private.Public().(type) {
	case *rsa.PublicKey:
		m["kty"], m["n"], m["e"] = "RSA", b64(public.N.Bytes()), b64(big.NewInt(int64(public.E)).Bytes())
	case *ecdsa.PublicKey:
		point := must(public.Bytes())
		half := len(point) / 2
		m["kty"], m["crv"], m["x"], m["y"] = "EC", public.Curve.Params().Name, b64(point[1:1+half]), b64(point[1+half:])
	case ed25519.PublicKey:
		m["kty"], m["crv"], m["x"] = "OKP", "Ed25519", b64(public)
	}
	return m
}

// with returns a copy with other members; a nil value removes one.
func with(m object, changes object) object {
	out := maps.Clone(m)
	for k, v := range changes {
		if out[k] = v; v == nil {
			delete(out, k)
		}
	}
	return out
}

func jwks(keys ...any) []byte {
	list := make([]any, len(keys))
	for i, k := range keys {
		list[i] = k
		if s, ok := k.(signer); ok {
			list[i] = s.jwk()
		}
	}
	return must(json.Marshal(object{"keys": list}))
}

func goodClaims() object {
	return object{
		"iss": iss, "aud": audience, "sub": "ada", "jti": "t-1", "client_id": "web",
		"iat": now.Add(-time.Minute).Unix(), "exp": now.Add(time.Hour).Unix(), "role": "auditor",
	}
}

// mint signs a token. header members are added to alg and kid, nil removes one.
func (s signer) mint(header, claims object) string {
	head := with(object{"alg": s.alg, "kid": s.kid, "typ": "JWT"}, header)
	return s.sign(string(must(json.Marshal(head))), string(must(json.Marshal(claims))))
}

// sign makes a token of any text as header and claims.
func (s signer) sign(header, claims string) string {
	signed := b64([]byte(header)) + "." + b64([]byte(claims))
	return signed + "." + b64(must(algorithms[s.alg].method.Sign(signed, s.key())))
}

func (s signer) key() any {
	if k, ok := s.private.(ed25519.PrivateKey); ok {
		return crypto.Signer(k)
	}
	return s.private
}

// hmacToken is a token signed with a symmetric key.
func hmacToken(kid string, secret []byte, claims object) string {
	t := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims(claims))
	t.Header["kid"] = kid
	return must(t.SignedString(secret))
}

// provider is an identity provider without a network: a round tripper that
// fails on demand and counts.
type provider struct {
	mu      sync.Mutex
	body    []byte
	status  int // 200 unless set
	header  http.Header
	delay   time.Duration
	err     error // of the connection
	fetches int
	urls    map[string][]byte // answers of other URLs
	asked   []*http.Request
}

func serving(keys ...any) *provider { return &provider{body: jwks(keys...)} }

func (p *provider) set(change func(*provider)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(p)
}

func (p *provider) serve(keys ...any) { p.set(func(p *provider) { p.body = jwks(keys...) }) }

func (p *provider) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.fetches
}

func (p *provider) RoundTrip(req *http.Request) (*http.Response, error) {
	p.mu.Lock()
	delay, err, status, body, header := p.delay, p.err, p.status, p.body, p.header.Clone()
	if other, ok := p.urls[req.URL.String()]; ok {
		body = other
	}
	p.fetches++
	p.asked = append(p.asked, req)
	p.mu.Unlock()
	if delay > 0 {
		select {
		case <-time.After(delay):
		case <-req.Context().Done():
			return nil, req.Context().Err()
		}
	}
	if err != nil {
		return nil, err
	}
	if etag := header.Get("ETag"); etag != "" && req.Header.Get("If-None-Match") == etag {
		status, body = http.StatusNotModified, nil
	}
	if status == 0 {
		status = http.StatusOK
	}
	return &http.Response{
		StatusCode: status, Header: header, Request: req,
		ContentLength: -1, Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// config is the issuer that most tests use.
func config(change ...func(*IssuerConfig)) IssuerConfig {
	c := IssuerConfig{
		Name: "corp", Issuer: iss, Audience: []string{audience},
		Algorithms: []string{"RS256", "ES256", "EdDSA"},
		JWKS:       JWKSConfig{URL: jwksURL},
		MayAssert:  map[string]rules.Kind{"role": rules.String},
	}
	for _, f := range change {
		f(&c)
	}
	return c
}

// verifier is one that fetches from p. Its clock stands still at now unless the
// options bring another.
func verifier(t testing.TB, p *provider, o Options) *Verifier {
	t.Helper()
	if o.Issuers == nil {
		o.Issuers = []IssuerConfig{config()}
	}
	if o.Now == nil {
		o.Now = func() time.Time { return now }
	}
	o.getter = &getter{secure: p, plain: p}
	o.Log = canary(t)
	v, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// canary is a log that fails the test when a token gets into it.
func canary(t testing.TB) *slog.Logger {
	var mu sync.Mutex
	var text bytes.Buffer
	t.Cleanup(func() {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(text.String(), "eyJ") { // how every JSON object starts in base64
			t.Errorf("a token is in the log: %s", text.String())
		}
	})
	return slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		mu.Lock()
		defer mu.Unlock()
		return text.Write(p)
	}), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }

// loaded is a verifier that has p's keys.
func loaded(t testing.TB, p *provider, o Options) *Verifier {
	t.Helper()
	v := verifier(t, p, o)
	if err := v.Fetch(t.Context()); err != nil {
		t.Fatal(err)
	}
	return v
}

// bearing is a request that carries the token at the time of most tests.
func bearing(token string) *rules.Request {
	return &rules.Request{Now: now, Headers: []rules.Header{
		{Name: "accept", Value: "*/*"}, {Name: "authorization", Value: "Bearer " + token},
	}}
}

// verify returns the reason of the refusal, or "" and who was verified. A
// refusal never repeats a part of the token.
func verify(t testing.TB, v *Verifier, token string) (*rules.Verified, rules.Reason) {
	t.Helper()
	e, err := v.Verify(t.Context(), bearing(token))
	return e.Verified, reasonOf(t, err, token)
}

func reasonOf(t testing.TB, err error, token string) rules.Reason {
	t.Helper()
	if err == nil {
		return ""
	}
	f, ok := errors.AsType[*rules.Fault](err)
	if !ok {
		t.Fatalf("the error is %T (%v), want a *rules.Fault", err, err)
	}
	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 20 && strings.Contains(f.Error(), part) {
			t.Errorf("the error repeats the token: %v", f)
		}
	}
	return f.Reason
}
