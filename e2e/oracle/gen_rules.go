package oracle

import (
	"fmt"
	"slices"
	"time"
)

var actions = []string{"read", "list", "create", "update", "delete", "close", "touch", "debit", "credit", "receive"}

// ruleFiles are the files that hold rules. Their byte order is not that of a
// reader: upper case comes first.
var ruleFiles = []string{"Zebra.yaml", "allow.yaml", "rules-10.yaml", "rules-9.yaml"}

// rules draws rules so that most callers may do something, and many reasons occur.
func (g *generator) rules() {
	g.w.Managed = []string{"x-object-tenant", "x-caller", "x-role", "x-mark", "x-region", "x-level", "x-parent"}
	for _, t := range g.w.Types {
		if t.Name == "profile" {
			continue
		}
		g.wide(t)
		g.list(t)
		for range g.between(4, 6) {
			g.allow(t)
		}
		for range g.between(1, 2) {
			g.deny(t)
		}
	}
	g.special()
	usual := len(g.w.Rules)
	g.named()
	for i, r := range g.w.Rules {
		r.ID = fmt.Sprintf("rule-%d", i+1)
		if r.File = ruleFiles[i%len(ruleFiles)]; i < usual {
			r.File = pick(g, ruleFiles)
		}
	}
	slices.SortStableFunc(g.w.Rules, func(a, b *Rule) int {
		return slices.Index(ruleFiles, a.File) - slices.Index(ruleFiles, b.File)
	})
}

func (g *generator) add(r Rule) *Rule {
	g.w.Rules = append(g.w.Rules, &r)
	return &r
}

// wide gives two identities nearly everything on a type, so that each seed allows much.
func (g *generator) wide(t *Type) {
	for range 2 {
		who := []Selector{{Identity: g.identity()}}
		g.add(Rule{Who: who, To: slices.DeleteFunc(slices.Clone(actions), func(a string) bool { return a == "list" }), On: []string{t.Name}, UpTo: g.tierAt(-1),
			Set: g.mutations(t, who)})
	}
	g.add(Rule{Who: []Selector{{Identity: "agent-1"}, {Identity: "bot-2"}, {Identity: "agent-3"}}, To: some(g, actions, g.between(3, len(actions))), On: []string{t.Name}, UpTo: g.anyTier(),
		Set: g.mutations(t, nil)})
	g.add(Rule{Who: []Selector{{Identity: "boss"}}, To: []string{"*"}, On: []string{t.Name}, UpTo: g.tierAt(-1), Unbounded: g.chance(0.5)})
}

// list lets some identities list what the bounds of the request prove to be theirs.
func (g *generator) list(t *Type) {
	if len(t.Attributes) == 0 {
		return
	}
	r := Rule{To: []string{"list"}, On: []string{t.Name}, UpTo: g.tierAt(-1)}
	for _, kind := range []string{"own", "same", "when"} {
		one := r
		one.Who = []Selector{{Identity: g.identity()}, {Identity: g.identity()}}
		switch {
		case kind == "own" && pinsOneIssuer(g.w, one.Who):
			one.Own = "owner"
		case kind == "same" && g.pinsTenant(one.Who):
			one.Same = "tenant"
		default:
			one.When = g.cond(t, one.Who, 1)
		}
		g.add(one)
	}
	if t.Parent != "" {
		r.Who = []Selector{{Kind: "human"}, {Kind: "service"}}
		if g.chance(0.5) {
			within := r
			within.When = g.parentAtom(t)
			g.add(within)
		}
		r.When = &Cond{Op: "!=", A: ref("object.parent.id"), B: str(g.w.typ(t.Parent).IDStyle.id(g.r.IntN(20)))}
		g.add(r)
	}
}

func (g *generator) identity() string { return pick(g, g.w.Identities).Name }

