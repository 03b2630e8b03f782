package identity

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/tiergate/tiergate/e2e/idp"
	"github.com/tiergate/tiergate/rules"
)

// These are the fault rows J1 to J8 over real connections, against the provider
// of the laboratory. The rows that take time have their clocks in refresh_test.go
// and older_test.go.

// at is the provider's issuer, as one would configure it.
func at(p *idp.Provider) IssuerConfig {
	return config(func(c *IssuerConfig) {
		c.Issuer, c.MayAssert = p.Issuer(), nil
		c.JWKS = JWKSConfig{URL: p.JWKSURL(), AllowHTTP: true}
	})
}

func provided(t *testing.T, o idp.Options) *idp.Provider {
	t.Helper()
	p := must(idp.Start(o))
	t.Cleanup(func() { p.Stop() })
	return p
}

// minted is a good token of the provider's present key.
func minted(p *idp.Provider) string {
	return must(p.Token(idp.Claims{"sub": "ada", "aud": audience, "client_id": "web"}))
}

// told is the reason for which a token is refused now.
func told(t *testing.T, v *Verifier, token string) rules.Reason {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	req := bearing(token)
	req.Now = time.Now()
	_, err := v.Verify(ctx, req)
	return reasonOf(t, err, token)
}

// fetched tries one fetch, and fails the test when it leaves a goroutine behind.
func fetched(t *testing.T, v *Verifier, within time.Duration) error {
	t.Helper()
	before := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(t.Context(), within)
	err := v.Fetch(ctx)
	cancel()
	goleak.VerifyNone(t, before)
	return err
}

func wantError(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
		t.Errorf("the fetch: %v, want %q", err, want)
	}
}

func TestJ1NoKeysAtStart(t *testing.T) {
	selfSigned := httptest.NewUnstartedServer(nil)
	selfSigned.StartTLS()
	pair := selfSigned.TLS.Certificates
	selfSigned.Close()
	for _, row := range []struct {
		name string
		o    idp.Options
		url  string // in place of the provider's
		err  string
	}{
		{"host down", idp.Options{Down: true}, "", "refused"},
		{"a name that nobody has", idp.Options{}, "https://idp.invalid/jwks.json", "lookup idp.invalid"},
		{"a certificate that nobody vouches for", idp.Options{TLS: &tls.Config{Certificates: pair}}, "", "certificate"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := provided(t, row.o)
			c := at(p)
			c.Required = true
			if row.url != "" {
				c.JWKS.URL = row.url
			}
			v := must(New(Options{Issuers: []IssuerConfig{c}}))
			wantError(t, fetched(t, v, time.Minute), row.err)
			if got := told(t, v, minted(p)); got != rules.JWKSUnavailable {
				t.Errorf("refused for %q, want %q", got, rules.JWKSUnavailable)
			}
			if got := v.Ready(); len(got) != 1 {
				t.Errorf("Ready() = %v, want the issuer to be waited for", got)
			}
			if !row.o.Down {
				return
			}
			must(0, p.Resume()) // twin
			wantError(t, fetched(t, v, time.Minute), "")
			if got := told(t, v, minted(p)); got != "" || v.Ready() != nil {
				t.Errorf("refused for %q", got)
			}
		})
	}
}

