//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tiergate/tiergate/e2e/idp"
)

// What two replicas promise while keys rotate, tokens are revoked and a
// provider is gone. They are asked straight over gRPC, so that each one's own
// answers are judged.

const (
	keyRefresh = time.Second // of the replicas' keys: the published bound of a removed key
	keySlack   = 2 * time.Second
)

// pair is two replicas of one configuration but for their ports and states.
type pair struct {
	*World
	replicas  []*Tiergate
	asked     []*Checker
	providers []*idp.Provider
	controls  []string
}

func startPair(t *testing.T, providers int) *pair {
	t.Helper()
	p := &pair{World: world(t, programs(t, true))}
	for range providers {
		issuer, err := idp.Start(idp.Options{Name: "k", Alg: "ES256"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { issuer.Stop() })
		p.providers = append(p.providers, issuer)
	}
	for _, name := range []string{"one", "two"} {
		p.add(t, name)
	}
	return p
}

func (p *pair) add(t *testing.T, name string) {
	t.Helper()
	config, err := p.Configure(name, func(s Settings) error {
		issuers, _ := s["issuers"].([]any)
		for i, provider := range p.providers {
			issuers = append(issuers, map[string]any{
				"name": fmt.Sprintf("rotating-%d", i), "issuer": provider.Issuer(), "audience": []any{Audience},
				"jwks": map[string]any{"url": provider.JWKSURL(), "allow_http": true, "refresh": keyRefresh.String()},
			})
		}
		s["issuers"] = issuers
		s["control"] = map[string]any{"socket": "./state/control.sock"}
		return s.requireKeys()
	})
	if err != nil {
		t.Fatal(err)
	}
	var rules strings.Builder
	rules.WriteString("identities:\n")
	for i := range p.providers {
		fmt.Fprintf(&rules, "  - { name: people-%d, kind: human, match: { issuer: rotating-%d } }\n", i, i)
	}
	rules.WriteString("rules:\n")
	for i := range p.providers {
		fmt.Fprintf(&rules, "  - { id: own-accounts-%d, allow: people-%d, to: [read], on: account, up_to: restricted, own: owner, then: { set_headers: { x-bank-customer: \"{caller.subject}\" } } }\n", i, i)
	}
	if err := writeRules(config, "pair.yaml", rules.String()); err != nil {
		t.Fatal(err)
	}
	r, err := StartTiergate(t.Context(), p.programs.Tiergate, name, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("replica %s said:\n%s", name, r.tail())
		}
		r.Stop() // how it ended is not the question
	})
	if err := r.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.replicas = append(p.replicas, r)
	p.asked = append(p.asked, asking(t, r.GRPC))
	p.controls = append(p.controls, "unix:"+filepath.Join(filepath.Dir(config), "state", "control.sock"))
}

// revoke runs the command against both replicas. When it returns they have
// acknowledged.
func (p *pair) revoke(t *testing.T, what ...string) {
	t.Helper()
	args := append([]string{"revoke", "--peers", strings.Join(p.controls, ","), "--because", "a test"}, what...)
	if out, err := exec.CommandContext(t.Context(), p.programs.Tiergate, args...).CombinedOutput(); err != nil {
		t.Fatalf("tiergate %q: %v\n%s", args, err, out)
	}
}

// life is one token and what has happened to it, in nanoseconds since the
// start; 0 is not yet.
type life struct {
	token, jti string
	issuer     int
	kid        string

	removed           atomic.Int64 // its key was withdrawn at the provider
	revoking, revoked atomic.Int64 // the command began, and was acknowledged
}

// answer is one that a sender got.
type lifeAnswer struct {
	of         *life
	replica    int
	foreign    bool // it asked for somebody else's account
	sent, done int64
	Answer
}

// lives is the traffic of all tokens at both replicas.
type lives struct {
	*pair
	began time.Time
	quit  chan struct{}
	wait  sync.WaitGroup

	mu      sync.Mutex
	pool    []*life
	answers []lifeAnswer
	errs    []error
}

func (l *lives) now() int64 { return int64(time.Since(l.began)) }

// issue puts a new token under the provider's present key into the traffic.
func (l *lives) issue(t *testing.T, issuer int) *life {
	t.Helper()
	provider := l.providers[issuer]
	jti := fmt.Sprintf("token-%d", l.now())
	key := provider.Current()
	token, err := key.Sign(nil, provider.Complete(idp.Claims{"sub": "ada", "aud": Audience, "client_id": "web", "jti": jti}))
	if err != nil {
		t.Fatal(err)
	}
	one := &life{token: token, jti: jti, issuer: issuer, kid: key.ID}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pool = append(l.pool, one)
	return one
}

