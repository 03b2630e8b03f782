package identity

import (
	"context"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Keys of clients, which no issuer publishes.
var (
	holder   = sync.OnceValue(func() signer { return must(newSigner("", "ES256")) })
	stranger = sync.OnceValue(func() signer { return must(newSigner("", "ES256")) })
)

var proofSerial atomic.Int64

// bare is a client's public key, and nothing else.
func (s signer) bare() object { return with(s.jwk(), object{"kid": nil, "alg": nil, "use": nil}) }

func (s signer) jkt() string { return must(jwkThumbprint(s.bare())) }

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return b64(sum[:])
}

// prove makes a proof for GET https://api.example.com/v1/accounts/7 with the
// token. nil removes a member.
func (s signer) prove(token string, header, claims object) string {
	return s.mint(with(object{"typ": "dpop+jwt", "kid": nil, "jwk": s.bare()}, header), with(object{
		"htm": "GET", "htu": "https://api.example.com/v1/accounts/7", "iat": now.Unix(),
		"jti": fmt.Sprintf("p-%d", proofSerial.Add(1)), "ath": hashOf(token),
	}, claims))
}

// proving is the request that proofs are for.
func proving(token string, proof ...string) *rules.Request {
	req := bearing(token)
	req.Method, req.Host, req.Path = "GET", "api.example.com", "/v1/accounts/7"
	req.Headers[1].Value = "DPoP " + token
	for _, p := range proof {
		req.Headers = append(req.Headers, rules.Header{Name: "dpop", Value: p})
	}
	return req
}

// boundTo adds cnf to the claims of a good token.
func boundTo(cnf object) object { return with(goodClaims(), object{"cnf": cnf}) }

// privateMember is a key with the part that nobody shows.
func (s signer) privateMember() object {
	return with(s.bare(), object{"d": b64(must(s.private.(*ecdsa.PrivateKey).Bytes()))})
}

