package diff

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// who is a caller, as its token and its connection show it: each version
// recognises it by itself.
type who struct {
	name     string // the identity that it is made for
	evidence rules.Evidence
	request  rules.Request // where it comes from, and when
	words    []string      // what an object may have of it: its subject, its tenant
	trial    Trial
}

// stranger is a subject that nothing names.
const stranger = "someone"

// identities are those of both versions, the new ones first, then callers without
// one: whom each issuer vouches for, and who sends no credential.
func (p *pass) identities() (out []*rules.Identity) {
	type facts struct{ issuer, subject, clients, peer, workload string }
	var seen set[facts]
	issuers := make(map[string]bool)
	for name := range p.o.Issuers {
		issuers[name] = true
	}
	for _, s := range []*side{p.sides[1], p.sides[0]} {
		for _, id := range s.Set.Identities() {
			f := facts{id.Issuer, id.Subject, strings.Join(id.Clients, " "), id.Peer, id.Workload}
			issuers[id.Issuer] = true
			if !seen.has(f) {
				seen.add(f)
				out = append(out, id)
			}
		}
		for i := range s.Source.Rules {
			for _, sel := range slices.Concat(s.Source.Rules[i].Allow.List, s.Source.Rules[i].Deny.List) {
				issuers[sel.Issuer.V] = true
			}
		}
	}
	delete(issuers, "")
	for _, name := range sorted(issuers) {
		out = append(out, &rules.Identity{Name: "any other caller of " + name, Kind: rules.Unknown, Issuer: name})
	}
	return append(out, &rules.Identity{Name: "anonymous", Kind: rules.Anonymous})
}

// callers are those of an identity that rules can tell apart, the plainest first.
func (p *pass) callers(id *rules.Identity, now time.Time) (out []*who) {
	if p.varied != id {
		p.varied, p.various = id, p.variety(id)
	}
	v := p.various
	complete := spread(v.dims(), most, nil, func(at []int) {
		w := &who{name: id.Name, request: rules.Request{Now: now, ClientIP: v.addresses.list[at[7]]}}
		if id.Issuer == "" {
			w.evidence = rules.Evidence{Verified: &rules.Verified{Anonymous: true}, Peer: v.peers.list[at[4]]}
			w.words = words(w.evidence.Peer, id.Tenant, v.tenants.list[at[6]])
			w.trial = trialOf(w)
			out = append(out, w)
			return
		}
		token := &rules.Verified{
			Issuer: id.Issuer, Subject: v.subjects.list[at[0]], ClientID: v.clients.list[at[1]], Purpose: v.purposes.list[at[2]],
			Claims: map[string]any{}, Fixed: p.o.Issuers[id.Issuer].Fixed, IssuedAt: now, AuthTime: now, ExpiresAt: now.Add(time.Hour),
		}
		for k, n := range at[8:] {
			if n > 0 {
				token.Claims[v.claims[k].name] = v.claims[k].values[n-1]
			}
		}
		for name, value := range token.Fixed {
			token.Claims[name] = value
		}
		if n := at[3]; n > 0 {
			token.Scopes = strings.Fields(v.scopes.list[n])
		}
		w.evidence = rules.Evidence{Verified: token, Peer: v.peers.list[at[4]], Bound: v.bound.list[at[5]]}
		w.words = words(token.Subject, id.Tenant, v.tenants.list[at[6]])
		for _, value := range token.Fixed {
			if text, ok := value.(string); ok {
				w.words = append(w.words, text)
			}
		}
		w.trial = trialOf(w)
		w.trial.PurposeClaim = p.purposeClaim(id.Issuer)
		out = append(out, w)
	})
	if !complete {
		p.note("identity " + id.Name + ": claims, scopes, peers and subjects in more combinations than are tried")
	}
	return out
}

func words(list ...string) (out []string) {
	for _, w := range list {
		if w != "" && !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out
}

func (p *pass) purposeClaim(issuer string) string {
	if p.o.Issuers == nil {
		return "purpose"
	}
	return p.o.PurposeClaims[issuer]
}

// last is the highest address of a network.
func last(n netip.Prefix) netip.Addr {
	b := n.Masked().Addr().AsSlice()
	for i := n.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	addr, _ := netip.AddrFromSlice(b)
	return addr
}
