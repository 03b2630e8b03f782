package identity

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Defaults and bounds of what is configured.
const (
	defaultSkew     = 30 * time.Second
	maxSkew         = 300 * time.Second
	defaultMaxStale = 24 * time.Hour
	defaultEntries  = 10_000
	defaultBytes    = 64 << 20
)

// defaultAlgorithms are what providers use today and what holds.
var defaultAlgorithms = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA", "Ed25519"}

// Options configure a Verifier. Zero members have the defaults they name.
type Options struct {
	Issuers  []IssuerConfig
	StateDir string           // keeps key sets over a restart; "" keeps none
	Log      *slog.Logger     // discards
	Now      func() time.Time // time.Now; of the key sets, while tokens are judged at Request.Now

	MaxToken int // bytes of a token: 8 KiB, at most 16 KiB
	Entries  int // of the verified-token cache: 10,000
	Bytes    int // that these may take: 64 MiB

	Peers   PeerOptions
	Origins map[string]string // of the URLs that clients use, by host; https://HOST for others

	getter *getter // tests
}

// IssuerConfig is one issuer of tokens.
type IssuerConfig struct {
	Name       string   // in rules
	Issuer     string   // the exact iss; "" where TrustDomain alone names it
	Audience   []string // a token must be for at least one of them
	Algorithms []string // by registered name; the order decides for keys without alg. Default defaultAlgorithms
	JWKS       JWKSConfig

	TrustDomain    string        // whose workloads its JWT-SVIDs name, and no others; "" for any
	Profile        string        // what its tokens are made for: legacy-access, rfc9068, id-token, jwt-svid, k8s-sa or github-oidc
	SingleAudience bool          // a token is for one audience alone
	Skew           time.Duration // of clocks: 30 s, at most 300 s
	MaxLifetime    time.Duration // exp - iat; 0 for no limit
	MaxAge         time.Duration // now - iat; 0 for no limit
	Required       bool          // not ready before it had keys

	MayAssert    map[string]rules.Kind // claims that become caller.claims, by their names in rules
	Claims       map[string][]string   // where a token has these: exact names, through nested objects; default the name itself
	Fixed        map[string]any        // what is the same for all its callers, whatever their tokens say
	ClientClaim  string                // holds the client; default client_id, else azp
	ScopeClaim   string                // holds the scopes; default scope, else scp
	PurposeClaim string                // holds the purpose; default none

	RequireBound string      // what its tokens must be bound to: mtls, dpop or any; "" for nothing
	DPoP         *DPoPConfig // of the proofs that come with its tokens; nil does not speak of them
}

// check reports every fault of the options, and fills the defaults.
func (o *Options) check() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf("identity: "+format, args...)) }
	defaults(o)
	if o.MaxToken < 1 || o.MaxToken > hardMaxToken {
		bad("Options.MaxToken is %d, want 1 to %d", o.MaxToken, hardMaxToken)
	}
	if o.Entries < 1 || o.Bytes < 1 {
		bad("Options.Entries is %d and Options.Bytes %d, want more than 0", o.Entries, o.Bytes)
	}
	errs = append(errs, o.Peers.check())
	o.bundleKeys()
	if _, err := origins(o.Origins); err != nil {
		bad("%w", err)
	}
	names, issuers := map[string]bool{}, map[string]string{}
	for i := range o.Issuers {
		c := &o.Issuers[i]
		errs = append(errs, c.check())
		if names[c.Name] {
			bad("two issuers have the name %q", c.Name)
		}
		names[c.Name] = true
		if first, dup := issuers[c.key()]; dup {
			bad("issuers %q and %q have the same iss %q or trust domain", first, c.Name, c.Issuer)
		}
		issuers[c.key()] = c.Name
	}
	return errors.Join(errs...)
}

func defaults(o *Options) {
	o.Issuers = slices.Clone(o.Issuers)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	fill(&o.MaxToken, defaultMaxToken)
	fill(&o.Entries, defaultEntries)
	fill(&o.Bytes, defaultBytes)
}

// fill sets what was left at zero.
func fill[T comparable](v *T, value T) {
	var zero T
	if *v == zero {
		*v = value
	}
}