// A24: every row fails one gate alone, right after its twin passed.
func TestProofsOfPossession(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{Origins: map[string]string{"port.example.com": "http://Port.example.com:8080"}})
	k, h := ecKey(), holder()
	token := k.mint(nil, boundTo(object{"jkt": h.jkt()}))
	other := k.mint(nil, with(boundTo(object{"jkt": h.jkt()}), object{"jti": "t-2"}))
	plain := k.mint(nil, goodClaims())
	header := func(changes object) *rules.Request { return proving(token, h.prove(token, changes, nil)) }
	claims := func(changes object) *rules.Request { return proving(token, h.prove(token, nil, changes)) }
	htu := func(uri string) *rules.Request { return claims(object{"htu": uri}) }
	at := func(change func(*rules.Request)) *rules.Request {
		req := claims(nil)
		change(req)
		return req
	}
	const (
		right = "https://api.example.com/v1/accounts/7"
		wrong = rules.BindingMismatch
	)
	weak := func() signer {
		return signer{"", "RS256", must(rsa.GenerateKey(rand.Reader, 1024))}
	}()
	for _, row := range []struct {
		name string
		req  *rules.Request
		want rules.Reason
	}{
		{"twin: untouched", claims(nil), ""},
		{"bound token as Bearer", bearing(token), rules.BindingMissing},
		{"bound token as Bearer, with a proof", at(func(r *rules.Request) { r.Headers[1].Value = "Bearer " + token }), rules.BindingMissing},
		{"no proof", proving(token), rules.BindingMissing},
		{"an empty proof", proving(token, ""), wrong},
		{"unbound token as DPoP", proving(plain, h.prove(plain, nil, nil)), wrong},
		{"two DPoP headers", proving(token, h.prove(token, nil, nil), h.prove(token, nil, nil)), rules.CredentialMalformed},
		{"two DPoP headers, the second empty", proving(token, h.prove(token, nil, nil), ""), rules.CredentialMalformed},
		{"two proofs in one header", proving(token, h.prove(token, nil, nil)+","+h.prove(token, nil, nil)), wrong},
		{"the token as its proof", proving(token, token), wrong},

		{"other jwk, signed by it", proving(token, stranger().prove(token, nil, nil)), wrong},
		{"our jwk, signed by another", proving(token, stranger().prove(token, object{"jwk": h.bare()}, nil)), wrong},
		{"other jwk, signed by ours", header(object{"jwk": stranger().bare()}), wrong},
		{"private jwk", header(object{"jwk": h.privateMember()}), wrong},
		{"symmetric jwk", header(object{"jwk": object{"kty": "oct", "k": "AAAA"}}), wrong},
		{"jwk and a symmetric part", header(object{"jwk": with(h.bare(), object{"k": "AAAA"})}), wrong},
		{"no jwk", header(object{"jwk": nil}), wrong},
		{"jwk is a text", header(object{"jwk": "x"}), wrong},
		{"jwk for encryption", header(object{"jwk": with(h.bare(), object{"use": "enc"})}), wrong},
		{"jwk for another alg", header(object{"jwk": with(h.bare(), object{"alg": "ES384"})}), wrong},
		{"jwk with names in two cases", header(object{"jwk": with(h.bare(), object{"X": "AAAA"})}), wrong},
		{"twin: jwk that says more of itself", header(object{"jwk": with(h.jwk(), object{"kid": "mine"})}), ""},

		{"typ JWT", header(object{"typ": "JWT"}), wrong},
		{"no typ", header(object{"typ": nil}), wrong},
		{"typ of a workload's proof", header(object{"typ": "wpt+jwt"}), wrong},
		{"twin: typ with prefix and case", header(object{"typ": "application/DPoP+JWT"}), ""},
		{"alg none", header(object{"alg": "none"}), wrong},
		{"alg none without signature", proving(token, unsigned(h.prove(token, object{"alg": "none"}, nil))), wrong},
		{"alg HS256", header(object{"alg": "HS256"}), wrong},
		{"alg not of the list", header(object{"alg": "ES512"}), wrong},
		{"alg of another kind of key", header(object{"alg": "RS256"}), wrong},
		{"crit", header(object{"crit": []string{"exp"}}), wrong},
		{"jku", header(object{"jku": "https://evil.example/"}), wrong},
		{"x5c", header(object{"x5c": []string{"AAAA"}}), wrong},
		{"a padded signature", proving(token, h.prove(token, nil, nil)+"="), wrong},
		{"huge", header(object{"x": strings.Repeat("x", maxProof)}), wrong},

		{"htm of another method", claims(object{"htm": "POST"}), wrong},
		{"method case", claims(object{"htm": "get"}), wrong},
		{"no htm", claims(object{"htm": nil}), wrong},
		{"htm is a list", claims(object{"htm": []string{"GET"}}), wrong},
		{"another method with the same proof", at(func(r *rules.Request) { r.Method = "DELETE" }), wrong},
		{"htu with query", htu(right + "?x=1"), wrong},
		{"htu with an empty query", htu(right + "?"), wrong},
		{"htu with fragment", htu(right + "#x"), wrong},
		{"htu with another port", htu("https://api.example.com:8443/v1/accounts/7"), wrong},
		{"htu with port and http", htu("http://api.example.com:443/v1/accounts/7"), wrong},
		{"htu with path in another case", htu("https://api.example.com/v1/Accounts/7"), wrong},
		{"htu of another object", htu("https://api.example.com/v1/accounts/8"), wrong},
		{"htu with a trailing slash", htu(right + "/"), wrong},
		{"htu with dot segments", htu("https://api.example.com/v1/x/../accounts/7"), wrong},
		{"htu of another host", htu("https://api.example.com.evil.example/v1/accounts/7"), wrong},
		{"htu with a user", htu("https://api.example.com@evil.example/v1/accounts/7"), wrong},
		{"htu with a user of ours", htu("https://x@api.example.com/v1/accounts/7"), wrong},
		{"htu over http", htu("http://api.example.com/v1/accounts/7"), wrong},
		{"htu without origin", htu("/v1/accounts/7"), wrong},
		{"htu with an escaped slash", htu("https://api.example.com/v1%2Faccounts/7"), wrong},
		{"htu with a backslash", htu(`https://api.example.com/v1\accounts/7`), wrong},
		{"no htu", claims(object{"htu": nil}), wrong},
		{"twin: htu with the default port", htu("https://api.example.com:443/v1/accounts/7"), ""},
		{"twin: htu with scheme and host in another case", htu("HTTPS://API.Example.Com/v1/accounts/7"), ""},
		{"twin: htu with escaped letters", htu("https://api.example.com/v1/%61ccounts/%37"), ""},
		{"twin: the request's query is not the proof's", at(func(r *rules.Request) { r.RawQuery = "x=1" }), ""},
		{"another path with the same proof", at(func(r *rules.Request) { r.Path = "/v1/accounts/8" }), wrong},
		{"another host with the same proof", at(func(r *rules.Request) { r.Host = "other.example.com" }), wrong},
		{"forwarded headers are not read", at(func(r *rules.Request) {
			r.Host = "other.example.com"
			r.Headers = append(r.Headers, rules.Header{Name: "x-forwarded-host", Value: "api.example.com"}, rules.Header{Name: "forwarded", Value: "host=api.example.com"})
		}), wrong},
		{"twin: a configured origin", func() *rules.Request {
			r := htu("http://port.example.com:8080/v1/accounts/7")
			r.Host = "port.example.com"
			return r
		}(), ""},
		{"the usual origin where another is configured", func() *rules.Request {
			r := htu("https://port.example.com/v1/accounts/7")
			r.Host = "port.example.com"
			return r
		}(), wrong},

		{"twin: iat a minute ago", claims(object{"iat": now.Add(-time.Minute).Unix()}), ""},
		{"stale iat", claims(object{"iat": now.Add(-61 * time.Second).Unix()}), wrong},
		{"twin: iat in a minute", claims(object{"iat": now.Add(time.Minute).Unix()}), ""},
		{"iat in the future", claims(object{"iat": now.Add(61 * time.Second).Unix()}), wrong},
		{"no iat", claims(object{"iat": nil}), wrong},
		{"iat is a text", claims(object{"iat": fmt.Sprint(now.Unix())}), wrong},
		{"iat that overflows", claims(object{"iat": 1e300}), wrong},
		{"exp has passed", claims(object{"exp": now.Unix()}), wrong},
		{"nbf in the future", claims(object{"nbf": now.Add(time.Hour).Unix()}), wrong},
		{"twin: exp and nbf that hold", claims(object{"exp": now.Add(time.Minute).Unix(), "nbf": now.Unix()}), ""},

		{"no jti", claims(object{"jti": nil}), wrong},
		{"jti is empty", claims(object{"jti": ""}), wrong},
		{"jti is a number", claims(object{"jti": 1}), wrong},
		{"jti longer than allowed", claims(object{"jti": strings.Repeat("j", maxProofID+1)}), wrong},
		{"twin: jti as long as allowed", claims(object{"jti": strings.Repeat("j", maxProofID)}), ""},

		{"missing ath", claims(object{"ath": nil}), wrong},
		{"other ath", claims(object{"ath": hashOf(other)}), wrong},
		{"the proof of another token of the same key", proving(token, h.prove(other, nil, nil)), wrong},
		{"another token of the same key with the proof", func() *rules.Request {
			r := proving(token, h.prove(token, nil, nil))
			r.Headers[1].Value = "DPoP " + other
			return r
		}(), wrong},
		{"twin: that token with its own", proving(other, h.prove(other, nil, nil)), ""},
	} {
		t.Run("A24 "+row.name, func(t *testing.T) {
			req := claims(nil)
			if e, err := v.Verify(t.Context(), req); err != nil || e.Bound != rules.ByKey || e.Verified.Subject != "ada" {
				t.Fatalf("the twin: %+v, %v", e, err)
			}
			e, err := v.Verify(t.Context(), row.req)
			if got := reasonOf(t, err, token); got != row.want {
				t.Errorf("refused for %q (%v), want %q", got, err, row.want)
			}
			if err != nil && (e.Verified != nil || e.Bound != rules.NotBound) {
				t.Errorf("refused with evidence %+v", e)
			}
		})
	}
	t.Run("A24 a weak key", func(t *testing.T) {
		token := k.mint(nil, boundTo(object{"jkt": weak.jkt()}))
		_, err := v.Verify(t.Context(), proving(token, weak.prove(token, nil, nil)))
		if got := reasonOf(t, err, token); got != wrong {
			t.Errorf("refused for %q, want %q", got, wrong)
		}
	})
}

