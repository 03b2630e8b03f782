package rules

import (
	"strings"
	"time"
)

// require compiles the demands of a tier or a rule; of says whose they are.
func (c *compiler) require(d *RequireDecl, of string) Require {
	return Require{
		MaxTokenAge: c.seconds("max_token_age", d.MaxTokenAge),
		MaxAuthAge:  c.seconds("max_auth_age", d.MaxAuthAge),
		BoundToken:  d.BoundToken.V,
		Purpose:     d.Purpose.V,
		MTLS:        d.MTLS.V,
		Networks:    c.networks(d.Network, of),
		ACR:         c.tokens("acr", d.ACR),
		AMR:         c.tokens("amr", d.AMR),
		Fresh:       time.Duration(c.seconds("fresh_catalog", d.FreshCatalog)) * time.Second,
	}
}

// seconds reads an age. Less than a second would read as no demand at all.
func (c *compiler) seconds(key string, at At[time.Duration]) int64 {
	if at.given() && (at.V < time.Second || at.V%time.Second != 0) {
		c.ms.Add(at.Pos, "%s is %v, want whole seconds and at least 1s", key, at.V)
	}
	return int64(at.V / time.Second)
}

// tokens reads values that are compared to the letter, and that a challenge lists
// with spaces between them and quotes around (RFC 9470 section 3).
func (c *compiler) tokens(key string, list Strings) []string {
	first := make(map[string]bool, len(list))
	for _, at := range list {
		c.exact(key, at, "list the values")
		odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '"' || r == '\\' }
		switch {
		case strings.ContainsFunc(at.V, odd):
			c.ms.AddHint(at.Pos, "visible ASCII without spaces, quotes and backslashes", "%s %q cannot be told to a client", key, at.V)
		case first[at.V]:
			c.ms.Add(at.Pos, "%s %q is given twice", key, at.V)
		}
		first[at.V] = true
	}
	if len(list) == 0 {
		return nil
	}
	return list.Values()
}

// tried compiles what a tier would demand if its require_shadow were in force. How
// fresh rows are is no demand to try: where it is in force they are read for it.
func (c *compiler) tried(d *TierDecl) Require {
	if at := d.RequireShadow.FreshCatalog; at.given() {
		c.ms.AddHint(at.Pos, "write it in require: rows are then read anew, and are as fresh as it says",
			"fresh_catalog cannot be tried in require_shadow, which reads nothing")
	}
	return c.require(&d.RequireShadow, "the trial of tier "+d.Name.V)
}

// freshness gives each type what is demanded of the age of its rows, by a tier that
// its objects can have or by a rule in force. A rule in shadow has no effect on
// look-ups; where it were in force its demand would be met, so it makes none.
func (c *compiler) freshness() {
	least := func(t *Type, demand time.Duration) {
		if demand > 0 && (t.Fresh == 0 || demand < t.Fresh) {
			t.Fresh = demand
		}
	}
	for _, r := range c.set.rules {
		if r.shadow {
			r.require.Fresh = 0
		}
	}
	s := c.set.schema
	for _, t := range s.Types {
		for tier := max(s.lowest(t), 0); int(tier) < len(s.Tiers) && tier <= s.Highest(t); tier++ {
			least(t, s.Tiers[tier].Require.Fresh)
		}
	}
	for _, r := range c.set.rules {
		if r.require.Fresh == 0 {
			continue
		}
		for _, cl := range r.clauses {
			if cl.typ != nil {
				least(cl.typ, r.require.Fresh)
				continue
			}
			for _, t := range s.Types {
				least(t, r.require.Fresh)
			}
		}
	}
}
