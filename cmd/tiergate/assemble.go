package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/extauthz/budget"
	"github.com/tiergate/tiergate/extauthz/identity"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// parts are what the server and the offline verbs are put together from: the
// same steps, so that an answer on the command line is the server's answer.
type parts struct {
	config   *config
	verifier *identity.Verifier
	files    map[string]snapshots      // the catalogs that are files
	failures map[string]*atomic.Uint64 // loads of a catalog that failed
	options  policy.Options
	revoked  *revocation.List
	byFile   *revocation.File // nil for none
	budgets  *budget.Ledger   // nil but for the server
	close    func() error
}

// assemble makes the parts of a configuration for a verb that decides nothing. It
// opens catalogs, reads kept key sets, and does not reach out.
func assemble(c *config, log *slog.Logger) (*parts, error) { return assembleWith(c, log, noJournal) }

// assembleWith makes the parts for whoever decides, with what was revoked.
func assembleWith(c *config, log *slog.Logger, use journalUse) (*parts, error) {
	p := &parts{config: c, files: map[string]snapshots{}, failures: map[string]*atomic.Uint64{}}
	var errs []error
	verifier, err := identity.New(c.identityOptions(log))
	errs = append(errs, err)
	p.verifier = verifier
	sources, closeSources, err := p.openSources(log)
	errs = append(errs, err)
	var closeJournal func() error
	p.revoked, p.byFile, closeJournal, err = c.openRevocations(log, use)
	errs = append(errs, err)
	p.budgets, err = c.openBudgets(log, use)
	errs = append(errs, err)
	p.close = func() error {
		closeSources()
		if p.budgets != nil {
			return errors.Join(p.budgets.Close(), closeJournal())
		}
		return closeJournal()
	}
	if err := errors.Join(errs...); err != nil {
		return nil, errors.Join(err, p.close())
	}
	cache, err := catalog.New(catalog.Options{
		Sources: sources, Objects: orDefault(c.Cache.Objects.V, defaultObjects), Bytes: int(c.Cache.Bytes.V), // 0 is the default
		TTL: c.ttl(), MaxStale: c.Cache.MaxStale, Log: log,
	})
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	p.options = policy.Options{Verifier: verifier, Revocations: p.revoked, Catalog: cache, Env: c.env(), Resolve: c.resolve()}
	if p.budgets != nil {
		p.options.Ledger = p.budgets
	}
	return p, nil
}

// openSources opens the catalogs, and returns those that could be opened beside the error.
func (p *parts) openSources(log *slog.Logger) (sources map[string]catalog.Source, closeAll func(), err error) {
	sources = make(map[string]catalog.Source, len(p.config.Catalogs))
	var errs []error
	var opened []func()
	for _, e := range p.config.Catalogs {
		failures := new(atomic.Uint64)
		p.failures[e.Key] = failures
		source, err := p.config.openSource(e, log.With(slog.String("catalog", e.Key)), func(err error) {
			if err != nil {
				failures.Add(1)
			}
		})
		if err != nil {
			errs = append(errs, fmt.Errorf("%v: catalog %q: %w", e.Pos, e.Key, err))
			continue
		}
		sources[e.Key] = source
		if f, ok := source.(snapshots); ok {
			p.files[e.Key] = f
		}
		if s, ok := source.(interface{ Close() }); ok {
			opened = append(opened, s.Close)
		}
	}
	return sources, func() {
		for _, end := range opened {
			end()
		}
	}, errors.Join(errs...)
}

// load loads the rules directories of the configuration.
func (p *parts) load() (*policy.Policy, *rules.Source, error) {
	dirs, err := policy.OpenDirs(p.config.rulesDirs())
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = dirs.Close() }()
	return p.loadFS(dirs)
}

func (p *parts) loadFS(fsys fs.FS) (*policy.Policy, *rules.Source, error) {
	o := p.options
	o.Env.Now = time.Now()
	loaded, src, err := policy.Load(fsys, o)
	if err == nil {
		err = p.config.unmapped(loaded.Set().Schema())
	}
	if err != nil {
		return nil, src, err
	}
	return loaded, src, nil
}

func (c *config) rulesDirs() []string {
	dirs := make([]string, len(c.Rules))
	for i, d := range c.Rules {
		dirs[i] = c.path(d.V)
	}
	return dirs
}

