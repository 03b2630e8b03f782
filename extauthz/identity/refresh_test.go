package identity

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// running is a verifier whose Run is under way on the bubble's clock; it ends,
// and is joined, with the test.
func running(t *testing.T, p *provider, change ...func(*IssuerConfig)) *Verifier {
	t.Helper()
	v := verifier(t, p, Options{Issuers: []IssuerConfig{config(change...)}, Now: time.Now})
	start(t, v)
	return v
}

func start(t *testing.T, v *Verifier) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v", err)
		}
	})
	synctest.Wait()
}

// ask verifies a token at the bubble's time with the deadline of a Check.
func ask(t *testing.T, v *Verifier, token string) rules.Reason {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	req := bearing(token)
	req.Now = time.Now()
	_, err := v.Verify(ctx, req)
	return reasonOf(t, err, token)
}

func wants(t *testing.T, v *Verifier, token string, want rules.Reason) {
	t.Helper()
	if got := ask(t, v, token); got != want {
		t.Errorf("at %v: refused for %q, want %q", time.Now().Format(time.TimeOnly), got, want)
	}
}

// lasting are claims that outlive every test.
func lasting() object {
	return with(goodClaims(), object{"iat": nil, "exp": lastDate})
}

func TestJ1ProviderDownAtStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.err = errors.New("connection refused")
		v := running(t, p, func(c *IssuerConfig) { c.Required = true })
		token := ecKey().mint(nil, lasting())
		wants(t, v, token, rules.JWKSUnavailable)
		if got := v.Ready(); len(got) != 1 || got[0] != "corp" {
			t.Errorf("Ready() = %v, want corp to be waited for", got)
		}
		time.Sleep(time.Hour)
		if n := p.count(); n < 1200 || n > 2000 {
			t.Errorf("%d fetches in an hour, want one at least every 3 s and not many more", n)
		}
		p.set(func(p *provider) { p.err = nil })
		time.Sleep(3*time.Second + 100*time.Millisecond)
		wants(t, v, token, "")
		if got := v.Ready(); got != nil {
			t.Errorf("Ready() = %v, want none", got)
		}
		p.set(func(p *provider) { p.err = errors.New("connection refused") })
		time.Sleep(48 * time.Hour)
		wants(t, v, token, rules.JWKSUnavailable)
		if got := v.Ready(); got != nil {
			t.Errorf("Ready() = %v after a later outage, want none", got)
		}
	})
}

func TestJ2KeysServeUntilMaxStale(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := running(t, p, func(c *IssuerConfig) { c.JWKS.MaxStale = time.Hour })
		token := ecKey().mint(nil, lasting())
		p.set(func(p *provider) { p.status = http.StatusInternalServerError })
		time.Sleep(time.Hour)
		wants(t, v, token, "")
		if age := v.Stats()[0].Age; age != time.Hour {
			t.Errorf("age = %v, want 1h", age)
		}
		time.Sleep(time.Second)
		wants(t, v, token, rules.JWKSUnavailable) // though the token was verified a second ago
		if !v.Stats()[0].Stale {
			t.Error("Stats() does not show the keys as stale")
		}
		p.set(func(p *provider) { p.status = 0 })
		time.Sleep(4 * time.Second)
		wants(t, v, token, "")
	})
}

func TestJ3SlowProviderDelaysNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := running(t, p)
		p.set(func(p *provider) { p.delay = time.Hour })
		time.Sleep(defaultRefresh) // a refresh hangs now
		begin := time.Now()
		wants(t, v, ecKey().mint(nil, lasting()), "")
		if took := time.Since(begin); took != 0 {
			t.Errorf("a known key took %v", took)
		}
		time.Sleep(fetchTimeout)
		if got := v.Stats()[0].FetchFailed; got == 0 {
			t.Error("the hanging fetch was not given up")
		}
	})
}

