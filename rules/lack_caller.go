package rules

import (
	"slices"
	"strings"
	"time"
)

// maxTries is how many identities, and how many other ways, are tried to meet a demand.
const maxTries = 24

// lacksCaller names the first member of the selector that comes nearest.
func (cl *clause) lacksCaller(f *facts) *Lack {
	best, most := &Lack{}, -1
	for i := range cl.selectors {
		if l, fit := cl.selectors[i].lack(f.caller); fit > most {
			best, most = l, fit
		}
	}
	best.Stage, best.says = stageCaller, "it is for "+cl.who()
	return best
}

// triesOfCaller are ways to become one of those that the rule is about.
func (cl *clause) triesOfCaller(s *Set, f *facts) (out [][]string) {
	for i := range cl.selectors {
		out = append(out, cl.selectors[i].tries(s, f)...)
	}
	slices.SortStableFunc(out, func(a, b []string) int { return len(a) - len(b) })
	return out
}

// lack names the first member that the caller does not fit, and how many it does.
func (s *selector) lack(c *Caller) (l *Lack, fit int) {
	v := c.Verified
	if v == nil {
		v = new(Verified)
	}
	add := func(ok bool, kind, name, want string, had []string) {
		switch {
		case ok:
			fit++
		case l == nil:
			l = &Lack{Kind: kind, Name: name, Want: given(want), Had: had}
		}
	}
	if s.identity != nil {
		add(c.Name() == s.identity.Name, "identity", "", s.identity.Name, given(c.Name()))
	}
	for _, g := range s.groups {
		add(c.Identity != nil && g.members[c.Name()], "group", "", g.name, given(c.Name()))
	}
	if !s.anyKind {
		add(c.Kind == s.kind, "kind", "", s.kind.String(), given(c.Kind.String()))
	}
	if s.issuer != "" {
		add(s.issuer == v.Issuer, "issuer", "", s.issuer, given(v.Issuer))
	}
	if s.environment != "" {
		had := ""
		if c.Identity != nil {
			had = c.Identity.Environment
		}
		add(had == s.environment, "environment", "", s.environment, given(had))
	}
	for _, t := range s.claims {
		add(claimHas(v.Claims[t.name], t.value), "claim", t.name, t.value, texts(v.Claims[t.name]))
	}
	for _, scope := range s.scopes {
		add(slices.Contains(v.Scopes, scope), "scope", "", scope, v.Scopes)
	}
	for _, w := range s.workloads {
		add(w.fits(c.Peer), "workload", "", w.String(), given(c.Peer))
	}
	for i := range s.but {
		add(!s.but[i].fits(c), "not", "", s.but[i].String(), nil)
	}
	add(!s.registered || c.Identity != nil, "identity", "", "any that is registered", nil)
	if l == nil { // every member fits, and yet nobody without a credential is meant
		l = &Lack{Kind: "credential"}
	}
	return l, fit
}

// tries are ways to become one of those that s is about: with another credential, or as
// somebody else.
func (s *selector) tries(set *Set, f *facts) (out [][]string) {
	if v := f.caller.Verified; v != nil && !v.Anonymous {
		if proofs := s.proofs(v, f.caller.Peer); len(proofs) > 0 {
			out = append(out, proofs)
		}
	}
	if !s.anyKind && s.kind == Anonymous {
		out = append(out, []string{"identity=anonymous"})
	}
	for _, id := range set.identities {
		if len(out) > maxTries {
			break
		}
		if s.about(id) {
			way := s.becoming(set, f, id)
			out = append(out, way)
			for _, client := range id.Clients[min(1, len(id.Clients)):] { // the first may be somebody else's as well
				out = append(out, append(slices.Clone(way), "client="+client))
			}
		}
	}
	if s.issuer != "" {
		v := &Verified{Issuer: s.issuer, Claims: set.issuers[s.issuer].Fixed}
		out = append(out, append([]string{"issuer=" + s.issuer}, s.proofs(v, "")...))
	}
	return out
}

