package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// rules compiles every rule, in byte order of path and then position: the order
// in which they are tried and in which their `then` runs.
func (c *compiler) rules() {
	decls := make([]*RuleDecl, len(c.src.Rules))
	for i := range c.src.Rules {
		decls[i] = &c.src.Rules[i]
	}
	slices.SortStableFunc(decls, func(a, b *RuleDecl) int {
		switch {
		case a.Pos.Less(b.Pos):
			return -1
		case b.Pos.Less(a.Pos):
			return 1
		}
		return cmp.Compare(a.ID.V, b.ID.V)
	})
	first := make(map[string]Pos, len(decls))
	for i, d := range decls {
		c.quiet(d.Pos, func() {
			c.name("rule", d.ID, d.Pos, first)
			c.set.rules = append(c.set.rules, c.rule(d, i))
		})
	}
}

func (c *compiler) rule(d *RuleDecl, order int) *rule {
	r := &rule{decl: d, order: order, purposes: d.For.Values(), unbounded: d.Unbounded.V, require: c.require(&d.Require)}
	c.effect(r)
	c.scopeOf(r)
	c.limits(r)
	c.checkPurposes(r)
	c.clauses(r)
	c.broad(r)
	return r
}

// effect reads allow or deny, and the keys that only one of them has.
func (c *compiler) effect(r *rule) {
	d := r.decl
	allow, deny := d.Allow.Pos != Pos{}, d.Deny.Pos != Pos{}
	switch {
	case allow && deny:
		c.ms.Add(d.Deny.Pos, "a rule either allows or denies, this one also allows at %v", d.Allow.Pos)
	case !allow && !deny:
		c.ms.Add(d.Pos, "the rule says neither allow nor deny")
	}
	selectors := &d.Deny
	if allow {
		r.effect, selectors = Allow, &d.Allow
	}
	if d.Mode.given() && d.Mode.V != "shadow" {
		c.ms.AddHint(d.Mode.Pos, "leave mode out for a rule that is in force", "unknown mode %q, the only one is shadow", d.Mode.V)
	}
	r.shadow = d.Mode.V == "shadow"
	if (allow || deny) && len(selectors.List) == 0 {
		c.ms.Add(selectors.Pos, "the rule selects no callers")
	}
	for i := range selectors.List {
		r.selectors = append(r.selectors, c.selector(&selectors.List[i]))
	}
	if r.effect == Allow {
		c.misplaced(d.FromTier.Pos, "from_tier", "an allow rule has up_to")
		return
	}
	c.misplaced(d.UpTo.Pos, "up_to", "a deny rule has from_tier")
	c.misplaced(d.Require.Pos, "require", "a deny rule requires nothing")
	c.misplaced(d.Unbounded.Pos, "unbounded", "a deny rule covers every collection")
	c.misplaced(d.Then.Pos, "then", "what is denied is not changed")
}

