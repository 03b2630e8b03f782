package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/tiergate/tiergate/rules"
)

// Bounds on what unknown key ids can cost. Callers choose them freely.
const (
	refetchEvery = 30 * time.Second // per issuer
	refetchBurst = 2
	maxWaiters   = 64   // Checks of one issuer that wait for a refetch
	maxAbsent    = 1024 // key ids remembered as unknown
	absentFor    = time.Minute
)

// keys are one issuer's verification keys. Requests read the current set and may
// ask for a refetch; only run and refresh fetch.
type keys struct {
	name     string // of the issuer in the configuration, for logs
	admitter admitter
	maxStale time.Duration
	skew     time.Duration // of the clocks of the issuer's servers
	every    time.Duration // refresh interval, 0 for the default of the source
	withdraw bool          // an explicit empty set withdraws all keys
	source   source
	disk     *store // nil to keep nothing
	log      *slog.Logger
	now      func() time.Time

	slots    [len(prices)]*slots
	current  atomic.Pointer[keySet]  // nil until there were keys
	had      atomic.Bool             // there was a key once
	skipped  atomic.Pointer[skipped] // of the last document that was read; nil before
	fetching sync.Mutex              // one refresh at a time, so that an older answer never replaces a newer one
	failures int                     // in a row; under fetching
	wanted   chan struct{}           // wakes run for a refetch

	mu      sync.Mutex
	running bool // run is there to serve a refetch
	flight  *flight
	waiters int
	bucket  *rate.Limiter
	absent  *simplelru.LRU[string, time.Time] // key ids that a set did not have, until when we trust that

	counts counts
}

// flight is a refresh that is wanted or under way.
type flight struct {
	begun bool          // the fetch is under way
	done  chan struct{} // closed when it has landed
	err   error         // of the refresh, once landed
}

type counts struct{ fetched, failed, empty, unknown atomic.Uint64 }

// usable returns the current set, or nil when there is none or the issuer has
// not confirmed it for longer than max_stale.
func (k *keys) usable(now time.Time) *keySet {
	set := k.current.Load()
	if set == nil || now.Sub(set.fetched) > k.maxStale {
		return nil
	}
	return set
}

// find returns a set that has the token's key, and the key's id. It never starts
// a fetch: it asks run for one and may wait for it as long as ctx allows.
func (k *keys) find(ctx context.Context, c *compact, now time.Time) (*keySet, string, error) {
	set, kid, err := k.look(c, now)
	if err != nil || set.has(kid) {
		return set, kid, err
	}
	k.counts.unknown.Add(1)
	for late := true; late; {
		if late, err = k.await(ctx, kid); err != nil {
			return nil, "", err
		}
		if set, kid, err = k.look(c, now); err != nil || set.has(kid) {
			return set, kid, err
		}
	}
	return nil, "", rules.Faultf(rules.TokenKeyUnknown, "no key has kid %s after a refetch", clip(kid))
}

func (k *keys) look(c *compact, now time.Time) (*keySet, string, error) {
	set := k.usable(now)
	if set == nil {
		return nil, "", k.unavailable(now)
	}
	kid, err := set.keyID(c)
	return set, kid, err
}

func (k *keys) unavailable(now time.Time) error {
	if old := k.current.Load(); old != nil {
		age := now.Sub(old.fetched).Round(time.Second)
		return rules.Faultf(rules.JWKSUnavailable, "keys of issuer %q are %v old, max_stale is %v", k.name, age, k.maxStale)
	}
	return rules.Faultf(rules.JWKSUnavailable, "no keys of issuer %q yet", k.name)
}

// await returns without an error once a refetch has landed, however it ended. late
// says that its answer proves nothing about the kid: the next one may. It refuses at
// once when no refetch is due or too many wait already.
func (k *keys) await(ctx context.Context, kid string) (late bool, err error) {
	f, late, err := k.board(kid)
	if err != nil {
		return false, err
	}
	defer k.leave()
	select {
	case <-f.done:
	case <-ctx.Done():
		return false, &rules.Fault{Reason: rules.KeysRefreshing, Detail: "the deadline came before the keys", Err: ctx.Err()}
	}
	if f.err == nil && !late && !k.current.Load().has(kid) {
		k.mu.Lock()
		k.absent.Add(kid, k.now().Add(absentFor))
		k.mu.Unlock()
	}
	return late, nil
}