// check reports every fault of one issuer by the names that users write.
func (c *IssuerConfig) check() error {
	var errs []error
	bad := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("identity: issuer %q: "+format, append([]any{c.Name}, args...)...))
	}
	if c.Name == "" {
		bad("name is empty")
	}
	if c.Issuer == "" && c.TrustDomain == "" {
		bad("issuer is empty, want the exact iss of its tokens")
	}
	if err := c.checkTrustDomain(); err != nil {
		bad("%w", err)
	}
	if len(c.Audience) == 0 || slices.Contains(c.Audience, "") {
		bad("audience is %q, want at least one and none empty", c.Audience)
	}
	if err := c.checkProfile(); err != nil {
		bad("%w", err)
	}
	for _, name := range c.Algorithms {
		if _, ok := algorithms[name]; !ok {
			bad("algorithm %q is not supported, want some of %v", name, algorithmNames())
		}
	}
	fill(&c.Skew, defaultSkew)
	if c.Skew < 0 || c.Skew > maxSkew {
		bad("skew is %v, want at most %v", c.Skew, maxSkew)
	}
	if c.MaxLifetime < 0 {
		bad("max_lifetime is %v, want more than 0", c.MaxLifetime)
	}
	if c.MaxAge < 0 {
		bad("max_age is %v, want more than 0", c.MaxAge)
	}
	if err := c.JWKS.check(c.Issuer); err != nil {
		bad("jwks: %w", err)
	}
	if err := c.checkClaims(); err != nil {
		bad("%w", err)
	}
	if err := c.checkBinding(); err != nil {
		bad("%w", err)
	}
	return errors.Join(errs...)
}

// checkProfile fills the algorithms that the profile leaves and refuses others.
func (c *IssuerConfig) checkProfile() error {
	fill(&c.Profile, defaultProfile)
	p, err := profileOf(c.Profile)
	if err != nil {
		return err
	}
	if len(c.Algorithms) == 0 {
		c.Algorithms = defaultAlgorithms
		if p.algorithms != nil {
			c.Algorithms = p.algorithms
		}
	}
	for _, name := range c.Algorithms {
		if p.algorithms != nil && !slices.Contains(p.algorithms, name) {
			return fmt.Errorf("algorithm %q is not for profile %s, want some of %v", name, c.Profile, p.algorithms)
		}
	}
	return nil
}

func (c *IssuerConfig) checkClaims() error {
	c.Fixed = maps.Clone(c.Fixed)
	for _, name := range slices.Sorted(maps.Keys(c.Fixed)) {
		if _, both := c.MayAssert[name]; both {
			return fmt.Errorf("claim %q is both in may_assert and in fixed", name)
		}
		value, ok := plain(c.Fixed[name])
		if !ok {
			return fmt.Errorf("fixed %q is %v, want a string, a whole number, true or false, or a list of strings or of numbers", name, c.Fixed[name])
		}
		if value == "" {
			return fmt.Errorf("fixed %q is empty, and an empty text pins nothing", name)
		}
		c.Fixed[name] = value
	}
	for name, kind := range c.MayAssert {
		if name == "" || kind == rules.NoKind {
			return fmt.Errorf("may_assert %q has kind %v", name, kind)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Claims)) {
		if _, ok := c.MayAssert[name]; !ok {
			return fmt.Errorf("claims says where %q is, which may_assert does not name", name)
		}
		if len(c.Claims[name]) == 0 || slices.Contains(c.Claims[name], "") {
			return fmt.Errorf("claims: %q is at %q, want names and none empty", name, c.Claims[name])
		}
	}
	return nil
}

// plain brings a configured value to one of the kinds of claims.
func plain(v any) (any, bool) {
	switch v := v.(type) {
	case string, int64, bool, []string, []int64:
		return v, true
	case int:
		return int64(v), true
	case []any:
		if texts, ok := each[string](v); ok {
			return texts, true
		}
		return each[int64](v)
	}
	return nil, false
}

// each converts a list whose elements are all T.
func each[T any](list []any) ([]T, bool) {
	out := make([]T, len(list))
	for i, v := range list {
		var ok bool
		if out[i], ok = v.(T); !ok {
			return nil, false
		}
	}
	return out, true
}
