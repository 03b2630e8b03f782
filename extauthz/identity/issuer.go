package identity

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/tiergate/tiergate/rules"
)

// issuer is one configured issuer. It never changes but for its keys.
type issuer struct {
	name         string
	profile      *profile
	trustDomain  string // of its subjects; "" for any
	audience     []string
	algorithms   []string
	skew         time.Duration
	maxLifetime  time.Duration
	maxAge       time.Duration
	required     bool
	mayAssert    []mapped
	fixed        map[string]any
	clientClaims []string // the first that is there counts
	scopeClaims  []string // likewise
	purposeClaim string
	issuerNames  map[string]string // of all issuers, by their exact iss
	keys         *keys
	proofs       *proofs // of possession, by the holders of its tokens

	singleAudience bool
	requireBound   string // "" for bearer tokens too
}

func newIssuer(c *IssuerConfig, o *Options) (*issuer, error) {
	absent, err := simplelru.NewLRU[string, time.Time](maxAbsent, nil)
	if err != nil {
		return nil, err
	}
	from, err := newSource(c, o)
	if err != nil {
		return nil, fmt.Errorf("jwks: %w", err)
	}
	i := &issuer{
		name:         c.Name,
		trustDomain:  c.TrustDomain,
		audience:     slices.Clone(c.Audience),
		algorithms:   slices.Clone(c.Algorithms),
		skew:         c.Skew,
		maxLifetime:  c.MaxLifetime,
		maxAge:       c.MaxAge,
		required:     c.Required,
		mayAssert:    mappingOf(c),
		fixed:        c.Fixed,
		clientClaims: []string{"client_id", "azp"},
		scopeClaims:  []string{"scope", "scp"},
		purposeClaim: c.PurposeClaim,
		issuerNames:  make(map[string]string, len(o.Issuers)),

		singleAudience: c.SingleAudience,
		requireBound:   c.RequireBound,
	}
	if i.profile, err = profileOf(c.Profile); err != nil {
		return nil, err
	}
	for n := range o.Issuers {
		if iss := o.Issuers[n].Issuer; iss != "" {
			i.issuerNames[iss] = o.Issuers[n].Name
		}
	}
	if c.ScopeClaim != "" {
		i.scopeClaims = []string{c.ScopeClaim}
	}
	if c.ClientClaim != "" {
		i.clientClaims = []string{c.ClientClaim}
	}
	i.keys = &keys{
		name:     c.Name,
		admitter: admitter{i.algorithms, i.profile.kind == svid},
		maxStale: c.JWKS.MaxStale,
		skew:     c.Skew,
		withdraw: c.JWKS.EmptyKeySet == withdrawKeys,
		slots:    pools(processors()),
		every:    c.JWKS.Refresh,
		source:   from,
		log:      o.Log,
		now:      o.Now,
		wanted:   make(chan struct{}, 1),
		bucket:   rate.NewLimiter(rate.Every(refetchEvery), refetchBurst),
		absent:   absent,
	}
	switch {
	case c.JWKS.File != "":
		i.keys.refresh(context.Background()) // local: also commands that never run have these keys
	case o.StateDir != "":
		i.keys.disk = newStore(o.StateDir, c.key(), c.JWKS.from())
		i.keys.restore()
	}
	return i, nil
}

func newSource(c *IssuerConfig, o *Options) (source, error) {
	if c.JWKS.File != "" {
		return &file{path: c.JWKS.File}, nil
	}
	if c.JWKS.workloadAPI != "" {
		return &jwtBundle{address: c.JWKS.workloadAPI, domain: c.TrustDomain}, nil
	}
	get, err := o.getter, error(nil)
	if get == nil {
		get, err = newGetter(c.JWKS.CA, c.JWKS.Proxy)
	}
	if c.JWKS.Discovery {
		return &remote{get: get, discovery: &discovery{issuer: c.Issuer, allowHTTP: c.JWKS.AllowHTTP, now: o.Now}}, err
	}
	return &remote{get: get, url: c.JWKS.URL}, err
}

// restore makes the set that was kept on disk current if it still may serve.
func (k *keys) restore() {
	doc, fetched, err := k.disk.load()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		switch age := k.now().Sub(fetched); {
		case age > k.maxStale:
			err = fmt.Errorf("they are %v old, max_stale is %v", age.Round(time.Second), k.maxStale)
		case age < -maxSkew:
			err = fmt.Errorf("they were fetched in the future, at %v", fetched)
		default:
			err = k.accept(doc, fetched)
		}
	}
	if err != nil {
		k.log.Warn("keys on disk not used", slog.String("issuer", k.name), slog.Any("error", err))
	}
}

// verify accepts or refuses a token that passed the gates and names this issuer.
func (i *issuer) verify(ctx context.Context, c *compact, now time.Time) (*rules.Verified, error) {
	for n := range issuerGates {
		if err := issuerGates[n].check(i, c, now); err != nil {
			return nil, err
		}
	}
	set, kid, err := i.keys.find(ctx, c, now)
	if err != nil {
		return nil, err
	}
	if err := i.keys.verify(ctx, set, c, kid); err != nil {
		return nil, err
	}
	for n := range claimGates {
		if err := claimGates[n].check(i, c, now); err != nil {
			return nil, err
		}
	}
	v, err := i.assert(c)
	if err != nil {
		return nil, err
	}
	v.KeyID, v.Keys = kid, set.generation
	return v, nil
}
