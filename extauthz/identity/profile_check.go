package identity

import (
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// checkForeign reads typ and refuses what no profile takes.
func checkForeign(c *compact) error {
	if err := c.readType(); err != nil {
		return err
	}
	if err := c.refuseKinds(foreign, ""); err != nil {
		return err
	}
	if !slices.Contains(anyType, c.typ) {
		return rules.Faultf(rules.TokenKind, "typ is %s, which no profile takes", clip(c.typ))
	}
	return nil
}

// readType sets c.typ. Types are media types and so without regard to case, and
// one without a slash has "application/" in front of it (RFC 7515 section 4.1.9).
func (c *compact) readType() error {
	value, ok := c.header["typ"]
	if !ok {
		return nil
	}
	typ, ok := value.(string)
	if !ok || typ == "" {
		return rules.Faultf(rules.TokenHeader, "typ is not a text")
	}
	c.typ = strings.TrimPrefix(strings.ToLower(typ), "application/")
	return nil
}

func (c *compact) refuseKinds(others []kind, but string) error {
	for n := range others {
		k := &others[n]
		if k.name == but {
			continue
		}
		if sign := k.sign(c); sign != "" {
			return rules.Faultf(rules.TokenKind, "it is %s by %s", k.name, sign)
		}
	}
	return nil
}

// checkProfile refuses tokens that are not what the issuer is trusted for.
func checkProfile(i *issuer, c *compact, _ time.Time) error {
	if err := c.refuseKinds(kinds, i.profile.kind); err != nil {
		return err
	}
	if !slices.Contains(i.profile.types, c.typ) {
		return rules.Faultf(rules.TokenKind, "typ is %s, which profile %s does not take", clip(c.typ), i.profile.name)
	}
	return nil
}

// checkRequired wants the claims without which a token is not what it says.
func checkRequired(i *issuer, c *compact, _ time.Time) error {
	for _, name := range i.profile.requires {
		var found bool
		var err error
		if name == "iat" {
			_, found, err = c.date(name)
		} else if _, found = c.claims[name]; found {
			_, err = c.principal(name, true)
		}
		if err == nil && !found {
			err = rules.Faultf(rules.TokenClaims, "%s is missing, which profile %s wants", name, i.profile.name)
		}
		if err != nil {
			return err
		}
	}
	if i.profile.demands != nil {
		if err := i.profile.demands(c); err != nil {
			return err
		}
	}
	return i.vouchesFor(c)
}

// demandSPIFFE wants a workload as the subject (SPIFFE JWT-SVID section 3.1).
func demandSPIFFE(c *compact) error {
	sub, _ := c.claims["sub"].(string)
	if _, ok := rules.TrustDomain(sub); !ok {
		return rules.Faultf(rules.TokenClaims, "sub %s is no SPIFFE ID of a workload", clip(sub))
	}
	return nil
}

// demandServiceAccount wants the subject to be the service account that the
// token is bound to. Which pod it was given to is in the same claim.
func demandServiceAccount(c *compact) error {
	bound, _ := c.claims["kubernetes.io"].(map[string]any)
	account, _ := bound["serviceaccount"].(map[string]any)
	namespace, _ := bound["namespace"].(string)
	name, _ := account["name"].(string)
	if namespace == "" || name == "" || strings.Contains(namespace+name, ":") { // which would split sub elsewhere
		return rules.Faultf(rules.TokenClaims, "kubernetes.io names no namespace and service account")
	}
	if sub, _ := c.claims["sub"].(string); sub != "system:serviceaccount:"+namespace+":"+name {
		return rules.Faultf(rules.TokenClaims, "sub %s is not the service account in kubernetes.io", clip(sub))
	}
	return nil
}