// Every kind of key that proofs are signed with by default.
func TestProofAlgorithms(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	for _, alg := range defaultProofAlgorithms {
		h := must(newSigner("", alg))
		token := ecKey().mint(nil, boundTo(object{"jkt": h.jkt()}))
		if _, err := v.Verify(t.Context(), proving(token, h.prove(token, nil, nil))); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
		v := loaded(t, serving(ecKey()), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) {
			c.DPoP = &DPoPConfig{Algorithms: []string{"ES512"}}
		})}})
		_, err := v.Verify(t.Context(), proving(token, h.prove(token, nil, nil)))
		if got := reasonOf(t, err, token); got != rules.BindingMismatch {
			t.Errorf("%s where it is not in the list: %q", alg, got)
		}
	}
}

// RFC 7638 section 3.1, RFC 8037 appendix A.3.
func TestThumbprints(t *testing.T) {
	for _, row := range []struct {
		jwk  object
		want string
	}{
		{object{"kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw"}, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
		{object{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
	} {
		if got, err := jwkThumbprint(row.jwk); got != row.want || err != nil {
			t.Errorf("%s: %q, %v, want %q", row.jwk["kty"], got, err, row.want)
		}
		for name := range maps.Keys(row.jwk) {
			odd := with(row.jwk, object{name: `x","y":"`})
			if got, err := jwkThumbprint(odd); err == nil && got != row.want {
				t.Errorf("%s with an odd %s is %q", row.jwk["kty"], name, got)
			}
		}
	}
}

// presenting is a request over a connection with that certificate.
func presenting(token, encoded string) *rules.Request {
	req := bearing(token)
	req.Certificate = encoded
	return req
}

func derOf(t *testing.T, encoded string) []byte {
	t.Helper()
	block, _ := pem.Decode([]byte(must(url.PathUnescape(encoded))))
	return block.Bytes
}

// A24: a token that is bound to a certificate is good with that one alone.
func TestCertificates(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	mine, others := certificate(t, nil), certificate(t, nil)
	unknown := certificate(t, func(c *x509.Certificate) { c.URIs, c.IsCA = nil, true }) // of any authority
	bound := func(encoded string) string {
		sum := sha256.Sum256(derOf(t, encoded))
		return ecKey().mint(nil, boundTo(object{"x5t#S256": b64(sum[:])}))
	}
	token := bound(mine)
	for _, row := range []struct {
		name, token, certificate string
		want                     rules.Reason
	}{
		{"twin: its certificate", token, mine, ""},
		{"no certificate", token, "", rules.BindingMissing},
		{"other certificate of the same name", token, others, rules.BindingMismatch},
		{"twin: the token of that one", bound(others), others, ""},
		{"twin: a certificate that is no workload's", bound(unknown), unknown, ""},
		{"two certificates, ours first", token, mine + others, rules.BindingMissing},
		{"two certificates, ours second", token, others + mine, rules.BindingMissing},
		{"ours and a byte", token, mine + "x", rules.BindingMissing},
		{"no PEM", token, "certificate", rules.BindingMissing},
		{"huge", token, mine + strings.Repeat("%0A", maxCertificate), rules.BindingMissing},
		{"the hash of the PEM", ecKey().mint(nil, boundTo(object{"x5t#S256": hashOf(mine)})), mine, rules.BindingMismatch},
	} {
		t.Run("A24 "+row.name, func(t *testing.T) {
			if e, err := v.Verify(t.Context(), presenting(token, mine)); err != nil || e.Bound != rules.ByCertificate {
				t.Fatalf("the twin: %+v, %v", e, err)
			}
			for range 2 { // read, and remembered
				_, err := v.Verify(t.Context(), presenting(row.token, row.certificate))
				if got := reasonOf(t, err, row.token); got != row.want {
					t.Errorf("refused for %q, want %q", got, row.want)
				}
			}
		})
	}
	req := proving(token, holder().prove(token, nil, nil))
	req.Certificate = mine
	if _, err := v.Verify(t.Context(), req); reasonOf(t, err, token) != rules.BindingMismatch {
		t.Errorf("A24 a certificate's token as DPoP: %v", err)
	}
}

// Where a token names both, one proof does not make up for the other.
func TestBothConfirmations(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	mine, h := certificate(t, nil), holder()
	sum := sha256.Sum256(derOf(t, mine))
	token := ecKey().mint(nil, boundTo(object{"x5t#S256": b64(sum[:]), "jkt": h.jkt()}))
	both := func() *rules.Request {
		req := proving(token, h.prove(token, nil, nil))
		req.Certificate = mine
		return req
	}
	for _, row := range []struct {
		name   string
		change func(*rules.Request)
		want   rules.Reason
	}{
		{"twin: both", func(*rules.Request) {}, ""},
		{"the proof alone", func(r *rules.Request) { r.Certificate = "" }, rules.BindingMissing},
		{"the proof and another certificate", func(r *rules.Request) { r.Certificate = certificate(t, nil) }, rules.BindingMismatch},
		{"the certificate alone", func(r *rules.Request) { r.Headers = r.Headers[:2] }, rules.BindingMissing},
		{"the certificate, as Bearer", func(r *rules.Request) { r.Headers[1].Value = "Bearer " + token }, rules.BindingMissing},
	} {
		t.Run("A24 "+row.name, func(t *testing.T) {
			if e, err := v.Verify(t.Context(), both()); err != nil || e.Bound != rules.ByKey {
				t.Fatalf("the twin: %+v, %v", e, err)
			}
			req := both()
			row.change(req)
			_, err := v.Verify(t.Context(), req)
			if got := reasonOf(t, err, token); got != row.want {
				t.Errorf("refused for %q, want %q", got, row.want)
			}
		})
	}
}

func TestRequireBound(t *testing.T) {
	const thumb = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"
	key, mtls := object{"jkt": holder().jkt()}, object{"x5t#S256": thumb}
	both := object{"jkt": holder().jkt(), "x5t#S256": thumb}
	for _, row := range []struct {
		require string
		cnf     object
		refused bool
	}{
		{"", nil, false}, {"", key, false}, {"", mtls, false},
		{"dpop", nil, true}, {"dpop", mtls, true}, {"dpop", key, false}, {"dpop", both, false},
		{"mtls", nil, true}, {"mtls", key, true}, {"mtls", mtls, false}, {"mtls", both, false},
		{"any", nil, true}, {"any", key, false}, {"any", mtls, false}, {"any", both, false},
	} {
		i := &issuer{name: "corp", requireBound: row.require}
		var who rules.Verified
		who.Confirm.Key, _ = row.cnf["jkt"].(string)
		who.Confirm.Certificate, _ = row.cnf["x5t#S256"].(string)
		err := i.bindingRequired(nil, &who)
		if (err != nil) != row.refused || err != nil && rules.Denial(err).Reason != rules.BindingMissing {
			t.Errorf("require_bound: %q with cnf %v: %v, want a refusal: %v", row.require, row.cnf, err, row.refused)
		}
	}
	v := loaded(t, serving(ecKey()), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.RequireBound = "any" })}})
	plain := ecKey().mint(nil, goodClaims())
	token := ecKey().mint(nil, boundTo(key))
	for range 2 {
		if _, err := v.Verify(t.Context(), bearing(plain)); reasonOf(t, err, plain) != rules.BindingMissing {
			t.Errorf("A24 a bearer token where tokens must be bound: %v", err)
		}
		if _, err := v.Verify(t.Context(), proving(token, holder().prove(token, nil, nil))); err != nil {
			t.Errorf("twin: %v", err)
		}
	}
	if got := v.ProofAlgorithms(); len(got["corp"]) == 0 {
		t.Errorf("clients are not told of proofs: %v", got)
	}
}

