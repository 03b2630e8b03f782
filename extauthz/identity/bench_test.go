package identity

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"
)

// The three algorithms that providers use. Their tokens have some 500 bytes.
func benchKeys() []signer { return []signer{rsaKey(), ecKey(), edKey()} }

// benched runs one benchmark an algorithm, with a verifier that remembers so
// many tokens, and two tokens.
func benched(b *testing.B, entries int, f func(b *testing.B, v *Verifier, s signer, tokens [2]string)) {
	for _, s := range benchKeys() {
		b.Run(s.alg, func(b *testing.B) {
			v := loaded(b, serving(rsaKey(), ecKey(), edKey()), Options{Entries: entries})
			tokens := [2]string{s.mint(nil, wide("t-1")), s.mint(nil, wide("t-2"))}
			b.ReportAllocs()
			f(b, v, s, tokens)
		})
	}
}

// wide are the claims of a usual access token.
func wide(id string) object {
	return with(goodClaims(), object{
		"jti": id, "azp": "web", "scope": "openid profile email accounts:read accounts:write", "sid": "6f0a9f7a-8f0c-4f43-9c7e-0a7f0f2f7c11",
		"sub": "c9a7e6f2-2b1c-4a39-8f44-1f6d1b9f8a55", "nbf": now.Unix(), "auth_time": now.Unix(), "acr": "1",
		"email": "ada@example.com", "email_verified": true, "preferred_username": "ada",
	})
}

// BenchmarkWarm is a token that was verified before.
func BenchmarkWarm(b *testing.B) {
	benched(b, 100, func(b *testing.B, v *Verifier, _ signer, tokens [2]string) {
		req := bearing(tokens[0])
		for b.Loop() {
			if _, err := v.Verify(b.Context(), req); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkHash is what a warm token cannot cost less than: its hash.
func BenchmarkHash(b *testing.B) {
	benched(b, 100, func(b *testing.B, _ *Verifier, _ signer, tokens [2]string) {
		text := []byte(tokens[0])
		b.ReportMetric(float64(len(text)), "bytes")
		for b.Loop() {
			sha256.Sum256(text)
		}
	})
}

// BenchmarkCold is a token that was not seen before: the cache has room for one
// of the two.
func BenchmarkCold(b *testing.B) {
	benched(b, 1, func(b *testing.B, v *Verifier, _ signer, tokens [2]string) {
		for n := 0; b.Loop(); n++ {
			e, err := v.Verify(b.Context(), bearing(tokens[n%2]))
			if err != nil || e.Cached {
				b.Fatal(e, err)
			}
		}
	})
}

// BenchmarkBareSignature is what a cold token cannot cost less than: the check of
// its signature.
func BenchmarkBareSignature(b *testing.B) {
	benched(b, 1, func(b *testing.B, _ *Verifier, s signer, tokens [2]string) {
		dot := strings.LastIndexByte(tokens[0], '.')
		signature, err := base64url.DecodeString(tokens[0][dot+1:])
		if err != nil {
			b.Fatal(err)
		}
		public := any(s.private.Public())
		for b.Loop() {
			if err := algorithms[s.alg].method.Verify(tokens[0][:dot], signature, public); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkBeyond takes the costs by turns, so that a busy machine slows all alike,
// and reports medians: a warm token beyond its hash (promised: at most 1000 ns),
// and a cold one beyond its signature (15 % of that and 15,000 ns).
func BenchmarkBeyond(b *testing.B) {
	benched(b, 1, func(b *testing.B, cold *Verifier, s signer, tokens [2]string) {
		warm := loaded(b, serving(rsaKey(), ecKey(), edKey()), Options{})
		dot := strings.LastIndexByte(tokens[0], '.')
		signature := must(base64url.DecodeString(tokens[0][dot+1:]))
		method, public, text := algorithms[s.alg].method, any(s.private.Public()), []byte(tokens[0])
		first, second := bearing(tokens[0]), bearing(tokens[1])
		turns := []func() error{
			func() error { return method.Verify(tokens[0][:dot], signature, public) },
			func() error { _, err := cold.Verify(b.Context(), first); return err },
			func() error { sha256.Sum256(text); return nil },
			func() error { _, err := warm.Verify(b.Context(), first); return err },
			func() error { _, err := cold.Verify(b.Context(), second); return err },
		}
		took := make([][]time.Duration, len(turns))
		for b.Loop() {
			for n, turn := range turns {
				began := time.Now()
				err := turn()
				took[n] = append(took[n], time.Since(began))
				if err != nil {
					b.Fatal(err)
				}
			}
		}
		median := func(n int) float64 {
			slices.Sort(took[n])
			return float64(took[n][len(took[n])/2].Nanoseconds())
		}
		b.ReportMetric(median(0), "signature-ns")
		b.ReportMetric(median(1)-median(0), "cold-beyond-ns")
		b.ReportMetric(median(3)-median(2), "warm-beyond-ns")
	})
}
