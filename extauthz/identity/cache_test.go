package identity

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tiergate/tiergate/rules"
)

func hits(v *Verifier) uint64 { return v.CacheStats().Hits }

func TestASecondUseIsAHit(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	req := bearing(ecKey().mint(nil, goodClaims()))
	first, err := v.Verify(t.Context(), req)
	if err != nil || first.Cached {
		t.Fatalf("first use: hit %v, %v", first.Cached, err)
	}
	again, err := v.Verify(t.Context(), req)
	if err != nil || !again.Cached || again.Verified != first.Verified {
		t.Errorf("second use: hit %v, %v, the same caller: %v", again.Cached, err, again.Verified == first.Verified)
	}
}

// A hit costs a hash and a look-up: every check pays it.
func TestAHitAllocatesNothing(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	req := bearing(ecKey().mint(nil, goodClaims()))
	req.Principal = "spiffe://example.com/ns/billing/sa/billing"
	if got := testing.AllocsPerRun(100, func() {
		if _, err := v.Verify(t.Context(), req); err != nil {
			t.Error(err)
		}
	}); got != 0 {
		t.Errorf("%v allocations, want none", got)
	}
}

// A07: nothing short of the very same token is a hit.
func TestAChangedTokenIsNoHit(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	token := ecKey().mint(nil, goodClaims())
	if _, got := verify(t, v, token); got != "" {
		t.Fatalf("refused for %q", got)
	}
	before := hits(v)
	parts := strings.Split(token, ".")
	other := strings.Split(ecKey().mint(nil, with(goodClaims(), object{"role": "admin"})), ".")
	for i := range len(token) {
		changed := []byte(token)
		if changed[i] ^= 1; changed[i] == '.' || token[i] == '.' {
			continue
		}
		if who, got := verify(t, v, string(changed)); got == "" {
			t.Fatalf("byte %d changed and accepted as %+v", i, who)
		}
	}
	if _, got := verify(t, v, parts[0]+"."+other[1]+"."+parts[2]); got != rules.TokenSignature {
		t.Errorf("another payload under the signature: %q, want %q", got, rules.TokenSignature)
	}
	if hits(v) != before {
		t.Errorf("%d hits", hits(v)-before)
	}
}

// Each way in which an entry dies, one at a time, beside the twin that lives.
func TestEntriesDie(t *testing.T) {
	for _, row := range []struct {
		name   string
		claims object
		later  time.Duration
		change func(*Verifier)
		hit    bool
		want   rules.Reason
	}{
		{"twin: nothing happened", nil, 59 * time.Second, nil, true, ""},
		{"after a minute", nil, time.Minute, nil, false, ""},
		{"at exp, without the skew", object{"exp": now.Add(10 * time.Second).Unix()}, 10 * time.Second, nil, false, ""},
		{"after exp and skew", object{"exp": now.Add(10 * time.Second).Unix()}, 40 * time.Second, nil, false, rules.TokenExpired},
		{"A20 clock jumps back before iat", nil, -2 * time.Minute, nil, false, rules.TokenNotYetValid},
		{"with a new generation of keys", nil, 0, func(v *Verifier) { replace(v, ecKey(), edKey()) }, false, ""},
		{"with its key", nil, 0, func(v *Verifier) { replace(v, edKey()) }, false, rules.TokenKeyUnknown},
		{"with the age of the keys", nil, 25 * time.Hour, nil, false, rules.JWKSUnavailable},
	} {
		t.Run(row.name, func(t *testing.T) {
			v := loaded(t, serving(ecKey()), Options{})
			req := bearing(ecKey().mint(nil, with(goodClaims(), row.claims)))
			if _, err := v.Verify(t.Context(), req); err != nil {
				t.Fatal(err)
			}
			if row.change != nil {
				row.change(v)
			}
			req.Now = now.Add(row.later)
			e, err := v.Verify(t.Context(), req)
			if got := reasonOf(t, err, ""); e.Cached != row.hit || got != row.want {
				t.Errorf("hit %v, refused for %q, want %v and %q", e.Cached, got, row.hit, row.want)
			}
		})
	}
}