// becoming is what it takes to call as an identity that s is about.
func (s *selector) becoming(set *Set, f *facts, id *Identity) []string {
	if f.user != nil && f.user != f.caller && f.user.Actor == f.caller { // it is the actor that is judged
		return append([]string{"actor=" + id.Name}, s.proofs(f.caller.Verified, f.caller.Peer)...)
	}
	out, peer := []string{"identity=" + id.Name}, id.Workload
	if id.Peer != "" {
		return out
	}
	if id.Subject == "" {
		subject := someone
		if v := f.caller.Verified; v != nil && v.Issuer == id.Issuer && v.Subject != "" {
			subject = v.Subject
		}
		out = append(out, "subject="+subject)
	}
	if at := withinOf(id); !at.IsZero() && id.Status == Active && !usableAt(id, f.req.Now) {
		out = append(out, "at="+stamp(at))
	}
	if len(id.Networks) > 0 && !InNetwork(f.req.ClientIP, id.Networks) {
		out = append(out, "ip="+inside(id.Networks[0]).String())
	}
	return append(out, s.proofs(newVerified(id.Issuer, set.issuers[id.Issuer], "", f.req.Now), peer)...)
}

// withinOf is a time at which an identity can be used.
func withinOf(id *Identity) time.Time {
	at := id.NotBefore
	for _, end := range []time.Time{id.Expires, id.Overdue} {
		if before := end.Add(-time.Second); !end.IsZero() && (at.IsZero() || before.Before(at)) {
			at = before
		}
	}
	return at
}

func usableAt(id *Identity, now time.Time) bool {
	return id.Status == Active && !now.Before(id.NotBefore) && !over(id.Expires, now) && !over(id.Overdue, now)
}

// proofs are the claims, scopes and the peer that somebody needs to fit s, beside those
// that are there.
func (s *selector) proofs(v *Verified, peer string) (out []string) {
	claims := make(map[string][]string)
	var order []string
	change := func(name string, values []string) {
		if _, seen := claims[name]; !seen {
			order = append(order, name)
		}
		claims[name] = values
	}
	has := func(name string) []string {
		if values, seen := claims[name]; seen {
			return values
		}
		return texts(v.Claims[name])
	}
	for _, t := range s.claims {
		if claimHas(v.Claims[t.name], t.value) {
			continue
		}
		if _, text := v.Claims[t.name].(string); text { // it has one value
			change(t.name, []string{t.value})
			continue
		}
		change(t.name, union(has(t.name), []string{t.value}))
	}
	scopes := union(v.Scopes, s.scopes)
	for i := range s.but {
		for _, t := range s.but[i].claims {
			if slices.Contains(has(t.name), t.value) {
				change(t.name, slices.DeleteFunc(slices.Clone(has(t.name)), func(have string) bool { return have == t.value }))
			}
		}
		scopes = slices.DeleteFunc(scopes, func(scope string) bool { return slices.Contains(s.but[i].scopes, scope) })
	}
	for _, name := range order {
		out = append(out, "claim."+name+"="+strings.Join(claims[name], ","))
	}
	if !slices.Equal(scopes, v.Scopes) {
		out = append(out, "scope="+strings.Join(scopes, ","))
	}
	return append(out, s.peers(peer)...)
}

// peers is the setting of a peer that s wants, where it wants another one.
func (s *selector) peers(peer string) []string {
	if !s.fitsPeer(peer) {
		for _, w := range s.workloads {
			id := w.id
			if w.below() {
				id += "x"
			}
			if s.fitsPeer(id) {
				return []string{"peer=" + id}
			}
		}
	}
	for i := range s.but {
		if len(s.but[i].workloads) > 0 && s.but[i].fitsPeer(peer) {
			return []string{"peer="}
		}
	}
	return nil
}

// texts are the texts of a value, or of the elements of a list.
func texts(v any) (out []string) {
	switch v := v.(type) {
	case nil:
		return nil
	case []string:
		return v
	case []int64:
		for _, n := range v {
			text, _ := textOf(n)
			out = append(out, text)
		}
		return out
	}
	if text, ok := textOf(v); ok {
		return []string{text}
	}
	return nil
}
