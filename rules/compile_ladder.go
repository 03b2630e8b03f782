package rules

import (
	"net/netip"
	"slices"
)

// ladder checks that no tier demands less than one below it: only a target's own
// tier demands something, so raising an object's tier would then allow more.
func (c *compiler) ladder(s *Schema) {
	for high := range s.Tiers {
		t := &s.Tiers[high]
		c.quiet(t.Pos, func() {
			for low := range high {
				if what := t.Require.lacks(&s.Tiers[low].Require); what != "" {
					c.ms.AddHint(t.Pos, "only the target's own tier demands something: repeat "+what+" here, or demand more of it",
						"tier %q demands less than %q below it: raising an object to it would allow more", t.Name, s.Tiers[low].Name)
					return
				}
			}
		})
	}
}

// lacks names the first demand of another that r does not make at least as
// strictly; "" when it makes all.
func (r *Require) lacks(of *Require) string {
	longer := func(mine, theirs int64) bool { return theirs > 0 && (mine == 0 || mine > theirs) }
	outside := func(p netip.Prefix) bool {
		return !slices.ContainsFunc(of.Networks, func(q netip.Prefix) bool { return q.Bits() <= p.Bits() && q.Contains(p.Addr()) })
	}
	switch {
	case longer(r.MaxTokenAge, of.MaxTokenAge):
		return "max_token_age"
	case longer(r.MaxAuthAge, of.MaxAuthAge):
		return "max_auth_age"
	case of.BoundToken && !r.BoundToken:
		return "bound_token"
	case of.Purpose && !r.Purpose:
		return "purpose"
	case of.MTLS && !r.MTLS:
		return "mtls"
	case len(of.Networks) > 0 && (len(r.Networks) == 0 || slices.ContainsFunc(r.Networks, outside)):
		return "network"
	case len(of.ACR) > 0 && (len(r.ACR) == 0 || !containsAll(of.ACR, r.ACR)):
		return "acr"
	case !containsAll(r.AMR, of.AMR):
		return "amr"
	case longer(int64(r.Fresh), int64(of.Fresh)):
		return "fresh_catalog"
	}
	return ""
}
