package rules

import "strings"

// claims returns what may be read of the callers of some issuers, or nil where
// that is not known: without a configuration, or of an issuer that is a mistake.
func (c *compiler) claims(issuers []string) map[string]claimKind {
	if c.env.Partial {
		return nil
	}
	key := strings.Join(issuers, "\x00")
	if known, ok := c.claimsOf[key]; ok {
		return known
	}
	out := make(map[string]claimKind)
	for _, name := range issuers {
		env, ok := c.env.Issuers[name]
		if !ok {
			return nil
		}
		for claim, kind := range env.Claims {
			merge(out, claim, kind, name)
		}
		for claim, v := range env.Fixed {
			merge(out, claim, kindOfValue(v), name)
		}
	}
	c.claimsOf[key] = out
	return out
}

func merge(out map[string]claimKind, claim string, kind Kind, issuer string) {
	k, ok := out[claim]
	if !ok {
		out[claim] = claimKind{kind: kind, issuer: issuer}
	} else if k.kind != kind && k.clash == "" {
		k.clash = issuer
		out[claim] = k
	}
}
