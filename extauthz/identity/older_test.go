package identity

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// logged is a log whose lines a test may read.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(writer(func(p []byte) (int, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		return l.text.Write(p)
	}), nil))
}

// count returns how many lines have all the parts.
func (l *logged) count(parts ...string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for line := range strings.Lines(l.text.String()) {
		all := true
		for _, part := range parts {
			all = all && strings.Contains(line, part)
		}
		if all {
			n++
		}
	}
	return n
}

// date is what a provider says about the time at which it wrote an answer.
func date(at time.Time) http.Header { return http.Header{"Date": {at.UTC().Format(http.TimeFormat)}} }

// A21: after key rotation a cache on the way, or a server behind the others,
// answers with the old set. Each row is one such answer; want is what becomes
// of a token under the new key, and of one under the removed key.
func TestA21OldKeysReplayedAfterNewerOnes(t *testing.T) {
	for _, row := range []struct {
		name             string
		older            func(rotated time.Time) http.Header // with the old keys
		wait             time.Duration
		newKey, oldKey   rules.Reason
		failed, accepted bool
	}{
		{"told by its Date", func(r time.Time) http.Header { return date(r.Add(-time.Hour)) }, 0, "", rules.TokenKeyUnknown, true, false},
		{"twin: a Date within the skew of the servers", func(r time.Time) http.Header { return date(r.Add(-20 * time.Second)) }, 0, rules.TokenKeyUnknown, "", false, true},
		{"twin: no older Date, so the issuer went back", date, 0, rules.TokenKeyUnknown, "", false, true},
		{"no Date: nothing to tell it by", func(time.Time) http.Header { return nil }, 0, rules.TokenKeyUnknown, "", false, true},
		{"an unreadable Date", func(time.Time) http.Header { return http.Header{"Date": {"yesterday"}} }, 0, rules.TokenKeyUnknown, "", false, true},
		{"the newer keys have passed max_stale", func(r time.Time) http.Header { return date(r.Add(-time.Hour)) }, 3 * time.Hour, rules.TokenKeyUnknown, "", true, true},
	} {
		t.Run(row.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				next := must(newSigner("ec-2", "ES256"))
				p := serving(ecKey())
				p.header = date(time.Now())
				v := running(t, p, func(c *IssuerConfig) { c.JWKS.MaxStale = 2 * time.Hour })
				time.Sleep(2 * time.Hour / 3)
				p.set(func(p *provider) { p.body, p.header = jwks(next), date(time.Now()) })
				rotated := time.Now()
				wants(t, v, next.mint(nil, lasting()), "")
				wants(t, v, ecKey().mint(nil, lasting()), rules.TokenKeyUnknown)
				before := v.Stats()[0]

				p.set(func(p *provider) { p.body, p.header = jwks(ecKey()), row.older(rotated) })
				time.Sleep(row.wait + defaultRefresh)
				wants(t, v, next.mint(nil, lasting()), row.newKey)
				wants(t, v, ecKey().mint(nil, lasting()), row.oldKey)
				after := v.Stats()[0]
				if failed := after.FetchFailed > before.FetchFailed; failed != row.failed {
					t.Errorf("failed fetches: %v, want %v", failed, row.failed)
				}
				if (after.Generation > before.Generation) != row.accepted {
					t.Errorf("generation %d after %d", after.Generation, before.Generation)
				}
			})
		})
	}
}

// A21: a provider whose clock was ahead must not keep its own later answers out.
func TestA21AClockAheadIsNoBar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.header = date(time.Now().Add(1000 * time.Hour))
		v := running(t, p)
		next := must(newSigner("ec-2", "ES256"))
		time.Sleep(time.Minute)
		p.set(func(p *provider) { p.body, p.header = jwks(next), date(time.Now()) })
		wants(t, v, next.mint(nil, lasting()), "")
	})
}

// A21: what was kept on disk is as new as it was.
func TestA21OldKeysReplayedAfterARestart(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p, next := serving(ecKey()), must(newSigner("ec-2", "ES256"))
		p.header = date(time.Now())
		o := Options{Now: time.Now, StateDir: dir}
		refreshAll(verifier(t, p, o))
		old := date(time.Now().Add(-time.Hour))
		p.set(func(p *provider) { p.body, p.header = jwks(next), old })
		v := verifier(t, p, o)
		start(t, v)
		wants(t, v, ecKey().mint(nil, lasting()), "")
		wants(t, v, next.mint(nil, lasting()), rules.TokenKeyUnknown)
		p.set(func(p *provider) { p.header = date(time.Now()) }) // twin
		time.Sleep(maxRetry)
		wants(t, v, next.mint(nil, lasting()), "")
	})
}