// allow draws one allow rule on a type.
func (g *generator) allow(t *Type) {
	r := Rule{Who: []Selector{g.selector()}, To: some(g, actions, g.between(1, 5)), On: []string{t.Name}, UpTo: g.anyTier()}
	if g.chance(0.6) {
		r.UpTo = g.tierAt(-1)
	}
	if g.chance(0.2) {
		r.Who = append(r.Who, g.selector())
	}
	if g.chance(0.3) {
		r.For = some(g, purposes, g.between(1, 2))
	}
	if g.chance(0.25) {
		r.Require = g.require()
	}
	if g.chance(0.15) {
		r.ByCategory, r.Category = true, some(g, g.categories(), g.between(0, 3))
	}
	g.conditions(t, &r)
	if slices.Contains(r.To, "list") && r.Own == "" && r.Same == "" { // which an unbounded list never proves
		r.Unbounded = g.chance(0.3)
	}
	r.Set = g.mutations(t, r.Who)
	g.add(r)
}

func (g *generator) require() Require {
	return Require{
		MaxTokenAge: pick(g, []time.Duration{0, 5 * time.Minute, time.Hour}),
		MaxAuthAge:  pick(g, []time.Duration{0, 0, time.Hour}),
		BoundToken:  g.chance(0.1),
		Purpose:     g.chance(0.3),
	}
}

// conditions gives a rule none, one or more of own, same and when.
func (g *generator) conditions(t *Type, r *Rule) {
	if len(t.Attributes) == 0 || t.Source == nil && g.chance(0.6) { // without a catalog all is absent
		return
	}
	if g.chance(0.3) && pinsOneIssuer(g.w, r.Who) {
		r.Own = "owner"
		if _, ok := t.attribute("members"); ok && g.chance(0.5) {
			r.Own = "members"
		}
		if t.Parent != "" && g.chance(0.3) {
			r.Own = "parent.owner"
		}
	}
	if g.chance(0.3) && g.pinsTenant(r.Who) {
		r.Same = "tenant"
		if t.Parent != "" && g.chance(0.3) {
			r.Same = "parent.tenant"
		}
	}
	if g.chance(0.45) {
		r.When = g.cond(t, r.Who, 2)
	}
}

// pinsOneIssuer says whether every caller that the selectors mean comes from
// the same issuer: without that, subjects of two issuers could be mixed up.
func pinsOneIssuer(w *World, who []Selector) bool {
	issuer := ""
	for _, s := range who {
		at := s.Issuer
		for _, i := range w.Identities {
			if i.Name == s.Identity {
				at = i.Issuer
			}
		}
		if at == "" || issuer != "" && at != issuer {
			return false
		}
		issuer = at
	}
	return true
}

// pinsTenant says whether the tenant of every identity that the selectors name
// is pinned, by itself or by its issuer. Other selectors may mean callers of both sorts.
func (g *generator) pinsTenant(who []Selector) bool {
	for _, i := range g.w.Identities {
		named := slices.ContainsFunc(who, func(s Selector) bool { return s.Identity == i.Name })
		if named && i.Tenant == "" && i.Issuer != "partner" {
			return false
		}
	}
	return !g.tokenless(who)
}

// tokenless says whether a rule selects somebody who comes without a token, and
// so without claims.
func (g *generator) tokenless(who []Selector) bool {
	return slices.ContainsFunc(who, func(s Selector) bool {
		return s.Kind == "anonymous" || slices.ContainsFunc(g.w.Identities, func(i *Identity) bool { return i.Name == s.Identity && i.Peer != "" })
	})
}

func (g *generator) selector() Selector {
	switch g.r.IntN(10) {
	case 0:
		return Selector{Kind: "anonymous"}
	case 1:
		return Selector{Kind: pick(g, []string{"human", "service", "third-party", "workload", "agent"})}
	case 2:
		return Selector{Issuer: g.w.Issuers[g.between(1, 2)].Name}
	case 3:
		return Selector{Issuer: "corp", Claim: []FixedClaim{g.claim()}}
	case 4:
		return Selector{Kind: "human", Claim: []FixedClaim{g.claim()}}
	}
	return Selector{Identity: g.identity()}
}