func (c *compiler) misplaced(at Pos, key, hint string) {
	if at != (Pos{}) {
		c.ms.AddHint(at, hint, "%s has no meaning here", key)
	}
}

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
// that is not known.
func (c *compiler) claims(issuers []string) map[string]claimKind {
	if c.env.Partial {
		return nil
	}
	key := strings.Join(issuers, "\x00")
	if known, ok := c.claimsOf[key]; ok {
		return known
	}
	out := make(map[string]claimKind)
	c.claimsOf[key] = out
	for _, name := range issuers {
		env := c.env.Issuers[name]
		for claim, kind := range env.Claims {
			merge(out, claim, kind, name)
		}
		for claim, v := range env.Fixed {
			merge(out, claim, kindOfValue(v), name)
		}
	}
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

// scopeOf reads `to` and `on`.
func (c *compiler) scopeOf(r *rule) {
	d := r.decl
	if len(d.To) == 0 {
		c.ms.AddHint(d.Pos, "list the actions, such as to: [read]", "the rule does not say `to` which actions it applies")
	}
	for _, w := range d.To {
		if w.V != anything && !c.actions[w.V] {
			known := slices.Collect(maps.Keys(c.actions))
			hint := DidYouMean(w.V, slices.Sorted(slices.Values(known)))
			if hint == "" {
				hint = "no type declares it, no map line has it, it has no weight"
			}
			c.ms.AddHint(w.Pos, hint, "unknown action %q", w.V)
		}
	}
	if len(d.On) == 0 {
		c.ms.AddHint(d.Pos, "list the types, such as on: account", "the rule does not say `on` which types it applies")
	}
	for i, w := range d.On {
		switch t := c.set.schema.Types[w.V]; {
		case w.V == anything && len(d.On) > 1:
			c.ms.Add(w.Pos, "* is every type, the others add nothing")
		case w.V == anything:
		case t == nil:
			c.unknownWord("type", w, slices.Collect(maps.Keys(c.set.schema.Types)))
		case slices.Contains(r.types, t):
			c.ms.Add(w.Pos, "type %q is given twice", d.On[i].V)
		default:
			r.types = append(r.types, t)
		}
	}
}

// checkPurposes looks for misspelt ones. A purpose that nobody has is no mistake by
// itself: an issuer may map a claim to it.
func (c *compiler) checkPurposes(r *rule) {
	for _, p := range r.decl.For {
		if slices.Contains(c.purposes, p.V) {
			continue
		}
		if hint := DidYouMean(p.V, c.purposes); hint != "" {
			c.ms.AddHint(p.Pos, hint, "unknown purpose %q", p.V)
		}
	}
}

// limits reads up_to or from_tier.
func (c *compiler) limits(r *rule) {
	r.fromTier = NoTier
	if r.effect == Deny {
		r.fromTier = c.tier(c.set.schema, r.decl.FromTier)
		return
	}
	if !r.decl.UpTo.given() {
		c.ms.AddHint(r.decl.Pos, "up_to: the highest tier that it allows", "an allow rule must say up_to")
	}
	r.upTo = c.tier(c.set.schema, r.decl.UpTo)
}

// broad asks for a reason, an owner and a review where a rule gives rights to
// more than objects that it tells apart.
func (c *compiler) broad(r *rule) {
	d := r.decl
	if r.effect != Allow {
		return
	}
	if slices.Contains(d.To.Values(), anything) {
		r.broad = append(r.broad, "every action")
	}
	if slices.Contains(d.On.Values(), anything) {
		r.broad = append(r.broad, "every type")
	}
	if r.unbounded {
		r.broad = append(r.broad, "unbounded collections")
	}
	for _, t := range r.types {
		if top := min(r.upTo, c.set.schema.highest(t)); top > c.set.schema.BroadAbove && !r.narrow(c, t) {
			r.broad = append(r.broad, fmt.Sprintf("every %s up to %s", t.Name, c.set.schema.TierName(top)))
		}
	}
	if len(r.broad) == 0 {
		return
	}
	var lacks []string
	for _, need := range []struct {
		key   string
		given bool
	}{
		{"because", d.Because.V != ""}, {"owner", d.Owner.V != ""}, {"review_by", d.ReviewBy.given()},
	} {
		if !need.given {
			lacks = append(lacks, need.key)
		}
	}
	if len(lacks) > 0 {
		c.ms.AddHint(d.ID.or(d.Pos), "broad rights need because, owner and review_by",
			"the rule covers %s and has no %s", r.broad[0], strings.Join(lacks, ", no "))
	}
}

// highest is the highest tier that an object or a collection of a type can have.
func (s *Schema) highest(t *Type) Tier {
	top := max(t.Tier, t.MaxRowTier)
	for _, tier := range t.Actions {
		top = max(top, tier)
	}
	for _, tier := range t.Properties {
		top = max(top, tier)
	}
	if t.Tier == NoTier {
		top = max(top, s.Unclassified)
	}
	return top
}

// narrow reports whether the rule's conditions tell objects of t apart.
func (r *rule) narrow(c *compiler, t *Type) bool {
	d := r.decl
	if d.Own.given() || d.Same.given() {
		return true
	}
	when, ok := c.conditions[c.scope(r, t).key()+"\x01"+d.When.V]
	return ok && when.condition != nil && ofObject([]condition{*when.condition})
}