// A21, J2: what the provider confirms is the set in force, even by an old copy.
func TestA21AnOldCopyOfTheSameKeysConfirmsThem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := serving(ecKey())
		p.header = date(time.Now())
		v := running(t, p)
		p.set(func(p *provider) { p.header = date(time.Now().Add(-time.Hour)) })
		time.Sleep(30 * time.Minute)
		if s := v.Stats()[0]; s.FetchFailed != 0 || s.Generation != 1 || s.Age > defaultRefresh {
			t.Errorf("stats = %+v, want the first generation, confirmed", s)
		}
	})
}

// A21: a removed key ends with the next refresh, at the latest after the longest
// time that Cache-Control can ask for, though its token is in the cache.
func TestA21ARemovedKeyEndsWithinTheRefreshInterval(t *testing.T) {
	for _, row := range []struct {
		control string
		within  time.Duration
	}{{"", defaultRefresh}, {"max-age=999999", maxRefresh}, {"max-age=1", minRefresh}} {
		t.Run(row.control, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := serving(ecKey(), edKey())
				p.header = http.Header{"Cache-Control": {row.control}}
				v := running(t, p)
				removed, stays := ecKey().mint(nil, lasting()), edKey().mint(nil, lasting())
				p.serve(edKey())
				for end := time.Now().Add(row.within); time.Now().Before(end); time.Sleep(20 * time.Second) {
					wants(t, v, stays, "")
					if ask(t, v, removed) == rules.TokenKeyUnknown {
						return
					}
				}
				wants(t, v, removed, rules.TokenKeyUnknown)
				wants(t, v, stays, "")
			})
		})
	}
}

// The freshness that an answer has left, as RFC 9111 section 4.2 counts it.
func TestAgeShortensFreshness(t *testing.T) {
	for _, row := range []struct {
		control, age string
		want         time.Duration // -1 for none
	}{
		{"max-age=600", "", 10 * time.Minute},
		{"max-age=600", "200", 400 * time.Second},
		{"max-age=600", "600", 0},
		{"max-age=600", "99999999999999999999", 0},
		{"max-age=600", "-5", 10 * time.Minute},
		{"max-age=600", "old", 10 * time.Minute},
		{"max-age=86400", "86000", 400 * time.Second},
		{"", "200", -1},
		{"no-store", "200", 0},
	} {
		h := http.Header{"Cache-Control": {row.control}}
		if row.age != "" {
			h.Set("Age", row.age)
		}
		got := time.Duration(-1)
		if age := cacheAge(h); age != nil {
			got = *age
		}
		if got != row.want {
			t.Errorf("%q with Age %q is fresh for %v, want %v", row.control, row.age, got, row.want)
		}
	}
}

// An explicit empty set, by what the operator said about it. J4 has the default
// beside the other answers that are no key set.
func TestAnExplicitEmptySet(t *testing.T) {
	const kept, believed = "the last good ones stay", "its tokens are refused"
	for _, row := range []struct {
		setting, alarm string
		cached, fresh  rules.Reason
		generation     uint64
	}{
		{"", kept, "", "", 1},
		{"keep", kept, "", "", 1},
		{"withdraw", believed, rules.TokenKeyUnknown, rules.TokenKeyUnknown, 2},
	} {
		t.Run(fmt.Sprintf("%q", row.setting), func(t *testing.T) {
			dir := t.TempDir()
			synctest.Test(t, func(t *testing.T) {
				p, log := serving(ecKey()), &logged{}
				o := Options{
					Now: time.Now, StateDir: dir, Log: log.logger(), getter: &getter{secure: p, plain: p},
					Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS.EmptyKeySet, c.Required = row.setting, true })},
				}
				v := must(New(o))
				start(t, v)
				cached := ecKey().mint(nil, lasting())
				wants(t, v, cached, "")
				p.set(func(p *provider) { p.body = []byte(`{"keys":[]}`) })
				time.Sleep(defaultRefresh)
				wants(t, v, cached, row.cached)
				wants(t, v, ecKey().mint(nil, lasting()), row.fresh)
				wants(t, v, ecKey().mint(object{"kid": nil}, lasting()), row.fresh)
				s := v.Stats()[0]
				if s.EmptySets == 0 || s.Generation != row.generation || log.count("level=ERROR", row.alarm) == 0 {
					t.Errorf("stats = %+v, %d alarms", s, log.count(row.alarm))
				}

				p.set(func(p *provider) { p.err = errDown }) // and then a restart during an outage
				again := must(New(o))
				start(t, again)
				if waiting := again.Ready(); (waiting == nil) != (row.fresh == "") {
					t.Errorf("Ready() = %v", waiting)
				}
				wants(t, again, cached, row.cached)

				p.set(func(p *provider) { p.err, p.body = nil, jwks(ecKey()) }) // twin: they come back
				time.Sleep(defaultRefresh)
				wants(t, again, ecKey().mint(nil, lasting()), "")
				wants(t, v, cached, "")
			})
		})
	}
}

