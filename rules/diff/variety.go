package diff

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// variety is in what callers of one identity differ, as far as rules can tell.
type variety struct {
	subjects, clients, purposes, scopes, peers, tenants set[string]
	bound                                               set[rules.Binding]
	addresses                                           set[netip.Addr]
	claims                                              []claim
}

type claim struct {
	name   string
	values []any
}

// dims are how many values there are, in the order in which callers reads them; a
// claim may be missing too.
func (v *variety) dims() []int {
	out := []int{
		len(v.subjects.list), len(v.clients.list), len(v.purposes.list), len(v.scopes.list),
		len(v.peers.list), len(v.bound.list), len(v.tenants.list), len(v.addresses.list),
	}
	for _, c := range v.claims {
		out = append(out, 1+len(c.values))
	}
	return out
}

// variety is what both versions write of callers of an identity, and of whatever else
// they are to one of them.
func (p *pass) variety(id *rules.Identity) *variety {
	v := new(variety)
	asked := make(map[string]*set[string])
	claimed := func(name string, words ...string) {
		if asked[name] == nil {
			asked[name] = new(set[string])
		}
		asked[name].add(words...)
	}
	v.purposes.add("")
	v.scopes.add("")
	v.bound.add(rules.NotBound)
	if id.Subject == "" && id.Issuer != "" {
		v.subjects.add(stranger)
	}
	for _, s := range p.sides {
		for _, other := range s.named(id) {
			v.like(other)
		}
	}
	kindred := p.kindred(id, v)
	for i, s := range p.sides {
		for _, other := range kindred[i] {
			v.also(other)
			for _, ask := range s.Set.Asks(other) {
				for _, name := range slices.Sorted(maps.Keys(ask.Claims)) {
					claimed(name, ask.Claims[name])
				}
				v.scopes.add(strings.Join(ask.Scopes, " "))
				if ask.Peer != "" {
					v.peers.add(someBelow(ask.Peer))
				}
			}
			for _, when := range s.Set.Conditions(other) {
				v.condition(when, id, claimed)
			}
		}
		if s.binds {
			v.bound.add(rules.ByKey)
		}
	}
	v.addresses.add(netip.Addr{})
	if p.purposeClaim(id.Issuer) == "" {
		v.purposes.list = v.purposes.list[:1]
	}
	if len(v.peers.list) == 0 || id.Workload == "" && id.Peer == "" {
		v.peers.list = append([]string{""}, v.peers.list...)
	} else if id.Peer == "" && kindred.anyPeer() {
		v.peers.add("")
	}
	if v.tenants.add(""); len(v.scopes.list) > 2 {
		v.scopes.add(strings.Join(v.scopes.list, " "))
	}
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		if values := p.values(id.Issuer, name, asked[name].list); len(values) > 0 {
			v.claims = append(v.claims, claim{name, values})
		}
	}
	return v
}

// like adds what an identity of this name says of who it is.
func (v *variety) like(id *rules.Identity) {
	if id.Subject != "" {
		v.subjects.add(id.Subject)
	}
	if id.Peer != "" {
		v.peers.add(id.Peer)
	}
	v.clients.add(id.Clients...)
}

// also adds what an identity says of its callers that may be.
func (v *variety) also(id *rules.Identity) {
	v.purposes.add(id.Purposes...)
	v.tenants.add(id.Tenant)
	if id.Workload != "" {
		v.peers.add(id.Workload)
	}
	for _, n := range id.Networks {
		v.addresses.add(n.Addr(), last(n))
	}
}

// condition adds what a condition compares callers with.
func (v *variety) condition(when string, id *rules.Identity, claimed func(string, ...string)) {
	if strings.Contains(when, "caller.subject") && id.Subject == "" {
		v.subjects.add(literals(when)...)
	}
	if strings.Contains(when, "caller.client_id") && len(id.Clients) == 0 {
		v.clients.add("")
		v.clients.add(literals(when)...)
	}
	if strings.Contains(when, "caller.scopes") {
		v.scopes.add(literals(when)...)
	}
	if strings.Contains(when, "caller.bound") {
		v.bound.add(rules.ByKey)
	}
	for _, m := range claims.FindAllStringSubmatch(when, -1) {
		claimed(m[1], literals(when)...)
	}
}

// values are those of a claim, in the kind that its issuer asserts; none where it
// may not assert it or has it fixed.
func (p *pass) values(issuer, name string, words []string) (out []any) {
	env := p.o.Issuers[issuer]
	if _, fixed := env.Fixed[name]; fixed {
		return nil
	}
	kind := env.Claims[name]
	if p.o.Issuers == nil {
		kind = rules.String
	}
	for _, v := range kindly(kind, words) {
		if v != nil {
			out = append(out, v)
		}
	}
	return out
}

// bindings reports whether it matters whether a token is bound.
func (s *side) bindings() bool {
	for i := range s.schema.Tiers {
		if s.schema.Tiers[i].Require.BoundToken {
			return true
		}
	}
	return slices.ContainsFunc(s.Source.Rules, func(d rules.RuleDecl) bool { return d.Require.BoundToken.V })
}

// someBelow is a peer as a selector asks for it.
func someBelow(peer string) string {
	if path, any := strings.CutSuffix(peer, "*"); any {
		return path + "any"
	}
	return peer
}