func (g *generator) claim() FixedClaim {
	if g.chance(0.3) {
		return FixedClaim{"groups", pick(g, groups)}
	}
	return FixedClaim{"role", pick(g, roles)}
}

func (g *generator) typeWith(attribute string) *Type {
	for _, t := range g.w.Types {
		if _, ok := t.attribute(attribute); ok && t.Source != nil {
			return t
		}
	}
	return nil
}

// onBehalf has a name that PHP reads as another one.
var onBehalf = Mutation{Query: true, Name: "on.behalf", Value: []TemplatePart{{Ref: "caller.subject"}}}

// mutations draws what a rule sets. Two rules that set one name always use the
// same template, except that x-mark may be the object or the caller.
func (g *generator) mutations(t *Type, who []Selector) []Mutation {
	if !g.chance(0.4) {
		return nil
	}
	var out []Mutation
	set := func(name string, parts ...TemplatePart) { out = append(out, Mutation{Name: name, Value: parts}) }
	if _, ok := t.attribute("tenant"); ok && g.chance(0.5) {
		set("x-object-tenant", TemplatePart{Ref: "object.tenant"})
	}
	if !g.tokenless(who) {
		if g.chance(0.4) {
			set("x-caller", TemplatePart{Text: "id="}, TemplatePart{Ref: "caller.subject"})
		}
		if g.chance(0.1) {
			set("x-role", TemplatePart{Ref: "caller.claims.role"})
		}
	}
	if _, ok := t.attribute("region"); ok && g.chance(0.3) {
		set("x-region", TemplatePart{Ref: "object.region"})
	}
	if t.Parent != "" && g.chance(0.1) {
		set("x-parent", TemplatePart{Ref: "object.parent.tenant"})
	}
	if g.chance(0.15) {
		set("x-mark", TemplatePart{Ref: "object.id"})
	}
	if _, ok := t.attribute("level"); ok && g.chance(0.2) {
		set("x-level", TemplatePart{Text: "l"}, TemplatePart{Ref: "object.level"})
	}
	if g.chance(0.2) {
		out = append(out, Mutation{Query: true, Name: "view", Value: []TemplatePart{{Text: "of-"}, {Ref: "object.id"}}})
	}
	if !g.tokenless(who) && g.chance(0.3) {
		out = append(out, onBehalf)
	}
	return out
}

// deny draws one deny rule on a type, for records that exist and for lists.
func (g *generator) deny(t *Type) {
	r := Rule{Deny: true, Who: []Selector{g.selector()}, To: some(g, []string{"read", "list", "update", "delete", "close", "touch"}, g.between(1, 3)),
		On: []string{t.Name}}
	if g.chance(0.5) {
		r.FromTier = g.anyTier()
	}
	if g.chance(0.15) {
		r.For = some(g, purposes, 2)
	}
	if g.chance(0.2) {
		r.ByCategory, r.Category = true, some(g, g.categories(), g.between(1, 2))
	}
	if len(t.Attributes) > 0 {
		r.When = g.cond(t, r.Who, 1)
	}
	g.add(r)
}