// board joins the flight that is wanted or under way, or wants a new one if the
// rate allows. A key id that was absent before, or withdrawn, must leave a place
// for one that nobody has asked for: or those who go on sending tokens of removed
// keys would keep out the issuer's next key. late says that its fetch had begun before: the answer may be older
// than the kid, so it cannot prove that there is no such key.
func (k *keys) board(kid string) (f *flight, late bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := k.now()
	until, known := k.absent.Get(kid)
	if known && now.Before(until) {
		return nil, false, rules.Faultf(rules.TokenKeyUnknown, "no key has kid %s", clip(kid))
	}
	if k.flight == nil {
		if !k.running || known && k.bucket.TokensAt(now) < refetchBurst || !k.bucket.AllowN(now, 1) {
			return nil, false, rules.Faultf(rules.TokenKeyUnknown, "no key has kid %s and no refetch is due", clip(kid))
		}
		k.flight = &flight{done: make(chan struct{})}
		select {
		case k.wanted <- struct{}{}:
		default: // run is awake already
		}
	}
	if k.waiters >= maxWaiters {
		return nil, false, rules.Faultf(rules.KeysRefreshing, "%d requests wait for the keys of issuer %q", k.waiters, k.name)
	}
	k.waiters++
	return k.flight, k.flight.begun, nil
}

func (k *keys) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.waiters--
}

// depart makes sure that there is a flight for a refresh that starts now.
func (k *keys) depart() {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == nil {
		k.flight = &flight{done: make(chan struct{})}
	}
	k.flight.begun = true
}

// land wakes everyone who waits for the refresh that ends now.
func (k *keys) land(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.flight == nil {
		return
	}
	k.flight.err = err
	close(k.flight.done)
	k.flight = nil
}

// accept admits a document that the issuer served at a time and makes it
// current, unless it is older than what is in force.
func (k *keys) accept(doc document, fetched time.Time) error {
	admitted, err := k.admitter.admit(doc.body)
	if err == nil || len(admitted.skipped) > 0 {
		k.report(admitted.skipped)
	}
	if errors.Is(err, errEmptySet) {
		k.counts.empty.Add(1)
		if !k.withdraw {
			k.log.Error("issuer withdrew all keys; the last good ones stay until max_stale", slog.String("issuer", k.name))
			return err
		}
		k.log.Error("issuer withdrew all keys; its tokens are refused", slog.String("issuer", k.name))
		err = nil
	}
	if err != nil {
		return err
	}
	set, err := newKeySet(admitted.keys, fetched)
	if err != nil {
		return fmt.Errorf("keys of issuer %q: %w", k.name, err)
	}
	set.bundle, set.made = admitted.bundle, doc.made
	if set.made.After(fetched) {
		set.made = fetched // a clock that is ahead must not keep later answers out
	}
	if err := set.supersedes(k.usable(fetched), k.skew); err != nil {
		return fmt.Errorf("the answer is older than the keys in force: %w", err)
	}
	k.install(set)
	return nil
}

// report notes the keys that a document has and that are not used, and tells of
// them once.
func (k *keys) report(s skipped) {
	if old := k.skipped.Swap(&s); old != nil && old.same(s) {
		return
	}
	for _, key := range s {
		if key.cause.unsafe() {
			k.log.Error("unsafe key in the key set", slog.String("issuer", k.name),
				slog.String("cause", string(key.cause)), slog.Any("error", key))
			continue
		}
		k.log.Warn("key skipped", slog.String("issuer", k.name), slog.String("cause", string(key.cause)), slog.Any("error", key))
	}
}

// reconsider notes which key ids went away, and trusts no longer that those which
// were absent from the set before are absent from the next.
func (k *keys) reconsider(old, next *keySet) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, kid := range k.absent.Keys() {
		k.absent.Add(kid, time.Time{})
	}
	if old != nil {
		for kid := range old.byID {
			k.absent.Add(kid, time.Time{})
		}
	}
	for kid := range next.byID {
		k.absent.Remove(kid)
	}
}

// install makes a set current. The same keys keep their generation, and with it
// what was verified by them.
func (k *keys) install(next *keySet) {
	old := k.current.Load()
	if old != nil {
		if old.fingerprint == next.fingerprint {
			k.current.Store(old.confirmed(next))
			return
		}
		next.generation = old.generation
	}
	next.generation++
	k.current.Store(next)
	if len(next.byID) > 0 {
		k.had.Store(true)
	}
	k.reconsider(old, next)
	k.log.Info("keys changed", slog.String("issuer", k.name),
		slog.Uint64("generation", next.generation), slog.Int("keys", len(next.byID)))
}
