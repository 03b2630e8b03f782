package oracle

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// named adds rules that say who and what by groups, trees of selectors, names of
// conditions and `only`.
func (g *generator) named() {
	g = &generator{w: g.w, r: rand.New(rand.NewPCG(g.w.Seed, 0x6e616d6575))} // what else is drawn stays as it is
	for _, i := range g.w.Identities {
		i.Environment = map[string]string{"tools": "test", "billing-1": "prod", "billing-2": "prod", "people": "prod", "kiosks": "test"}[i.Name]
	}
	g.w.Groups = []Group{
		{"everybody", []string{"team", "machines", "first-partner"}, false}, {"team", []string{"people", "boss"}, true}, {"machines", []string{"billing-1", "billing-2", "robot", "tools"}, false},
	}
	g.w.ActionGroups = []ActionGroup{{"changes", []string{"update", "ends", "touch"}}, {"ends", []string{"delete", "close"}}, {"looks", []string{"read", "list"}}}
	first, second := g.w.Types[1], g.w.Types[2]
	theirs := Define{"theirs", &Cond{Op: "==", A: ref("object.owner"), B: ref("caller.subject")}}
	near := Define{"near", &Cond{Op: "or", Kids: []*Cond{theirs.named(), {Op: "==", A: ref("object.tenant"), B: str(pick(g, tenants))}}}}
	g.w.Defines = []Define{near, theirs}
	top := g.tierAt(-1)
	g.add(Rule{Who: []Selector{{Group: "team"}}, To: []string{"looks", "close"}, On: []string{first.Name}, UpTo: top, Own: "owner"})
	g.add(Rule{Who: []Selector{{Group: "everybody", Not: []Selector{{Identity: "boss"}, {Claim: []FixedClaim{g.claim()}}}}}, To: []string{"changes"}, On: []string{second.Name}, UpTo: top, When: near.named()})
	g.add(Rule{Deny: true, Who: []Selector{{Not: []Selector{{Group: "everybody"}, {Kind: "human"}}}}, To: []string{"ends"}, On: []string{first.Name}})
	g.add(Rule{Who: []Selector{{Scope: []string{"objects", "write"}}, {Issuer: "third", Scope: []string{"objects"}}}, To: []string{"changes", "read"}, On: []string{first.Name}, UpTo: top,
		When: &Cond{Op: "not", Kids: []*Cond{near.named()}}})
	g.add(Rule{Who: []Selector{{Workload: "spiffe://example.com/ns/robot"}, {Workload: "spiffe://example.com/*", Issuer: "corp"}}, To: []string{"touch", "read"}, On: []string{second.Name}, UpTo: top})
	g.add(Rule{Who: []Selector{{Environment: "prod"}}, To: []string{"list", "update"}, On: []string{first.Name, second.Name}, UpTo: top, Only: g.only(first, second)})
	g.add(Rule{Deny: true, Who: []Selector{{Environment: "test"}}, To: []string{"changes"}, On: []string{second.Name}, Only: g.only(second)})
	g.add(Rule{Who: []Selector{{AnyOf: []Selector{{Group: "machines"}, {AllOf: []Selector{{Kind: "human"}, {Claim: []FixedClaim{g.claim()}}}}}, Not: []Selector{{Environment: "test"}}},
		{AllOf: []Selector{{Issuer: "corp"}, {Not: []Selector{{Not: []Selector{{Claim: []FixedClaim{g.claim()}}}}}}}}},
		To: []string{"looks"}, On: []string{second.Name}, UpTo: top, Only: g.only(second)})
	ids := []string{first.IDStyle.id(1), first.IDStyle.id(5), first.IDStyle.id(9)}
	g.add(Rule{Who: []Selector{{Kind: "human"}, {Kind: "service"}, {Kind: "anonymous", Not: []Selector{{Workload: "spiffe://example.com/*"}}}}, To: []string{"read", "debit", "list"}, On: []string{first.Name},
		UpTo: top, Only: &Only{ID: ids}})
	g.add(Rule{Deny: true, Who: []Selector{{AnyOf: []Selector{{Kind: "human"}, {Kind: "agent"}}}}, To: []string{"touch", "debit"}, On: []string{first.Name}, Only: &Only{Parent: some(g, g.customers(), 5)}, Status: hidden})
}

// customers are ids of the type that others belong to.
func (g *generator) customers() (out []string) {
	for n := range 20 {
		out = append(out, g.w.typ("customer").IDStyle.id(n))
	}
	return out
}

// only draws what limits a rule to objects by what all of its types have.
func (g *generator) only(types ...*Type) *Only {
	o := &Only{Label: []Label{{"tenant", some(g, tenants, 2)}}}
	if g.chance(0.5) {
		id := []rune(types[0].IDStyle.id(g.between(1, 9)))
		o = &Only{Prefix: []string{string(id[:1]), "zz"}}
	}
	without := func(t *Type) bool { _, ok := t.attribute("members"); return !ok }
	if !slices.ContainsFunc(types, without) && g.chance(0.4) {
		o.Label = []Label{{"members", []string{g.subject(), g.subject(), g.subject()}}}
	}
	return o
}

// namesFile renders groups, action groups and defines.
func (w *World) namesFile(date func(int) string) string {
	var b strings.Builder
	b.WriteString("groups:\n")
	for _, group := range w.Groups {
		var f flow
		f.str("name", group.Name)
		f.list("members", group.Members)
		if group.Why {
			f.str("because", "They belong together.")
			f.str("owner", "team-oracle")
			f.raw("review_by", date(30))
		}
		b.WriteString("  - " + f.String() + "\n")
	}
	b.WriteString("action_groups:\n")
	for _, group := range w.ActionGroups {
		b.WriteString("  " + group.Name + ": " + quoteAll(group.Actions) + "\n")
	}
	b.WriteString("define:\n")
	for _, d := range w.Defines {
		b.WriteString("  " + d.Name + ": " + quote(d.Cond.String()) + "\n")
	}
	return b.String()
}

func (o *Only) render() *flow {
	var f, label flow
	if o == nil {
		return &f
	}
	f.list("id", o.ID)
	f.list("id_prefix", o.Prefix)
	f.list("parent", o.Parent)
	for _, l := range o.Label {
		label.list(l.Attr, l.Values)
	}
	f.sub("label", &label)
	return &f
}

func selectors(list []Selector) string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = s.render()
	}
	return "[" + strings.Join(out, ", ") + "]"
}