// special adds what each seed must have once or twice.
func (g *generator) special() {
	first, second := g.w.Types[1], g.w.Types[2]
	g.add(Rule{Who: []Selector{{Kind: "anonymous"}}, To: []string{"read"}, On: []string{second.Name}, UpTo: g.tierAt(-2)})
	g.add(Rule{Who: []Selector{{Kind: "human"}, {Identity: "tools"}}, To: []string{"read", "list"}, On: []string{first.Name, second.Name},
		UpTo: g.tierAt(-1), Unbounded: true, Set: []Mutation{onBehalf}})
	g.add(Rule{Who: []Selector{{Identity: "people"}, {Identity: "tools"}}, To: []string{"close", "touch", "delete"}, On: []string{first.Name},
		UpTo: g.tierAt(-1), Own: "members"})
	for _, t := range []*Type{first, second} {
		g.add(Rule{Who: []Selector{{Kind: "human"}, {Kind: "service"}}, To: []string{"delete", "touch", "update", "credit"}, On: []string{t.Name},
			UpTo: g.tierAt(-1), ByCategory: true, Category: some(g, g.categories(), 2)})
		g.add(Rule{Who: []Selector{{Kind: "human"}, {Kind: "service"}}, To: []string{"close", "debit", "read"}, On: []string{t.Name},
			UpTo: g.tierAt(-1), When: g.inCategories()})
	}
	g.add(Rule{Who: []Selector{{Issuer: "third"}, {Identity: "robot"}}, To: []string{"close", "create"}, On: []string{second.Name}, UpTo: g.tierAt(-1),
		Require: Require{BoundToken: true}})
	g.add(Rule{Who: []Selector{{Identity: "meter"}}, To: []string{"read", "touch", "create", "update"}, On: []string{first.Name, second.Name}, UpTo: g.tierAt(-1),
		Require: Require{BoundToken: g.chance(0.5)}})
	g.add(Rule{Who: []Selector{{Identity: "meter"}}, To: []string{"delete", "close"}, On: []string{first.Name}, UpTo: g.tierAt(-1), Own: "owner"})
	g.add(Rule{Who: []Selector{{Identity: "keepers"}, {Identity: "lock"}}, To: []string{"*"}, On: []string{first.Name, second.Name}, UpTo: g.tierAt(-1),
		Require: Require{BoundToken: g.chance(0.7)}})
	g.add(Rule{Deny: true, Who: []Selector{{Identity: "boss"}, {Kind: "third-party"}}, To: []string{"touch"}, On: []string{first.Name}, FromTier: g.tierAt(0)})
	g.add(Rule{Deny: true, Who: []Selector{{Identity: "tools"}, {Identity: "billing-1"}}, To: []string{"list"}, On: []string{first.Name},
		When: &Cond{Op: "<=", A: ref("object.level"), B: number(4)}})
	g.add(Rule{Deny: true, Who: []Selector{{Issuer: "partner"}}, To: []string{"list"}, On: []string{first.Name},
		When: &Cond{Op: "==", A: ref("object.tenant"), B: str(pick(g, tenants))}})
	g.add(Rule{Who: []Selector{{Issuer: "third"}}, To: []string{"read", "update"}, On: []string{first.Name}, UpTo: g.tierAt(-1),
		For: some(g, purposes, 2), Require: Require{MaxTokenAge: time.Hour}})
	if t := g.typeWith("level"); t != nil { // an error where the level is 0
		level := &Cond{Op: "div", A: ref("object.level"), B: number(20)}
		g.add(Rule{Who: []Selector{{Issuer: "third"}}, To: []string{"read", "delete", "touch"}, On: []string{t.Name}, UpTo: g.tierAt(-1), When: level})
		g.add(Rule{Deny: true, Who: []Selector{{Kind: "service"}}, To: []string{"delete"}, On: []string{t.Name}, When: level})
	}
	g.add(Rule{Shadow: true, Deny: true, Who: []Selector{{Kind: "human"}}, To: []string{"*"}, On: []string{"*"}})
	g.add(Rule{Shadow: true, Who: []Selector{{Issuer: "corp"}}, To: []string{"*"}, On: []string{"*"}, UpTo: g.tierAt(-1), Unbounded: true})
	g.add(Rule{Who: []Selector{{Kind: "human"}, {Kind: "service"}}, To: []string{"read"}, On: []string{"profile", "repo", "file"}, UpTo: g.tierAt(-1),
		Set: []Mutation{{Name: "x-role", Value: []TemplatePart{{Ref: "caller.claims.role"}}}}})
	g.add(Rule{Who: []Selector{{Identity: "first-partner"}}, To: some(g, actions[1:], 6), On: []string{"*"}, UpTo: g.tierAt(-1), Unbounded: true,
		Set: []Mutation{{Name: "x-caller", Value: []TemplatePart{{Text: "id="}, {Ref: "caller.subject"}}}}})
}