// Every fault after a good fetch: the good keys serve on, one request was made
// for the set and none elsewhere, and nothing is left running.
func TestFaultsOfAProviderKeepTheKeys(t *testing.T) {
	canary := provided(t, idp.Options{Name: "canary"})
	tooMany := make([]any, 10_000)
	for i := range tooMany {
		tooMany[i] = object{"kty": "EC"}
	}
	text := func(body []byte) idp.Fault { return idp.Fault{Body: string(body)} }
	for _, row := range []struct {
		name   string
		fault  idp.Fault
		within time.Duration // a minute unless set
		err    string
	}{
		{"J2 connections are reset", idp.Fault{Reset: true}, 0, "EOF"},
		{"J3 never answers", idp.Fault{Delay: time.Hour}, 100 * time.Millisecond, "deadline"},
		{"J3 a byte a second", idp.Fault{SlowBytes: time.Second}, 100 * time.Millisecond, "deadline"},
		{"J4 HTML", idp.HTML, 0, "not valid JSON"},
		{"J4 an empty object", idp.EmptyObject, 0, `no "keys" array`},
		{"J4 null", idp.NullBody, 0, "not a JSON object"},
		{"J4 empty keys", idp.EmptyKeys, 0, errEmptySet.Error()},
		{"J4 500", idp.ServerError, 0, "status 500"},
		{"J4 truncated", text(jwks(ecKey())[:50]), 0, "not valid JSON"},
		{"J4 more than the limit", idp.Fault{Size: maxBody + 1}, 0, "more than"},
		{"J4 a hundred megabytes", idp.Fault{Size: 100 << 20}, 0, "more than"},
		{"J4 compressed without being asked", idp.Fault{Body: "\x1f\x8b\x08\x00\x00\x00\x00\x00"}, 0, "not UTF-8"},
		{"J5 to another host", idp.Fault{Redirect: canary.JWKSURL()}, 0, "redirects are refused"},
		{"J5 to a metadata address", idp.Fault{Redirect: "http://169.254.169.254/latest"}, 0, "redirects are refused"},
		{"J5 to itself, for ever", idp.Fault{Redirect: "/jwks.json"}, 0, "redirects are refused"},
		{"J8 10,000 keys", text(jwks(tooMany...)), 0, "10000 keys"},
		{"J8 nothing but bad keys", text(jwks(rsaJWK(oddOf(16384), 65537), rsaJWK(oddOf(2048), 1), object{"kty": "oct", "k": "AAAA"})), 0, "none of 3 keys"},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := provided(t, idp.Options{Alg: "ES256"})
			v := must(New(Options{Issuers: []IssuerConfig{at(p)}}))
			wantError(t, fetched(t, v, time.Minute), "") // twin
			token := minted(p)
			if row.within == 0 {
				row.within = time.Minute
			}
			p.Break(row.fault)
			wantError(t, fetched(t, v, row.within), row.err)
			if got := told(t, v, token); got != "" {
				t.Errorf("refused for %q", got)
			}
			// What is given up in time may not have come to the provider.
			once := p.Fetches() == 2 || p.Fetches() == 1 && row.within < time.Minute
			if s := v.Stats()[0]; s.Generation != 1 || s.FetchFailed != 1 || !once || canary.Fetches() != 0 {
				t.Errorf("stats = %+v, %d fetches, %d elsewhere", s, p.Fetches(), canary.Fetches())
			}
			p.Break(idp.Fault{}) // and it recovers
			must(0, p.Rotate("ES256"))
			wantError(t, fetched(t, v, time.Minute), "")
			if got := told(t, v, minted(p)); got != "" {
				t.Errorf("after the fault: refused for %q", got)
			}
		})
	}
}

// J3: while a fetch hangs, whoever has a known key does not notice.
func TestJ3AHangingProviderDelaysNobody(t *testing.T) {
	p := provided(t, idp.Options{Alg: "ES256"})
	v := must(New(Options{Issuers: []IssuerConfig{at(p)}}))
	wantError(t, fetched(t, v, time.Minute), "")
	p.Break(idp.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancel(t.Context())
	var hanging sync.WaitGroup
	hanging.Go(func() { v.Fetch(ctx) })
	for range 100 {
		if got := told(t, v, minted(p)); got != "" {
			t.Errorf("refused for %q", got)
		}
	}
	cancel()
	hanging.Wait()
}

// J6: what rotation does to tokens, cached or not.
func TestJ6RotationOfTheProvider(t *testing.T) {
	p := provided(t, idp.Options{Alg: "ES256"})
	v := must(New(Options{Issuers: []IssuerConfig{at(p)}}))
	refresh := func() { t.Helper(); wantError(t, fetched(t, v, time.Minute), "") }
	is := func(token string, want rules.Reason) {
		t.Helper()
		if got := told(t, v, token); got != want {
			t.Errorf("refused for %q, want %q", got, want)
		}
	}
	refresh()
	old := minted(p)
	is(old, "")
	must(0, p.Rotate("EdDSA"))
	refresh()
	is(old, "")
	is(minted(p), "")
	p.RemoveKey("idp-1")
	refresh()
	is(old, rules.TokenKeyUnknown)
	young := minted(p)
	is(young, "")
	p.AddKey(must(idp.NewKey("idp-2", "EdDSA"))) // the same kid with new material, first beside the old
	refresh()
	is(young, "")
	p.RemoveKey("idp-2")
	p.AddKey(must(idp.NewKey("idp-2", "EdDSA")))
	refresh()
	is(young, rules.TokenSignature)
	is(minted(p), "")
}

// J7, A22: a flood of key ids that nobody has costs as many fetches as the rate
// allows, whatever the provider does, and no memory.
func TestJ7AFloodOfKeyIDs(t *testing.T) {
	const tokens = 10_000
	for name, fault := range map[string]idp.Fault{"healthy": {}, "hanging": {Delay: time.Hour}} {
		t.Run(name, func(t *testing.T) {
			before := goleak.IgnoreCurrent()
			p := must(idp.Start(idp.Options{Alg: "ES256"}))
			v := must(New(Options{Issuers: []IssuerConfig{at(p)}}))
			wantError(t, v.Fetch(t.Context()), "")
			good := minted(p)
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() { ended <- v.Run(ctx) }()
			p.Break(fault)
			began := time.Now()
			rest := good[strings.IndexByte(good, '.'):]
			var next sync.Mutex
			n, seen := 0, map[rules.Reason]int{}
			var senders sync.WaitGroup
			for range 64 {
				senders.Go(func() {
					for {
						next.Lock()
						n++
						kid := n
						next.Unlock()
						if kid > tokens {
							return
						}
						check, done := context.WithTimeout(ctx, 20*time.Millisecond)
						req := bearing(b64([]byte(fmt.Sprintf(`{"alg":"ES256","kid":"random-%d"}`, kid))) + rest)
						req.Now = time.Now()
						_, err := v.Verify(check, req)
						done()
						reason := reasonOf(t, err, "")
						next.Lock()
						seen[reason]++
						next.Unlock()
					}
				})
			}
			for range 1000 {
				if got := told(t, v, good); got != "" {
					t.Errorf("the good token: refused for %q", got)
				}
			}
			senders.Wait()
			if seen[rules.TokenKeyUnknown]+seen[rules.KeysRefreshing] != tokens {
				t.Errorf("reasons: %v", seen)
			}
			// Those who wait for a provider that hangs wait for all of the flood.
			if name == "healthy" && seen[rules.TokenKeyUnknown] == 0 {
				t.Errorf("reasons: %v, want some that no refetch can bring", seen)
			}
			// The one before, the first of Run, and the burst; on a slow machine also what
			// the rate allows later, and Run after each fetch that was given up.
			took := time.Since(began)
			if got, limit := p.Fetches(), 2+refetchBurst+1+int(took/refetchEvery)+int(took/fetchTimeout); got > limit {
				t.Errorf("%d fetches for %d key ids in %v, want at most %d", got, tokens, took, limit)
			}
			k := v.order[0].keys
			if k.absent.Len() > maxAbsent || k.waiters != 0 || v.CacheStats().Entries != 1 || slotsOf(v, cheap).Checked != 1 {
				t.Errorf("left: %d key ids, %d waiters, %+v, slots %+v", k.absent.Len(), k.waiters, v.CacheStats(), slotsOf(v, cheap))
			}
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("Run = %v", err)
			}
			must(0, p.Stop())
			goleak.VerifyNone(t, before)
		})
	}
}

