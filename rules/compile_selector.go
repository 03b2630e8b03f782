package rules

import (
	"iter"
	"maps"
	"slices"
	"strings"
)

// members compiles what stands in a selector itself, each as a selector of one
// member. around is what the selectors around it say, together with this one: whose
// claims these are depends on it.
func (c *compiler) members(d *Selector, around selector) (out []selector, within selector) {
	within = around
	add := func(s selector) { out = append(out, s) }
	for _, name := range c.named(d) {
		within.identity, within.groups = name.identity, append(slices.Clone(within.groups), name.groups...)
		add(name)
	}
	if d.Kind.given() {
		kind, ok := ParseCallerKind(d.Kind.V)
		if !ok {
			c.unknownWord("kind", d.Kind, []string{"anonymous", "human", "service", "workload", "third-party", "agent"})
		}
		within.kind, within.anyKind = kind, false
		add(selector{kind: kind})
		if ok && kind == Anonymous && d.wantsMore() {
			c.ms.Add(d.Pos, "an anonymous caller has no issuer and no claims, this selects nobody")
		}
	}
	if d.Issuer.given() {
		c.issuer(d.Issuer)
		within.issuer = d.Issuer.V
		add(selector{anyKind: true, issuer: d.Issuer.V})
	}
	for _, e := range d.Claim {
		add(selector{anyKind: true, claims: []claimTest{c.claim(&within, e)}})
	}
	for _, at := range d.Scope {
		c.scopeWord(at)
		add(selector{anyKind: true, scopes: []string{at.V}})
	}
	if d.Workload.given() {
		add(selector{anyKind: true, workloads: []workload{c.workloads(d.Workload)}})
	}
	if d.Environment.given() {
		c.environment(d.Environment)
		add(selector{anyKind: true, environment: d.Environment.V})
	}
	return out, within
}

// wantsMore reports whether a selector wants of a caller what only a credential gives.
func (d *Selector) wantsMore() bool {
	return d.Issuer.given() || len(d.Claim) > 0 || len(d.Scope) > 0
}

// named compiles the identity or group that a selector names, alone or by its key.
func (c *compiler) named(d *Selector) (out []selector) {
	if d.Name != "" {
		at := At[string]{d.Pos, d.Name}
		if c.groups[d.Name] != nil {
			return append(out, c.inGroup(at))
		}
		return append(out, c.isOne(at, c.nameable(), c.names()))
	}
	if at := d.Identity; at.given() {
		if c.groups[at.V] != nil {
			c.ms.AddHint(at.Pos, "write group: "+at.V, "%q is a group", at.V)
		}
		out = append(out, c.isOne(at, "identity", maps.Keys(c.identities)))
	}
	if at := d.Group; at.given() {
		switch {
		case c.groups[at.V] != nil:
		case c.identities[at.V] != nil:
			c.ms.AddHint(at.Pos, "write identity: "+at.V, "%q is an identity", at.V)
		default:
			c.unknownAmong("group", at, maps.Keys(c.groups))
		}
		out = append(out, c.inGroup(at))
	}
	return out
}

func (c *compiler) isOne(at At[string], what string, known iter.Seq[string]) selector {
	id := c.identities[at.V]
	if id == nil {
		if hint := foreignCaller(at.V); hint != "" && c.groups[at.V] == nil {
			c.ms.AddHint(at.Pos, hint, "unknown %s %q", what, at.V)
		} else if c.groups[at.V] == nil {
			c.unknownAmong(what, at, known)
		}
		id = &Identity{Name: at.V}
	}
	return selector{anyKind: true, identity: id}
}

func (c *compiler) inGroup(at At[string]) selector {
	g := c.groups[at.V]
	if g == nil {
		g = &group{name: at.V}
	}
	c.usedGroups[at.V] = true
	return selector{anyKind: true, groups: []*group{g}}
}

// scopeWord checks a scope, which is compared to the letter (RFC 6749 section 3.3).
func (c *compiler) scopeWord(at At[string]) {
	c.exact("scope", at, "leave scope out, then any will do, and none")
	if strings.Contains(strings.TrimSpace(at.V), " ") {
		c.ms.AddHint(at.Pos, "write a list, of which the token must have all", "scope %q holds a space, which divides scopes", at.V)
	}
}

// environment checks that some identity is of it: only these have one.
func (c *compiler) environment(at At[string]) {
	c.exact("environment", at, "leave environment out, then it is any")
	if at.V != "" && !c.environments[at.V] {
		c.unknownAmong("environment", at, maps.Keys(c.environments))
	}
}

// workloads checks a workload: one SPIFFE ID, or all that begin with a path and a slash.
func (c *compiler) workloads(at At[string]) workload {
	path, below := strings.CutSuffix(at.V, "/*")
	switch domain, ok := TrustDomain(path); {
	case !below:
		c.workload("workload", at)
		return workload{at.V}
	case !ok && !ValidTrustDomain(strings.TrimPrefix(path, spiffePrefix)) || !strings.HasPrefix(path, spiffePrefix):
		c.ms.AddHint(at.Pos, "spiffe://domain/path, or all below a path as spiffe://domain/path/*", "workload %q is no SPIFFE ID that a peer can have", at.V)
	default:
		if !ok {
			domain = strings.TrimPrefix(path, spiffePrefix)
		}
		c.trusted("workload", at, domain)
	}
	return workload{path + "/"}
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
		case s.onlyRegistered():
			out = append(out, c.among(s).issuers...)
		case s.anyKind || s.kind != Anonymous:
			out = slices.AppendSeq(out, maps.Keys(c.env.Issuers))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// onlyRegistered reports whether a selector is about some identities by what they
// are registered with.
func (s *selector) onlyRegistered() bool {
	return s.identity != nil || len(s.groups) > 0 || s.environment != ""
}
