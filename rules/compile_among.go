package rules

import (
	"iter"
	"maps"
	"slices"
)

// possible yields the identities whose callers a selector can be about.
func (c *compiler) possible(s *selector) iter.Seq[*Identity] {
	return func(yield func(*Identity) bool) {
		switch {
		case s.identity != nil:
			if s.about(s.identity) {
				yield(s.identity)
			}
			return
		case len(s.groups) > 0: // and not all there are, of whom there may be many
			for _, name := range s.groups[0].sorted {
				if id := c.identities[name]; s.about(id) && !yield(id) {
					return
				}
			}
			return
		}
		for _, id := range c.set.identities {
			if s.about(id) && !yield(id) {
				return
			}
		}
	}
}

// among is what compiling wants to know of the identities that a selector can be about.
type among struct {
	first    *Identity // nil for none
	issuers  []string  // sorted
	byPeer   bool      // some are known by their peer alone
	bindable bool      // some are bound in some way, or their issuer's tokens are
}

// among looks at them, once for all selectors that are about the same ones: many
// rules have the same few, and there may be many identities.
func (c *compiler) among(s *selector) among {
	at := s.whom()
	known, ok := c.amongst[at]
	if !ok {
		known = c.lookAmong(s)
		c.amongst[at] = known
	}
	return known
}

func (c *compiler) lookAmong(s *selector) (out among) {
	issuers := make(map[string]bool)
	for id := range c.possible(s) {
		if out.first == nil {
			out.first = id
		}
		if id.Peer != "" {
			out.byPeer = true
		}
		if id.Issuer != "" {
			issuers[id.Issuer] = true
		}
		out.bindable = out.bindable || c.bindable(id)
	}
	out.issuers = slices.Sorted(maps.Keys(issuers))
	return out
}

// bindable reports whether an identity's callers are bound in some way, or its
// issuer's tokens are.
func (c *compiler) bindable(id *Identity) bool {
	return id.Workload != "" || id.Peer != "" || c.env.Issuers[id.Issuer].Binds
}
