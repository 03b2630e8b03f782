package identity

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tiergate/tiergate/rules"
)

// Verifier checks credentials and peers, whatever the rules say. It belongs to
// one configuration and outlives every reload of the rules.
type Verifier struct {
	issuers  map[string]*issuer // by exact iss
	domains  map[string]*issuer // by the trust domain of sub, those that have no iss
	named    map[string]*issuer // by name
	order    []*issuer          // as configured
	maxToken int
	cache    *tokenCache
	peers    *peers
	nonceKey *nonceKey       // nil when no issuer wants nonces
	nobody   *rules.Verified // the anonymous caller
	now      func() time.Time
}

// New checks the options, all of them at once, and loads the key sets that are
// files or that StateDir kept. It does not reach out: Run does.
func New(o Options) (*Verifier, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	v := &Verifier{
		issuers:  make(map[string]*issuer, len(o.Issuers)),
		named:    make(map[string]*issuer, len(o.Issuers)),
		maxToken: o.MaxToken,
		domains:  make(map[string]*issuer),
		nobody:   &rules.Verified{Anonymous: true},
		now:      o.Now,
	}
	var err error
	if v.cache, err = newTokenCache(o.Entries, o.Bytes); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if v.peers, err = newPeers(&o); err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	if o.wantsNonces() {
		v.nonceKey = newNonceKey(o.StateDir, o.Log)
	}
	for n := range o.Issuers {
		c := &o.Issuers[n]
		i, err := newIssuer(c, &o)
		if err != nil {
			return nil, fmt.Errorf("identity: issuer %q: %w", c.Name, err)
		}
		if i.proofs, err = newProofs(c, &o, i.keys.slots, v.nonceKey); err != nil {
			return nil, fmt.Errorf("identity: issuer %q: %w", c.Name, err)
		}
		v.named[c.Name] = i
		if c.Issuer != "" {
			v.issuers[c.Issuer] = i
		} else {
			v.domains[c.TrustDomain] = i
		}
		v.order = append(v.order, i)
	}
	return v, nil
}

// Run keeps the key sets and the bundles fresh until ctx ends. It returns early
// only when one of its parts panics, and then the others have ended too.
func (v *Verifier) Run(ctx context.Context) error {
	if v.nonceKey != nil {
		v.nonceKey.keep()
	}
	g, ctx := errgroup.WithContext(ctx)
	for _, i := range v.order {
		g.Go(guard("keys of issuer "+i.name, func() error { return i.keys.run(ctx) }))
	}
	g.Go(guard("bundles", func() error { return v.peers.trust.run(ctx) }))
	return g.Wait()
}

// guard turns a panic into an error: grpc catches none, and neither does Go.
func guard(name string, f func() error) func() error {
	return func() (err error) {
		defer func() {
			if p := recover(); p != nil {
				err = fmt.Errorf("%s: panic: %v\n%s", name, p, debug.Stack())
			}
		}()
		return f()
	}
}

// Fetch gets every issuer's keys and the agent's bundles once, for commands that answer one request and
// end: only Run writes to StateDir, which is what a server trusts at its start.
// The error joins those of issuers that could not be reached.
func (v *Verifier) Fetch(ctx context.Context) error {
	errs := make([]error, len(v.order)+1)
	var wait sync.WaitGroup
	for n, i := range v.order {
		wait.Go(func() {
			errs[n] = guard("keys of issuer "+i.name, func() error {
				_, err := i.keys.fetch(ctx, nil)
				return err
			})()
			if errs[n] != nil {
				errs[n] = fmt.Errorf("issuer %q: %w", i.name, errs[n])
			}
		})
	}
	wait.Go(func() { errs[len(v.order)] = v.peers.trust.fetch(ctx) })
	wait.Wait()
	return errors.Join(errs...)
}

// BundlesReady returns the names of the bundles that had no authorities yet, where
// they are required.
func (v *Verifier) BundlesReady() (waiting []string) {
	if !v.peers.required {
		return nil
	}
	return v.peers.trust.waiting()
}

// Bundles returns a snapshot of every trust domain's bundle.
func (v *Verifier) Bundles() []BundleStats { return v.peers.trust.stats() }

// Ready returns the names of the required issuers that had no keys yet. A later
// outage never makes it grow again.
func (v *Verifier) Ready() (waiting []string) {
	for _, i := range v.order {
		if i.required && !i.keys.had.Load() {
			waiting = append(waiting, i.name)
		}
	}
	return waiting
}

// Verify says who the credential and the connection prove the caller to be.
// Without a credential the caller is anonymous. The error is a *rules.Fault;
// the peer, and a nonce for the client, are told even then.
func (v *Verifier) Verify(ctx context.Context, req *rules.Request) (e rules.Evidence, err error) {
	e.Peer = v.peers.of(req)
	t, found, err := credential(req)
	switch {
	case err != nil:
		return e, err
	case !found:
		e.Verified = v.nobody
		return e, nil
	case req.Now.IsZero(): // every token is unexpired in the year 1
		return e, rules.Faultf(rules.Internal, "the request has no time")
	}
	if e.Verified, e.Cached, err = v.verified(ctx, t.text(), req.Now); err != nil {
		return e, err
	}
	if err = v.bind(ctx, req, t, &e); err != nil {
		return rules.Evidence{Peer: e.Peer, Nonce: e.Nonce}, err
	}
	return e, nil
}

func (v *Verifier) verified(ctx context.Context, text string, now time.Time) (*rules.Verified, bool, error) {
	if len(text) > v.maxToken {
		_, err := parse(text, v.maxToken)
		return nil, false, err
	}
	sum := v.cache.digest(text)
	if who := v.cache.get(sum, now); who != nil {
		return who, true, nil
	}
	c, err := v.gate(text)
	if err != nil {
		return nil, false, err
	}
	i, err := v.issuerOf(c)
	if err != nil {
		return nil, false, err
	}
	who, err := i.verify(ctx, c, now)
	if err != nil {
		return nil, false, err
	}
	v.cache.put(sum, newEntry(who, i, len(text), now), now)
	return who, false, nil
}

// gate reads a token and refuses what has no place in an access token. It needs
// no keys and no issuer.
func (v *Verifier) gate(text string) (*compact, error) {
	c, err := parse(text, v.maxToken)
	if err != nil {
		return nil, err
	}
	for n := range headerGates {
		if err := headerGates[n].check(c); err != nil {
			return nil, err
		}
	}
	return c, nil
}