// J8, A23: what is wrong with one key of a set costs that key alone. The key
// beside it is the twin.
func TestJ8BadKeysBesideAGoodOne(t *testing.T) {
	p := provided(t, idp.Options{Alg: "ES256"})
	good := p.Keys()[0].JWK()
	point := func(x, y string) object { return with(good, object{"kid": "bad", "x": x, "y": y}) }
	for _, row := range []struct {
		name  string
		bad   any
		cause cause
	}{
		{"RSA-16384", rsaJWK(oddOf(16384), 65537), causeWeak},
		{"A23 RSA-512", rsaJWK(oddOf(512), 65537), causeWeak},
		{"A23 RSA-1024", rsaJWK(oddOf(1024), 65537), causeWeak},
		{"exponent 1", rsaJWK(oddOf(2048), 1), causeWeak},
		{"a huge exponent", with(rsaJWK(oddOf(2048), 1), object{"e": b64(new(big.Int).Lsh(big.NewInt(3), 100).Bytes())}), causeMalformed},
		{"A23 the broken generator", rsaJWK(roca(2048), 65537), causeWeak},
		{"off the curve", point(good["x"].(string), good["x"].(string)), causeMalformed},
		{"the same kid again", with(ecKey().jwk(), object{"kid": good["kid"]}), causeDuplicate},
		{"A03 symmetric", object{"kty": "oct", "kid": "bad", "k": "c2VjcmV0"}, causeSymmetric},
		{"private", with(ecKey().jwk(), object{"kid": "bad", "d": "AQAB"}), causePrivate},
		{"for encryption", with(ecKey().jwk(), object{"kid": "bad", "use": "enc"}), causeUse},
	} {
		t.Run(row.name, func(t *testing.T) {
			p.Break(idp.Fault{Body: string(must(json.Marshal(object{"keys": []any{good, row.bad}})))})
			v := must(New(Options{Issuers: []IssuerConfig{at(p)}}))
			wantError(t, fetched(t, v, time.Minute), "")
			if got := told(t, v, minted(p)); got != "" {
				t.Errorf("refused for %q", got)
			}
			if s := v.Stats()[0]; s.Keys != 1 || s.Skipped[string(row.cause)] != 1 {
				t.Errorf("%d keys, skipped %v, want one for %s", s.Keys, s.Skipped, row.cause)
			}
		})
	}
}

// A22: the answer of a provider is bounded in every dimension that it chooses.
func TestA22HeadersOfAnAnswerAreBounded(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Long", strings.Repeat("x", 64<<10))
		w.Write(jwks(ecKey()))
	}))
	defer server.Close()
	if _, err := plainGetter().document(t.Context(), server.URL, ""); err == nil {
		t.Error("64 KiB of headers were read")
	}
}