// J4, F3: an answer that is no key set never replaces one.
func TestJ4BadAnswersKeepTheLastGoodKeys(t *testing.T) {
	for name, change := range map[string]func(*provider){
		"empty object":  func(p *provider) { p.body = []byte(`{}`) },
		"null":          func(p *provider) { p.body = []byte(`null`) },
		"HTML":          func(p *provider) { p.body = []byte(`<html>`) },
		"truncated":     func(p *provider) { p.body = p.body[:20] },
		"empty keys":    func(p *provider) { p.body = []byte(`{"keys":[]}`) },
		"only bad keys": func(p *provider) { p.body = []byte(`{"keys":[{"kty":"oct","k":"AAAA"}]}`) },
		"500":           func(p *provider) { p.status = 500 },
		"204":           func(p *provider) { p.status = 204 },
		"J5 redirect":   func(p *provider) { p.status, p.header = 302, http.Header{"Location": {"http://169.254.169.254/"}} },
		"304 unasked":   func(p *provider) { p.status = 304 },
		"200 MiB":       func(p *provider) { p.body = make([]byte, 200<<20) },
		"too large":     func(p *provider) { p.body = append(p.body, strings.Repeat(" ", maxBody)...) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(ecKey())
				v := running(t, p)
				p.set(change)
				time.Sleep(time.Hour)
				wants(t, v, ecKey().mint(nil, lasting()), "")
				s := v.Stats()[0]
				if s.FetchFailed == 0 || s.Generation != 1 || s.Keys != 1 {
					t.Errorf("stats = %+v, want failures and the first generation", s)
				}
				if empty := name == "empty keys"; (s.EmptySets > 0) != empty {
					t.Errorf("%d alarms of empty sets", s.EmptySets)
				}
				p.set(func(p *provider) { p.status, p.body = 0, jwks(edKey()) })
				time.Sleep(maxRetry)
				wants(t, v, ecKey().mint(nil, lasting()), rules.TokenKeyUnknown)
			})
		})
	}
}

func TestJ6RotationIsPickedUpByOneRefetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.delay = 50 * time.Millisecond
		v := running(t, p)
		time.Sleep(time.Minute)
		next := must(newSigner("ec-2", "ES256"))
		p.serve(ecKey(), next)
		before := p.count()
		var wait sync.WaitGroup
		for range 50 {
			wait.Go(func() { wants(t, v, next.mint(nil, lasting()), "") })
		}
		wait.Wait()
		if got := p.count() - before; got != 1 {
			t.Errorf("%d fetches, want 1", got)
		}
		wants(t, v, ecKey().mint(nil, lasting()), "")

		old := ecKey().mint(nil, lasting())
		p.serve(next) // the old key is withdrawn
		time.Sleep(defaultRefresh)
		wants(t, v, old, rules.TokenKeyUnknown) // though it was verified before
		wants(t, v, next.mint(nil, lasting()), "")

		changed := must(newSigner("ec-2", "ES256"))
		p.serve(changed) // the same kid with another key
		time.Sleep(defaultRefresh + time.Second)
		wants(t, v, next.mint(nil, lasting()), rules.TokenSignature)
		wants(t, v, changed.mint(nil, lasting()), "")
	})
}

// J7, A22: unknown key ids cost neither fetches, nor parked requests, nor memory.
func TestJ7FloodOfUnknownKeys(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.delay = 50 * time.Millisecond
		v := running(t, p)
		time.Sleep(time.Second)
		before := p.count()
		var mu sync.Mutex
		seen := map[rules.Reason]int{}
		var wait sync.WaitGroup
		for n := range 1000 {
			wait.Go(func() {
				reason := ask(t, v, ecKey().named(fmt.Sprint("random-", n)).mint(nil, lasting()))
				mu.Lock()
				seen[reason]++
				mu.Unlock()
			})
		}
		wants(t, v, ecKey().mint(nil, lasting()), "") // known keys do not wait
		wait.Wait()
		if got := p.count() - before; got < 1 || got > refetchBurst {
			t.Errorf("%d fetches, want one, and one more for those who came while it was under way", got)
		}
		if seen[rules.TokenKeyUnknown] != maxWaiters || seen[rules.KeysRefreshing] != 1000-maxWaiters {
			t.Errorf("reasons = %v, want %d that waited and the rest refused at once", seen, maxWaiters)
		}
		before = p.count()
		for n := range 3000 {
			ask(t, v, ecKey().named(fmt.Sprint("more-", n)).mint(nil, lasting()))
			time.Sleep(20 * time.Millisecond)
		}
		if got := p.count() - before; got < 1 || got > 4 {
			t.Errorf("%d fetches in a minute, want one per 30 s and what was left of the burst", got)
		}
		if got := v.order[0].keys.absent.Len(); got > maxAbsent {
			t.Errorf("%d key ids are remembered, want at most %d", got, maxAbsent)
		}
	})
}

