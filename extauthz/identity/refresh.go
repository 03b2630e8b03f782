package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
	"time"
)

// Timing of the background refresh.
const (
	fetchTimeout   = 5 * time.Second // all of one refresh, discovery included
	defaultRefresh = 10 * time.Minute
	minRefresh     = time.Minute // of what Cache-Control may ask for
	maxRefresh     = time.Hour
	firstRetry     = time.Second
	maxRetry       = time.Minute
	maxRetryEmpty  = 3 * time.Second // while the issuer has no usable keys
)

// run refreshes until ctx ends. It serves what await wants in between.
func (k *keys) run(ctx context.Context) error {
	k.serve(true)
	defer k.serve(false)
	for ctx.Err() == nil {
		timer := time.NewTimer(k.refresh(ctx))
		select {
		case <-timer.C:
		case <-k.wanted:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return nil
}

// serve says whether a refetch can be asked for. At the end nobody is left waiting.
func (k *keys) serve(on bool) {
	k.mu.Lock()
	k.running = on
	k.mu.Unlock()
	if !on {
		k.land(errors.New("the refresh has ended"))
	}
}

// refresh fetches once and returns how long to wait before the next time.
func (k *keys) refresh(ctx context.Context) time.Duration {
	next, err := k.fetch(ctx, k.disk)
	if err == nil {
		return next
	}
	k.log.Warn("keys not refreshed", slog.String("issuer", k.name),
		slog.Any("error", err), slog.Duration("retry_in", next))
	return next
}

// fetch does one refresh under the lock and keeps a good document on disk, if
// that is not nil; every way out of it lands the flight.
func (k *keys) fetch(ctx context.Context, disk *store) (next time.Duration, err error) {
	k.fetching.Lock()
	defer k.fetching.Unlock()
	k.depart()
	defer func() {
		if p := recover(); p != nil { // one issuer's document must not stop the others
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
		if err != nil {
			k.counts.failed.Add(1)
			k.failures++
			next = k.backoff()
		} else {
			k.counts.fetched.Add(1)
			k.failures = 0
		}
		k.land(err)
	}()

	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	doc, err := k.source.fetch(ctx, k.current.Load() != nil)
	if err != nil {
		return 0, err
	}
	at := k.now()
	if doc.unchanged {
		k.install(k.current.Load().confirmed(&keySet{fetched: at, made: doc.made, bundle: k.current.Load().bundle}))
	} else if err := k.accept(doc, at); err != nil {
		return 0, err
	}
	k.source.accepted(doc)
	if disk != nil {
		k.keep(disk, doc, at)
	}
	return early(k.interval(doc), 0.1), nil
}

// keep writes the good document to disk. A disk that fails costs only the next
// start during an outage, so it is an alarm and not a failed refresh. But keys
// that were withdrawn must not come back by it.
func (k *keys) keep(disk *store, doc document, at time.Time) {
	err := disk.save(doc, at)
	if err != nil && len(k.current.Load().byID) == 0 {
		err = errors.Join(err, disk.forget())
	}
	if err != nil {
		k.log.Error("keys not kept on disk", slog.String("issuer", k.name), slog.Any("error", err))
	}
}

// interval is how long a document stays fresh: what the issuer says, by its
// Cache-Control or in its SPIFFE bundle, within bounds, and never longer than
// what the operator set.
func (k *keys) interval(doc document) time.Duration {
	asked := time.Duration(-1)
	if doc.maxAge != nil {
		asked = *doc.maxAge
	}
	if hint := k.current.Load().bundle.refresh; hint != 0 && doc.url != "" && (asked < 0 || hint < asked) {
		asked = hint
	}
	every := k.every
	if every == 0 {
		every = k.source.pace()
	}
	if asked < 0 {
		return every
	}
	asked = min(max(asked, minRefresh), maxRefresh)
	if k.every != 0 {
		return min(asked, k.every)
	}
	return asked
}

// backoff doubles from a second to a minute. Without keys, or from the moment on
// when they will be stale, the issuer is asked again within three seconds.
func (k *keys) backoff() time.Duration {
	longest := maxRetryEmpty
	if set := k.current.Load(); set != nil {
		left := set.fetched.Add(k.maxStale).Sub(k.now())
		longest = min(max(left, maxRetryEmpty), maxRetry)
	}
	wait := firstRetry << min(k.failures-1, 6)
	return early(min(wait, longest), 0.2)
}

// early shortens a wait by up to a fraction, so that replicas do not ask all at
// once. It never lengthens one: every bound above stays a bound.
func early(wait time.Duration, fraction float64) time.Duration {
	return wait - time.Duration(rand.Float64()*fraction*float64(wait)) //nolint:gosec // spreads load, guards nothing
}