// What is not an explicit empty set is not a withdrawal.
func TestOnlyAnEmptyArrayWithdraws(t *testing.T) {
	for _, body := range []string{`{}`, `{"keys":null}`, `{"keys":{}}`, `null`, ``, `{"keys":[1]}`, `{"keys":[]`, `{"KEYS":[]}`, `{"keys":[],"keys":[]}`} {
		v := loaded(t, serving(ecKey()), Options{Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS.EmptyKeySet = "withdraw" })}})
		if err := v.order[0].keys.accept(document{body: []byte(body)}, now); err == nil {
			t.Errorf("%q was accepted", body)
		}
		if _, got := verify(t, v, ecKey().mint(nil, goodClaims())); got != "" {
			t.Errorf("%q: refused for %q", body, got)
		}
	}
}

// A disk that fails must not bring withdrawn keys back.
func TestWithdrawnKeysAreForgottenWhenTheDiskIsFull(t *testing.T) {
	dir := t.TempDir()
	p := serving(ecKey())
	o := Options{StateDir: dir, Issuers: []IssuerConfig{config(func(c *IssuerConfig) { c.JWKS.EmptyKeySet = "withdraw" })}}
	v := verifier(t, p, o)
	refreshAll(v)
	path := keptFile(t, dir)
	k := v.order[0].keys
	if err := k.accept(document{body: []byte(`{"keys":[]}`)}, now); err != nil {
		t.Fatal(err)
	}
	k.keep(k.disk, document{body: []byte(`{"keys":[]}`), made: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, now) // which JSON cannot hold
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the withdrawn keys are still on disk: %v", err)
	}
}

// Each unsafe key is an alarm, once for each set that has it, and counted by
// cause; the good key beside it serves.
func TestSkippedKeysAreCountedAndTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		weak := rsaJWK(oddOf(1024), 65537)
		private := with(ecKey().jwk(), object{"kid": "p", "d": "AQAB"})
		p, log := serving(ecKey(), weak, private, object{"kty": "oct", "k": "AAAA"}, with(ecKey().jwk(), object{"use": "enc"}),
			with(ecKey().jwk(), object{"kid": "x", "alg": "none"}), ecKey(), 1), &logged{}
		v := must(New(Options{Now: time.Now, Log: log.logger(), getter: &getter{secure: p, plain: p}, Issuers: []IssuerConfig{config()}}))
		start(t, v)
		time.Sleep(time.Hour) // several fetches of the same set
		for _, c := range causes {
			message := "key skipped"
			if c.unsafe() {
				message = "unsafe key in the key set"
			}
			if n := v.Stats()[0].Skipped[string(c)]; n != 1 || log.count(message, "cause="+string(c)) != 1 {
				t.Errorf("%s: %d counted, %d told", c, n, log.count("cause="+string(c)))
			}
		}
		wants(t, v, ecKey().mint(nil, lasting()), "")
		p.serve(ecKey())
		time.Sleep(defaultRefresh)
		if n := v.Stats()[0].Skipped["weak"]; n != 0 {
			t.Errorf("%d weak keys after they were removed", n)
		}
		p.serve(weak) // nothing but a weak key: the last good ones serve, and it is told again
		time.Sleep(defaultRefresh)
		if n := v.Stats()[0].Skipped["weak"]; n != 1 || log.count("unsafe key", "cause=weak") != 2 {
			t.Errorf("%d weak keys, told %d times", n, log.count("unsafe key", "cause=weak"))
		}
		wants(t, v, ecKey().mint(nil, lasting()), "")
	})
}
