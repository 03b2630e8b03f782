package rules

import (
	"maps"
	"slices"
	"strings"
)

// selector checks and compiles one selector.
func (c *compiler) selector(d *Selector) selector {
	if d.Identity != "" {
		id := c.identities[d.Identity]
		if id == nil {
			c.unknownWord("identity", At[string]{d.Pos, d.Identity}, slices.Collect(maps.Keys(c.identities)))
			id = &Identity{Name: d.Identity}
		}
		return selector{identity: id}
	}
	s := selector{anyKind: !d.Kind.given(), issuer: d.Issuer.V}
	if !d.Kind.given() && !d.Issuer.given() && len(d.Claim) == 0 {
		c.ms.AddHint(d.Pos, "name an identity, or give kind, issuer or claim", "an empty selector")
	}
	if d.Kind.given() {
		var ok bool
		if s.kind, ok = ParseCallerKind(d.Kind.V); !ok {
			c.unknownWord("kind", d.Kind, []string{"anonymous", "human", "service", "workload", "third-party", "agent"})
		}
	}
	if d.Issuer.given() {
		c.issuer(d.Issuer)
	}
	if s.kind == Anonymous && d.Kind.given() && (d.Issuer.given() || len(d.Claim) > 0) {
		c.ms.Add(d.Pos, "an anonymous caller has no issuer and no claims, this selects nobody")
	}
	for _, e := range d.Claim {
		s.claims = append(s.claims, c.claim(&s, e))
	}
	return s
}

// claim checks a claim of a selector against what its issuers declare, and
// brings its value into the form in which claims are compared.
func (c *compiler) claim(s *selector, e Entry[At[string]]) claimTest {
	t := claimTest{e.Key, e.V.V}
	c.exact("claim "+e.Key, e.V, "")
	claims := c.claims(c.issuersOf([]selector{*s}))
	if claims == nil {
		return t
	}
	k, ok := claims[e.Key]
	if !ok {
		c.ms.AddHint(e.Pos, DidYouMean(e.Key, slices.Sorted(maps.Keys(claims))), "no claim %q is declared by the issuer", e.Key)
		return t
	}
	v, ok := k.kind.ParseScalar(e.V.V)
	if !ok && k.clash == "" {
		c.ms.Add(e.V.Pos, "claim %q is %v, %q is not", e.Key, k.kind, e.V.V)
	} else if text, ok := textOf(v); ok && k.clash == "" {
		t.value = text
	}
	return t
}

// issuersOf returns the issuers whose callers the selectors are about, sorted.
// A selector that names none is about all of them.
func (c *compiler) issuersOf(selectors []selector) []string {
	var out []string
	for i := range selectors {
		s := &selectors[i]
		switch {
		case s.identity != nil && s.identity.Peer != "": // which claims nothing
		case s.identity != nil:
			out = append(out, s.identity.Issuer)
		case s.issuer != "":
			out = append(out, s.issuer)
		case s.anyKind || s.kind != Anonymous:
			out = append(out, slices.Collect(maps.Keys(c.env.Issuers))...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

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
