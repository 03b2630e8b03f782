package identity

import (
	"errors"
	"fmt"

	"github.com/tiergate/tiergate/rules"
)

// issuerOf chooses the issuer by the unverified iss, and for what no iss tells by
// the trust domain of the unverified sub (SPIFFE JWT-SVID section 3: iss is not
// required and says nothing). Only that issuer's keys are then asked, so the choice
// proves itself: a key of another one never fits.
func (v *Verifier) issuerOf(c *compact) (*issuer, error) {
	value, given := c.claims["iss"]
	iss, ok := value.(string)
	if given && !ok {
		return nil, rules.Faultf(rules.TokenClaims, "iss is not a string")
	}
	if i, ok := v.issuers[iss]; ok {
		return i, nil
	}
	sub, _ := c.claims["sub"].(string)
	if domain, ok := rules.TrustDomain(sub); ok {
		if i, ok := v.domains[domain]; ok {
			return i, nil
		}
	}
	if !given {
		return nil, rules.Faultf(rules.TokenClaims, "iss is missing")
	}
	return nil, rules.Faultf(rules.TokenIssuer, "iss is %s, which is not configured", clip(iss))
}

// vouchesFor refuses a subject outside the trust domain that the issuer is for.
func (i *issuer) vouchesFor(c *compact) error {
	sub, _ := c.claims["sub"].(string)
	if domain, _ := rules.TrustDomain(sub); i.trustDomain != "" && domain != i.trustDomain {
		return rules.Faultf(rules.TokenIssuer, "sub %s is not of trust domain %s, which issuer %q is for", clip(sub), i.trustDomain, i.name)
	}
	return nil
}

// key tells issuers apart: by the iss of their tokens, else by their trust domain.
func (c *IssuerConfig) key() string {
	if c.Issuer == "" && c.TrustDomain != "" {
		return "trust domain " + c.TrustDomain
	}
	return c.Issuer
}

func (c *IssuerConfig) checkTrustDomain() error {
	switch p, err := profileOf(c.Profile); {
	case c.TrustDomain == "" && c.JWKS.Bundle:
		return errors.New("jwks: bundle is that of a trust domain, and there is no trust_domain")
	case c.TrustDomain == "":
		return nil
	case !rules.ValidTrustDomain(c.TrustDomain):
		return fmt.Errorf("trust_domain %q is not one: lower-case letters, digits, dots, dashes and underscores", c.TrustDomain)
	case err != nil || p.kind != svid:
		return errors.New("trust_domain is for profile jwt-svid, whose subjects have one")
	case c.Issuer == "" && c.JWKS.Discovery:
		return errors.New("jwks: discovery starts from issuer, and there is none")
	case c.JWKS.Bundle && c.JWKS.File == "" && c.JWKS.workloadAPI == "":
		return fmt.Errorf("jwks: bundle: nothing configures the bundle of trust domain %q: peer.bundles or peer.workload_api", c.TrustDomain)
	}
	return nil
}

// bundleKeys finds where the issuers' bundles are: the trust domain's own file, else
// the Workload API.
func (o *Options) bundleKeys() {
	for n := range o.Issuers {
		c := &o.Issuers[n]
		if !c.JWKS.Bundle || c.JWKS.File != "" {
			continue
		}
		if c.JWKS.File = o.Peers.Bundles[c.TrustDomain]; c.JWKS.File == "" {
			c.JWKS.workloadAPI = o.Peers.WorkloadAPI
		}
	}
}
