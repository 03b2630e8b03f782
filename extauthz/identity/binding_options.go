package identity

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// Bounds of what is configured for proofs.
const (
	defaultProofAge = time.Minute
	minProofAge     = time.Second
	maxProofAge     = 5 * time.Minute
)

// Whether proofs must carry a nonce of ours.
const (
	nonceOff      = "off"
	nonceRequired = "required"
)

// defaultProofAlgorithms are those that clients use, and none that is costly
// with every key.
var defaultProofAlgorithms = []string{"ES256", "ES384", "EdDSA", "Ed25519", "PS256", "RS256"}

// DPoPConfig says what an issuer's proofs of possession must be. Tokens with a
// jkt are judged by the defaults where an issuer has none; one that has says so
// to clients.
type DPoPConfig struct {
	Nonce      string        // required or off (the default): a nonce of ours in each proof
	MaxAge     time.Duration // how far iat may be from our clock, either way, and how long a nonce is given out: 60 s, 1 s to 5 min
	Algorithms []string      // of proofs: defaultProofAlgorithms
}

// checkBinding fills the defaults and refuses what cannot be.
func (c *IssuerConfig) checkBinding() error {
	if c.RequireBound != "" && !slices.Contains(Bindings(), c.RequireBound) {
		return fmt.Errorf("require_bound is %q, want one of %v", c.RequireBound, Bindings())
	}
	if c.DPoP == nil && (c.RequireBound == boundByKey || c.RequireBound == boundAnyhow) {
		c.DPoP = new(DPoPConfig)
	}
	if c.DPoP == nil {
		return nil
	}
	d := *c.DPoP
	d.fill()
	c.DPoP = &d
	return d.Check()
}

// Check refuses what cannot be.
func (d DPoPConfig) Check() error {
	d.fill()
	if d.Nonce != nonceOff && d.Nonce != nonceRequired {
		return fmt.Errorf("dpop: nonce is %q, want %s or %s", d.Nonce, nonceRequired, nonceOff)
	}
	if d.MaxAge < minProofAge || d.MaxAge > maxProofAge {
		return fmt.Errorf("dpop: max_age is %v, want %v to %v", d.MaxAge, minProofAge, maxProofAge)
	}
	for _, name := range d.Algorithms {
		if _, ok := algorithms[name]; !ok {
			return fmt.Errorf("dpop: algorithm %q is not supported, want some of %v", name, algorithmNames())
		}
	}
	return nil
}

func (d *DPoPConfig) fill() {
	fill(&d.Nonce, nonceOff)
	fill(&d.MaxAge, defaultProofAge)
	if len(d.Algorithms) == 0 {
		d.Algorithms = defaultProofAlgorithms
	}
}

// Bindings returns the words of require_bound.
func Bindings() []string { return []string{boundByCertificate, boundByKey, boundAnyhow} }

// ProofAlgorithms returns the algorithms of the proofs that each issuer asks
// for, by its name; issuers that do not speak of proofs are not in it.
func (v *Verifier) ProofAlgorithms() map[string][]string {
	out := map[string][]string{}
	for _, i := range v.order {
		if i.proofs.offered {
			out[i.name] = slices.Clone(i.proofs.algorithms)
		}
	}
	return out
}

// origins brings the configured origins to the form in which targets are compared.
func origins(configured map[string]string) (map[string]string, error) {
	out := make(map[string]string, len(configured))
	for _, host := range slices.Sorted(maps.Keys(configured)) {
		origin, err := NormalOrigin(configured[host])
		if err != nil {
			return nil, fmt.Errorf("origin of %q: %w", host, err)
		}
		out[host] = origin
	}
	return out, nil
}

// wantsNonces reports whether some issuer's proofs need one.
func (o *Options) wantsNonces() bool {
	return slices.ContainsFunc(o.Issuers, func(c IssuerConfig) bool { return c.DPoP != nil && c.DPoP.Nonce == nonceRequired })
}