// F9: a flood that asks for the next kid before it exists cannot keep it out.
func TestAKidAskedForTooEarlyIsAcceptedLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := running(t, p)
		next := must(newSigner("ec-2", "ES256"))
		token := next.mint(nil, lasting())
		wants(t, v, token, rules.TokenKeyUnknown)
		before := p.count()
		wants(t, v, token, rules.TokenKeyUnknown)
		if got := p.count() - before; got != 0 {
			t.Errorf("%d fetches for a kid known to be unknown, want 0", got)
		}
		p.serve(ecKey(), next)
		time.Sleep(absentFor)
		wants(t, v, token, "")
		if got := v.order[0].keys.absent.Len(); got != 0 {
			t.Errorf("%d unknown key ids are remembered over a new generation", got)
		}
	})
}

// A fetch that had begun before a kid was asked for proves nothing about the
// kid: the provider may have added it in between. The next fetch decides.
func TestAKidAskedForDuringAFetchWaitsForTheNext(t *testing.T) {
	for _, row := range []struct {
		name         string
		began, added bool
		want         rules.Reason
		fetches      int
	}{
		{"under way", true, true, "", 2},
		{"twin: under way, and no such key comes", true, false, rules.TokenKeyUnknown, 2},
		{"twin: not begun", false, false, rules.TokenKeyUnknown, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(ecKey())
				v := running(t, p)
				time.Sleep(time.Minute)
				p.set(func(p *provider) { p.delay = 50 * time.Millisecond })
				next := must(newSigner("ec-2", "ES256"))
				token := next.mint(nil, lasting())
				before := p.count()
				var guess sync.WaitGroup
				if row.began {
					guess.Go(func() { wants(t, v, ecKey().named("x").mint(nil, lasting()), rules.TokenKeyUnknown) })
					synctest.Wait() // the answer without ec-2 is on its way
				}
				if row.added {
					p.serve(ecKey(), next)
				}
				wants(t, v, token, row.want)
				guess.Wait()
				if got := p.count() - before; got != row.fetches {
					t.Errorf("%d fetches, want %d", got, row.fetches)
				}
				p.serve(ecKey(), next)
				wants(t, v, token, row.want) // what a fetch of its own did not find is remembered
			})
		})
	}
}

func TestAWaitEndsWithTheCheck(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := running(t, p)
		time.Sleep(time.Minute)
		p.set(func(p *provider) { p.delay = time.Second })
		unknown := ecKey().named("x").mint(nil, lasting())
		begin := time.Now()
		wants(t, v, unknown, rules.KeysRefreshing)
		if took := time.Since(begin); took != 200*time.Millisecond {
			t.Errorf("it took %v, want the deadline's 200ms", took)
		}
		time.Sleep(time.Second)
		if got := v.order[0].keys.waiters; got != 0 {
			t.Errorf("%d waiters are left", got)
		}
	})
}

// A failed refetch proves nothing about the kid, so the next one decides.
func TestAFailedRefetchIsNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := running(t, p)
		next := must(newSigner("ec-2", "ES256"))
		p.serve(ecKey(), next)
		p.set(func(p *provider) { p.status = 502 })
		wants(t, v, next.mint(nil, lasting()), rules.TokenKeyUnknown)
		p.set(func(p *provider) { p.status = 0 })
		wants(t, v, next.mint(nil, lasting()), "")
	})
}

// Without Run nobody serves a refetch, so nobody waits for one.
func TestUnknownKeyWithoutRun(t *testing.T) {
	p := serving(ecKey())
	v := loaded(t, p, Options{})
	if _, got := verify(t, v, ecKey().named("x").mint(nil, goodClaims())); got != rules.TokenKeyUnknown {
		t.Errorf("refused for %q, want %q", got, rules.TokenKeyUnknown)
	}
	if got := p.count(); got != 1 {
		t.Errorf("%d fetches, want the one of Fetch", got)
	}
}

func TestRunEndsWhileRequestsWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := verifier(t, p, Options{Now: time.Now})
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- v.Run(ctx) }()
		synctest.Wait()
		p.set(func(p *provider) { p.delay = time.Hour })
		var wait sync.WaitGroup
		wait.Go(func() {
			req := bearing(ecKey().named("x").mint(nil, lasting()))
			req.Now = time.Now()
			_, err := v.Verify(context.Background(), req) // without a deadline
			if got := reasonOf(t, err, ""); got != rules.TokenKeyUnknown {
				t.Errorf("refused for %q, want %q", got, rules.TokenKeyUnknown)
			}
		})
		synctest.Wait()
		cancel()
		wait.Wait()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

func TestRefreshInterval(t *testing.T) {
	for _, row := range []struct {
		control string
		refresh time.Duration
		want    time.Duration
	}{
		{"", 0, defaultRefresh},
		{"max-age=300", 0, 5 * time.Minute},
		{"public, Max-Age=300, must-revalidate", 0, 5 * time.Minute},
		{"max-age=1", 0, minRefresh},
		{"no-store", 0, minRefresh},
		{"no-cache", 0, minRefresh},
		{"max-age=0", 0, minRefresh},
		{"max-age=86400", 0, maxRefresh},
		{"max-age=99999999999999999999999", 0, maxRefresh},
		{"max-age=-1", 0, defaultRefresh},
		{"max-age=soon", 0, defaultRefresh},
		{"max-age=60, max-age=600", 0, defaultRefresh},
		{"max-age=86400", 2 * time.Minute, 2 * time.Minute},
		{"max-age=90", 2 * time.Minute, 90 * time.Second},
		{"", 30 * time.Second, 30 * time.Second},
	} {
		t.Run(fmt.Sprint(row.control, " ", row.refresh), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(ecKey())
				p.header = http.Header{"Cache-Control": {row.control}}
				running(t, p, func(c *IssuerConfig) { c.JWKS.Refresh = row.refresh })
				time.Sleep(row.want * 9 / 10)
				if got := p.count(); got > 1 {
					t.Errorf("fetched again within 0.9 of %v", row.want)
				}
				time.Sleep(row.want / 10)
				synctest.Wait()
				if got := p.count(); got != 2 {
					t.Errorf("%d fetches within %v, want 2", got, row.want)
				}
			})
		})
	}
}

func TestUnchangedKeysKeepWhatTheyVerified(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.header = http.Header{"Etag": {`"v1"`}, "Cache-Control": {"max-age=60"}}
		v := running(t, p)
		token := ecKey().mint(nil, lasting())
		time.Sleep(40 * time.Second)
		wants(t, v, token, "")
		time.Sleep(20 * time.Second)
		synctest.Wait()
		if got := p.asked[len(p.asked)-1].Header.Get("If-None-Match"); got != `"v1"` {
			t.Fatalf("%d fetches, If-None-Match %q, want the ETag", len(p.asked), got)
		}
		s := v.Stats()[0]
		if s.Generation != 1 || s.Age > 10*time.Second || s.FetchFailed != 0 {
			t.Errorf("stats = %+v, want the first generation, confirmed", s)
		}
		wants(t, v, token, "")
		if got := v.CacheStats(); got.Hits != 1 {
			t.Errorf("cache stats = %+v, want a hit", got)
		}
		next := must(newSigner("ec-2", "ES256"))
		p.serve(next)
		p.set(func(p *provider) { p.header.Set("ETag", `"v2"`) })
		time.Sleep(time.Minute)
		wants(t, v, token, rules.TokenKeyUnknown)
	})
}

// A panic over one issuer's document is that issuer's failed fetch.
func TestAPanicStopsOnlyItsFetch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		v := verifier(t, p, Options{Now: time.Now})
		v.order[0].keys.source = panicking{}
		start(t, v)
		time.Sleep(time.Minute)
		if got := v.Stats()[0].FetchFailed; got < 10 {
			t.Errorf("%d failed fetches, want the retries to go on", got)
		}
		wants(t, v, ecKey().mint(nil, lasting()), rules.JWKSUnavailable)
	})
}

type panicking struct{ source }

func (panicking) fetch(context.Context, bool) (document, error) { panic("a bug") }