func replace(v *Verifier, keys ...any) {
	if err := v.order[0].keys.accept(document{body: jwks(keys...)}, now); err != nil {
		panic(err)
	}
}

// The configuration is part of the verifier: another one starts empty.
func TestAnotherConfigurationStartsEmpty(t *testing.T) {
	token := ecKey().mint(nil, goodClaims())
	v := loaded(t, serving(ecKey()), Options{})
	verify(t, v, token)
	stricter := loaded(t, serving(ecKey()), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.Audience = []string{"other"} })}})
	if _, got := verify(t, stricter, token); got != rules.TokenAudience {
		t.Errorf("refused for %q, want %q", got, rules.TokenAudience)
	}
}

func TestUnverifiedTokensEvictNobody(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{Entries: 2})
	good := ecKey().mint(nil, goodClaims())
	verify(t, v, good)
	for n := range 100 {
		bad := ecKey().mint(nil, with(goodClaims(), object{"aud": fmt.Sprint("other-", n)}))
		if _, got := verify(t, v, bad); got != rules.TokenAudience {
			t.Fatalf("refused for %q", got)
		}
	}
	before := hits(v)
	verify(t, v, good)
	if hits(v) != before+1 {
		t.Error("refused tokens pushed a good one out")
	}
	if got := v.CacheStats(); got.Entries != 1 || got.Evicted != 0 {
		t.Errorf("cache stats = %+v, want the one entry", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	v := loaded(t, serving(ecKey()), Options{})
	i := v.order[0]
	who := &rules.Verified{ExpiresAt: now.Add(time.Hour), Keys: 1}
	for _, row := range []struct{ entries, bytes, size, most int }{
		{10, 1 << 30, 500, 10}, {1000, 1 << 30, 500, 1000}, {1000, 100 << 10, 500, 50}, {1000, 100 << 10, 8000, 6},
	} {
		c, err := newTokenCache(row.entries, row.bytes)
		if err != nil {
			t.Fatal(err)
		}
		v.cache = c
		for n := range 5000 {
			var d digest
			binary.BigEndian.PutUint32(d[:], uint32(n)*2654435761)
			c.put(d, newEntry(who, i, row.size, now), now)
			c.put(d, newEntry(who, i, row.size, now), now) // twice costs once
		}
		s := v.CacheStats()
		if s.Entries > row.most || s.Bytes > row.bytes || s.Bytes != s.Entries*(entryFootprint+2*row.size) {
			t.Errorf("%+v: %+v", row, s)
		}
		if s.Entries < row.most*3/4 || int(s.Evicted) != 5000-s.Entries {
			t.Errorf("%+v: %+v, want it used", row, s)
		}
	}
}

func BenchmarkVerifyHit(b *testing.B) {
	for _, issuers := range []int{1, 100} {
		b.Run(fmt.Sprint(issuers, " issuers"), func(b *testing.B) {
			o := Options{Issuers: []IssuerConfig{config()}}
			for n := 1; n < issuers; n++ {
				o.Issuers = append(o.Issuers, config(func(c *IssuerConfig) { c.Name, c.Issuer = fmt.Sprint(n), fmt.Sprint("https://", n) }))
			}
			v := loaded(b, serving(ecKey()), o)
			req := bearing(ecKey().mint(nil, goodClaims()))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := v.Verify(b.Context(), req); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerifyMiss(b *testing.B) {
	for _, s := range []signer{rsaKey(), ecKey(), edKey()} {
		b.Run(s.alg, func(b *testing.B) {
			v := loaded(b, serving(s), Options{})
			token := s.mint(nil, goodClaims())
			b.ReportAllocs()
			for b.Loop() {
				c, err := v.gate(token)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := v.order[0].verify(b.Context(), c, now); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