// of returns the tokens under a key.
func (l *lives) of(issuer int, kid string) []*life {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []*life
	for _, one := range l.pool {
		if one.issuer == issuer && one.kid == kid {
			found = append(found, one)
		}
	}
	return found
}

func (l *lives) start(t *testing.T, senders int, pace time.Duration) {
	l.quit = make(chan struct{})
	for i := range senders {
		l.wait.Go(func() {
			tick := time.NewTicker(pace)
			defer tick.Stop()
			for {
				select {
				case <-tick.C:
					l.send(t, i%len(l.asked))
				case <-l.quit:
					return
				}
			}
		})
	}
}

func (l *lives) stop() {
	close(l.quit)
	l.wait.Wait()
}

// send asks a replica with some token: mostly a young one, at times one that is
// long gone, and one time in eight for an account that is not the caller's.
func (l *lives) send(t *testing.T, replica int) {
	l.mu.Lock()
	i := len(l.pool) - 1 - int(float64(len(l.pool))*rand.Float64()*rand.Float64())
	one := l.pool[max(i, 0)]
	l.mu.Unlock()
	foreign := rand.IntN(8) == 0
	r := Request{Method: "GET", Target: ownAccount, Host: Host, Header: []string{"Authorization: Bearer " + one.token}}
	if foreign {
		r.Target = bobsAccount
	}
	a := lifeAnswer{of: one, replica: replica, foreign: foreign, sent: l.now()}
	var err error
	a.Answer, err = l.asked[replica].Check(t.Context(), "", r)
	a.done = l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	if err != nil {
		l.errs = append(l.errs, err)
		return
	}
	l.answers = append(l.answers, a)
}

// expected is the reason that an answer must have, "" for an allow. settled is
// false where the answer came while things changed, and either is right.
func (a *lifeAnswer) expected() (reason string, settled bool) {
	switch removed, revoking, revoked := a.of.removed.Load(), a.of.revoking.Load(), a.of.revoked.Load(); {
	case removed != 0 && a.sent > removed+int64(keyRefresh+keySlack):
		return "token_key_unknown", true // which comes before anything that is said of the token
	case removed != 0 && a.done >= removed:
		return "", false
	case revoked != 0 && a.sent > revoked:
		return "revoked", true
	case revoking != 0 && a.done >= revoking:
		return "", false
	case a.foreign:
		return "no_rule", true
	}
	return "", true
}

// outlived is how long after its key's removal a token was still believed, 0 when it was not.
func (a *lifeAnswer) outlived() time.Duration {
	if removed := a.of.removed.Load(); removed != 0 && a.Allowed && a.sent > removed {
		return time.Duration(a.sent - removed)
	}
	return 0
}

// judge compares every answer with what was true when it was given.
func (l *lives) judge(t *testing.T) map[string]int {
	t.Helper()
	for _, err := range l.errs {
		t.Errorf("a check failed: %v", err)
	}
	var records []map[string]*Decision
	for _, r := range l.replicas {
		all, err := r.Decisions()
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, all)
	}
	counts, longest := map[string]int{}, time.Duration(0)
	for _, a := range l.answers {
		longest = max(longest, a.outlived())
		want, settled := a.expected()
		if !settled {
			counts["while it changed"]++
			if a.Allowed && a.foreign {
				t.Errorf("somebody else's account was allowed: %+v", a.Answer)
			}
			continue
		}
		got := ""
		if !a.Allowed {
			if d := records[a.replica][a.Decision]; d != nil {
				got = d.Reason
			} else {
				got = "no record"
			}
		}
		counts["expected "+or(want, "allowed")]++
		if got != want {
			counts["WRONG"]++
			if counts["WRONG"] < 20 {
				t.Errorf("replica %d, token %s of key %s (removed %v, revoked %v), foreign %t, sent at %v, answered at %v: %s, want %s",
					a.replica, a.of.jti, a.of.kid, time.Duration(a.of.removed.Load()), time.Duration(a.of.revoked.Load()), a.foreign,
					time.Duration(a.sent), time.Duration(a.done), or(got, "allowed"), or(want, "allowed"))
			}
		}
		if a.Allowed && a.Set["x-bank-customer"] != "ada" {
			t.Errorf("allowed as %q, want ada", a.Set["x-bank-customer"])
		}
	}
	if longest > 0 {
		t.Logf("a token was last believed %v after its key was removed; the bound is %v", longest.Round(time.Millisecond), keyRefresh)
	}
	return counts
}

func or(text, empty string) string {
	if text == "" {
		return empty
	}
	return text
}

