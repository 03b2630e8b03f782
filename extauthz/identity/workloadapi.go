package identity

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// Timing of the Workload API, a Unix socket on this machine.
const (
	apiFirstRetry = 500 * time.Millisecond
	apiMaxRetry   = 5 * time.Second
	apiPace       = 5 * time.Second // between two looks at the JWT bundles
)

// workloadAPI has the X.509 bundles of all trust domains that an agent knows: its
// own and those it federates with. It is watched in the background; requests read
// what came last, also while the agent is away.
type workloadAPI struct {
	address string // unix:///path
	log     *slog.Logger

	current atomic.Pointer[map[string]*authorities] // by trust domain; nil until there were some
	counts  bundleCounts
}

func (w *workloadAPI) of(domain string) *authorities {
	bundles := w.current.Load()
	if bundles == nil {
		return nil
	}
	return (*bundles)[domain]
}

// run watches until ctx ends. The library retries by itself, but for an agent
// that calls our request invalid: an agent can be replaced, too.
func (w *workloadAPI) run(ctx context.Context) error {
	for ctx.Err() == nil {
		// How it ends is told to the watch as well.
		_ = workloadapi.WatchX509Bundles(ctx, &watch{w, ctx.Done()}, workloadapi.WithAddr(w.address), workloadapi.WithBackoffStrategy(patience{}))
		select {
		case <-time.After(apiMaxRetry):
		case <-ctx.Done():
		}
	}
	return nil
}

// fetch asks once, for commands that do not run.
func (w *workloadAPI) fetch(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	set, err := workloadapi.FetchX509Bundles(ctx, workloadapi.WithAddr(w.address))
	if err != nil {
		return err
	}
	return w.take(set)
}

// watch hears what the library has to tell, until it is done.
type watch struct {
	*workloadAPI

	done <-chan struct{}
}

// OnX509BundlesUpdate implements workloadapi.X509BundleWatcher.
func (w *watch) OnX509BundlesUpdate(set *x509bundle.Set) {
	if err := w.take(set); err != nil {
		w.OnX509BundlesWatchError(err)
	}
}

// OnX509BundlesWatchError implements workloadapi.X509BundleWatcher.
func (w *watch) OnX509BundlesWatchError(err error) {
	select {
	case <-w.done: // that it ends is no failure
		return
	default:
	}
	w.counts.failed.Add(1)
	w.log.Warn("bundles of the Workload API not refreshed", slog.Any("error", err))
}

// take makes an answer current. It is all that the agent knows, so what is not in
// it has been withdrawn; but an agent that knows nothing at all is broken. One bad
// bundle costs that trust domain alone, whose last good one stays.
func (w *workloadAPI) take(set *x509bundle.Set) error {
	if set.Len() == 0 {
		return errors.New("the answer has no bundle")
	}
	before := map[string]*authorities{}
	if old := w.current.Load(); old != nil {
		before = *old
	}
	var errs []error
	next := make(map[string]*authorities, set.Len())
	for _, b := range set.Bundles() {
		domain := b.TrustDomain().Name()
		a, err := newAuthorities(domain, b.X509Authorities(), nil)
		old := before[domain]
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("trust domain %s: %w", clip(domain), err))
			if old != nil {
				next[domain] = old
			}
			continue
		case old != nil && old.sum == a.sum:
			a = old
		default:
			w.log.Info("bundle changed", slog.String("trust_domain", domain), slog.Int("authorities", a.count))
		}
		next[domain] = a
	}
	for domain := range before {
		if next[domain] == nil {
			w.log.Warn("bundle withdrawn by the Workload API", slog.String("trust_domain", domain))
		}
	}
	if len(next) > 0 {
		w.current.Store(&next)
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	w.counts.loaded.Add(1)
	return nil
}

// patience is how long to wait for an agent that is away: not long, for it is on
// this machine, and a withdrawn authority should not outlive its return.
type patience struct{}

// NewBackoff implements workloadapi.BackoffStrategy.
func (patience) NewBackoff() workloadapi.Backoff { return &patient{} }

type patient struct{ wait time.Duration }

// Next implements workloadapi.Backoff.
func (p *patient) Next() time.Duration {
	p.wait = min(max(2*p.wait, apiFirstRetry), apiMaxRetry)
	return early(p.wait, 0.2)
}

// Reset implements workloadapi.Backoff.
func (p *patient) Reset() { p.wait = 0 }

// jwtBundle is a source of keys: what an agent says signs the JWT-SVIDs of one
// trust domain.
type jwtBundle struct {
	address string
	domain  string
}

func (j *jwtBundle) pace() time.Duration { return apiPace }
func (j *jwtBundle) accepted(document)   {}

// fetch asks for all bundles and takes only the one of its trust domain.
func (j *jwtBundle) fetch(ctx context.Context, _ bool) (document, error) {
	domain, err := spiffeid.TrustDomainFromString(j.domain)
	if err != nil {
		return document{}, err
	}
	client, err := workloadapi.New(ctx, workloadapi.WithAddr(j.address))
	if err != nil {
		return document{}, err
	}
	defer client.Close() //nolint:errcheck // only read from
	set, err := client.FetchJWTBundles(ctx)
	if err != nil {
		return document{}, fmt.Errorf("the Workload API: %w", err)
	}
	b, ok := set.Get(domain)
	if !ok {
		return document{}, fmt.Errorf("the Workload API has no bundle of trust domain %s", j.domain)
	}
	body, err := b.Marshal()
	if err == nil && len(body) > maxBody {
		err = fmt.Errorf("the bundle of trust domain %s has %d bytes, the limit is %d", j.domain, len(body), maxBody)
	}
	return document{body: body}, err
}