func TestBindingOptions(t *testing.T) {
	for _, row := range []struct {
		change func(*IssuerConfig)
		want   string // "" for none
	}{
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{Nonce: "required", MaxAge: time.Second} }, ""},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{MaxAge: 5 * time.Minute, Algorithms: []string{"ES512"}} }, ""},
		{func(c *IssuerConfig) { c.RequireBound = "tls" }, "require_bound"},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{Nonce: "on"} }, "nonce"},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{MaxAge: time.Millisecond} }, "max_age"},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{MaxAge: -time.Minute} }, "max_age"},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{MaxAge: time.Hour} }, "max_age"},
		{func(c *IssuerConfig) { c.DPoP = &DPoPConfig{Algorithms: []string{"HS256"}} }, "HS256"},
	} {
		_, err := New(Options{Issuers: []IssuerConfig{config(row.change)}})
		if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
			t.Errorf("New = %v, want it to name %q", err, row.want)
		}
	}
	if _, err := New(Options{Origins: map[string]string{"api.example.com": "api.example.com"}}); err == nil {
		t.Error("an origin without scheme was taken")
	}
}

// A signature that cannot get a slot in time is not checked, and not believed.
func TestT4ProofsWaitForASlot(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	token := ecKey().mint(nil, boundTo(object{"jkt": holder().jkt()}))
	good := func() *rules.Request { return proving(token, holder().prove(token, nil, nil)) }
	if _, err := v.Verify(t.Context(), good()); err != nil {
		t.Fatal(err)
	}
	pool := v.order[0].proofs.slots[priceOf(holder().private.Public())]
	for range cap(pool.busy) {
		pool.busy <- struct{}{}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := v.Verify(ctx, good()); reasonOf(t, err, token) != rules.Overloaded {
		t.Errorf("without a slot: %v", err)
	}
	<-pool.busy
	if _, err := v.Verify(t.Context(), good()); err != nil {
		t.Errorf("twin: %v", err)
	}
}

func BenchmarkProof(b *testing.B) {
	for _, alg := range []string{"ES256", "EdDSA", "RS256"} {
		b.Run(alg, func(b *testing.B) {
			v := loaded(b, serving(ecKey()), Options{})
			h := must(newSigner("", alg))
			token := ecKey().mint(nil, boundTo(object{"jkt": h.jkt()}))
			reqs := make([]*rules.Request, 256)
			for n := range reqs {
				reqs[n] = proving(token, h.prove(token, nil, nil))
			}
			b.ReportAllocs()
			for n := 0; b.Loop(); n++ {
				if n%len(reqs) == 0 {
					v.order[0].proofs.used = newReplays()
				}
				if _, err := v.Verify(b.Context(), reqs[n%len(reqs)]); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// What the token proves by itself says more than the workload that it came from.
func TestBindingOfTheTokenStays(t *testing.T) {
	r := NewRecogniser([]*rules.Identity{{Name: "billing", Kind: rules.Service, Issuer: "corp", Subject: "ada", Workload: billing}})
	for proven, want := range map[rules.Binding]rules.Binding{
		rules.NotBound: rules.ByWorkload, rules.ByCertificate: rules.ByCertificate, rules.ByKey: rules.ByKey,
	} {
		e := rules.Evidence{Verified: &rules.Verified{Issuer: "corp", Subject: "ada"}, Peer: billing, Bound: proven}
		c, err := r.Recognise(e, bearing(""), "")
		if err != nil || c.Bound != want {
			t.Errorf("bound by %v: %v, %v, want %v", proven, c.Bound, err, want)
		}
	}
}