// A provider signs with a new key the instant it publishes it, removes old ones,
// and tokens are revoked, all under load at two replicas with warm caches: no
// good token is refused, and none of a removed key and none that was revoked
// passes beyond its bound: the refresh of the keys, and the acknowledgement.
func TestReplicas(t *testing.T) {
	// An unknown key is asked for at once twice, and then every 30 seconds. The
	// short form rotates several providers twice instead of one again and again.
	providers, rounds, pause, pace := 5, 2, 2*time.Second, 8*time.Millisecond
	if full() {
		providers, rounds, pause, pace = 2, 20, 31*time.Second, 20*time.Millisecond
	}
	l := &lives{pair: startPair(t, providers), began: time.Now()}
	for issuer := range providers {
		for range 4 {
			l.issue(t, issuer)
		}
	}
	l.start(t, 6, pace)
	stopped := false
	defer func() {
		if !stopped {
			l.stop()
		}
	}()
	fetched := l.fetches()
	for range rounds {
		for issuer, provider := range l.providers {
			old := provider.Current().ID
			rotate(t, provider)
			for range 4 {
				l.issue(t, issuer)
			}
			l.forget(t, issuer, old)
		}
		time.Sleep(pause) // the load is what is measured
	}
	time.Sleep(keyRefresh + keySlack + time.Second)
	took := time.Since(l.began)
	l.stop()
	stopped = true
	for _, r := range l.replicas {
		if err := r.Stop(); err != nil { // and its log is whole
			t.Errorf("%s: %v", r.name, err)
		}
	}
	counts := l.judge(t)
	t.Logf("%d rotations, %d answers in %v, %d fetches: %v", providers*rounds, len(l.answers), took.Round(time.Second), l.fetches()-fetched, counts)
	for _, class := range []string{"expected allowed", "expected no_rule", "expected token_key_unknown", "expected revoked"} {
		if counts[class] == 0 {
			t.Errorf("no answer was %s: the test shows less than it says", class)
		}
	}
}

// forget revokes one token of the old key, and withdraws the key of the round
// before: tokens outlive the key that signs, but not for ever.
func (l *lives) forget(t *testing.T, issuer int, old string) {
	t.Helper()
	one := l.of(issuer, old)[0]
	one.revoking.Store(l.now())
	l.revoke(t, "--issuer", fmt.Sprintf("rotating-%d", issuer), "--token-id", one.jti)
	one.revoked.Store(l.now())
	provider := l.providers[issuer]
	keys := provider.Keys()
	if len(keys) < 3 {
		return
	}
	gone := keys[0].ID
	for _, one := range l.of(issuer, gone) {
		one.removed.Store(l.now())
	}
	provider.RemoveKey(gone)
}

func (l *lives) fetches() int {
	n := 0
	for _, p := range l.providers {
		n += p.Fetches()
	}
	return n
}

// The provider is down under load: nobody whose key is known is refused, nobody
// else is let in, and what it signs after its return passes at once.
func TestProviderDownUnderLoad(t *testing.T) {
	down := 3 * time.Second
	if full() {
		down = time.Minute
	}
	l := &lives{pair: startPair(t, 1), began: time.Now()}
	for range 8 {
		l.issue(t, 0)
	}
	l.start(t, 6, 8*time.Millisecond)
	provider := l.providers[0]
	if err := provider.Stop(); err != nil {
		t.Fatal(err)
	}
	forged := 0
	for end := time.Now().Add(down); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		l.issue(t, 0) // signed while nobody can fetch anything
		for i, asked := range l.asked {
			token, err := provider.Forged("", provider.Complete(idp.Claims{"sub": "ada", "aud": Audience, "client_id": "web"}))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := asked.Check(t.Context(), "", Request{Method: "GET", Target: ownAccount, Host: Host, Header: []string{"Authorization: Bearer " + token}})
			if err != nil || answer.Status != 401 {
				t.Errorf("replica %d: a forged token got %d (%v), want 401", i, answer.Status, err)
			}
			forged++
		}
	}
	if err := provider.Resume(); err != nil {
		t.Fatal(err)
	}
	rotate(t, provider)
	l.issue(t, 0) // and at once into the traffic
	time.Sleep(time.Second)
	l.stop()
	for _, r := range l.replicas {
		if err := r.Stop(); err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
	}
	counts := l.judge(t)
	t.Logf("%v without a provider, %d answers and %d forged tokens: %v", down, len(l.answers), forged, counts)
	if counts["expected allowed"] == 0 || counts["expected no_rule"] == 0 {
		t.Errorf("answers are %v, want some of both", counts)
	}
}