func (c *config) identityOptions(log *slog.Logger) identity.Options {
	o := identity.Options{
		StateDir: c.path(c.StateDir.V),
		Log:      log,
		Entries:  orDefault(c.Cache.Tokens.V, defaultTokens),
		Bytes:    int(c.Cache.TokenBytes.V), // 0 is the default
		Peers:    c.peerOptions(),
		Origins:  c.origins(),
	}
	for _, i := range c.Issuers {
		o.Issuers = append(o.Issuers, identity.IssuerConfig{
			Name: i.Name.V, Issuer: i.Issuer.V, TrustDomain: i.TrustDomain.V, Audience: i.Audience.Values(), Algorithms: i.Algorithms.Values(),
			JWKS: identity.JWKSConfig{
				URL: i.JWKS.URL.V, Discovery: i.JWKS.Discovery, File: c.path(i.JWKS.File.V), Bundle: i.JWKS.Bundle.V, AllowHTTP: i.JWKS.AllowHTTP,
				Refresh: i.JWKS.Refresh, MaxStale: i.JWKS.MaxStale,
				CA: c.path(i.JWKS.CA.V), Proxy: i.JWKS.Proxy.V, EmptyKeySet: i.JWKS.EmptyKeySet.V,
			},
			Profile: i.Profile.V, SingleAudience: i.OneAudience,
			Skew: i.Skew.V, MaxLifetime: i.MaxLifetime.V, MaxAge: i.MaxAge.V, Required: i.Required,
			MayAssert: i.kinds(), Claims: i.places(), Fixed: i.fixed(),
			ClientClaim: i.ClientClaim.V, ScopeClaim: i.ScopeClaim.V, PurposeClaim: i.PurposeClaim.V,
			RequireBound: i.RequireBound.V, DPoP: i.proofs(),
		})
	}
	return o
}

func (i *issuerConfig) kinds() map[string]rules.Kind {
	kinds := make(map[string]rules.Kind, len(i.MayAssert))
	for _, e := range i.MayAssert {
		kinds[e.Key] = e.V.Kind
	}
	return kinds
}

// places are where tokens have the claims that `claims` names.
func (i *issuerConfig) places() map[string][]string {
	places := make(map[string][]string, len(i.Claims))
	for _, e := range i.Claims {
		places[e.Key] = e.V.Values()
	}
	return places
}

func (i *issuerConfig) fixed() map[string]any {
	fixed := make(map[string]any, len(i.Fixed))
	for _, e := range i.Fixed {
		fixed[e.Key] = e.V.V
	}
	return fixed
}

// env is what of the configuration rules are compiled against.
func (c *config) env() rules.Env {
	env := rules.Env{Issuers: make(map[string]rules.IssuerEnv, len(c.Issuers)), Managed: c.Headers.Managed.Values(), Peers: c.Peer.env()}
	for i := range c.Issuers {
		issuer := &c.Issuers[i]
		env.Issuers[issuer.Name.V] = rules.IssuerEnv{
			Claims: issuer.kinds(), Fixed: issuer.fixed(), MaxLifetime: issuer.MaxLifetime.V, Subjects: issuer.Subjects.env(),
			Binds: issuer.RequireBound.V != "" || issuer.DPoP != nil,
		}
	}
	for _, e := range c.Catalogs {
		env.Catalogs = append(env.Catalogs, e.Key)
	}
	return env
}

func (c *config) resolve() resolver.Options {
	o := resolver.Options{MaxBody: int(orDefault(c.Limits.Body.V, defaultBody))}
	o.ClientIP.Hops = c.ClientIP.Hops.V
	switch c.ClientIP.From.V {
	case "x-envoy-external-address":
		o.ClientIP.From = resolver.FromExternalAddress
	case "xff":
		o.ClientIP.From = resolver.FromXFF
	default:
		o.ClientIP.From = resolver.FromSource
	}
	return o
}

func (c *config) ttl() map[string]time.Duration {
	ttl := map[string]time.Duration{"default": defaultTTL}
	for name, d := range c.Cache.TTL {
		ttl[name] = d
	}
	return ttl
}

// hash names the configuration in records: what the file says, with what the
// environment replaced in it.
func (c *config) hash() string {
	h := sha256.New()
	var add func(*rules.Node)
	add = func(n *rules.Node) {
		fmt.Fprintf(h, "%d %d %q", n.Kind, len(n.Items), n.Value)
		for _, item := range n.Items {
			add(item)
		}
	}
	add(c.node)
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}
