package oracle

import (
	"fmt"
	"slices"
	"time"
)

// narrows are rules that one key alone narrows. Each has an action of its own, so that
// few others let a request pass that the key does not.
var narrows = []func(g *generator, r *Rule, t *Type){
	func(_ *generator, r *Rule, _ *Type) { r.Require.BoundToken = true },
	func(_ *generator, r *Rule, _ *Type) { r.Require.MaxAuthAge = time.Hour },
	func(_ *generator, r *Rule, _ *Type) { r.Require.MaxTokenAge = time.Hour },
	func(_ *generator, r *Rule, _ *Type) { r.Require.Purpose = true },
	func(_ *generator, r *Rule, _ *Type) { r.Require.MTLS = true },
	func(_ *generator, r *Rule, _ *Type) { r.Require.Fresh = freshness },
	func(_ *generator, r *Rule, _ *Type) { r.Require.ACR = []string{"gold"} },
	func(_ *generator, r *Rule, _ *Type) { r.Require.AMR = []string{"hwk"} },
	func(_ *generator, r *Rule, _ *Type) { r.Require.Networks = elsewhere[:1] },
	func(_ *generator, r *Rule, _ *Type) { r.Same = "tenant" },
	func(_ *generator, r *Rule, _ *Type) { r.Who, r.Own = []Selector{{Issuer: "corp"}}, "owner" },
	func(_ *generator, r *Rule, _ *Type) { r.Who, r.Own = []Selector{{Issuer: "corp"}}, "parent.owner" },
	func(g *generator, r *Rule, t *Type) {
		for range 8 {
			r.Only = &Only{ID: append(r.Only.ids(), t.IDStyle.id(g.r.IntN(25)))}
		}
		slices.Sort(r.Only.ID)
		r.Only.ID = slices.Compact(r.Only.ID)
	},
	func(g *generator, r *Rule, _ *Type) { r.Only = &Only{Parent: some(g, g.customers(), 8)} },
	func(g *generator, r *Rule, _ *Type) { r.Only = &Only{Label: []Label{{"tenant", some(g, tenants, 2)}}} },
	func(_ *generator, r *Rule, t *Type) { // all but what properties have
		r.ByCategory, r.Category = true, slices.Clone(t.Category)
		for _, c := range t.Classify {
			r.Category = append(r.Category, c.Category...)
		}
		slices.Sort(r.Category)
		r.Category = slices.Compact(r.Category)
	},
	func(g *generator, r *Rule, _ *Type) { r.For = some(g, purposes, 2) },
	func(_ *generator, r *Rule, _ *Type) { r.Ask = &Ask{"x-case", "case"} },
	func(g *generator, r *Rule, _ *Type) { r.UpTo = g.tierAt(0) },
	func(_ *generator, r *Rule, _ *Type) { r.Review = -3 },
	func(_ *generator, r *Rule, t *Type) {
		if _, ok := t.attribute("region"); ok {
			r.Set = []Mutation{{Name: "x-region", Value: []TemplatePart{{Ref: "object.region"}}}}
		}
	},
}

func (o *Only) ids() []string {
	if o == nil {
		return nil
	}
	return o.ID
}

// narrow adds some of them, each with the line that asks for its action, and may be in
// the file of a team, in the layer below the top one.
func (g *generator) narrow() {
	g = g.apart(0x6e6172726f77)
	t, h := g.w.Types[1], g.w.Hosts[1] // it has a parent, and rows
	file := ruleFiles[len(ruleFiles)-1]
	team := Team{Name: "one", File: "teams/one.yaml", UpTo: g.tierAt(-1), Types: []string{t.Name}, Hosts: []string{h.Name}, Catalogs: []string{t.Source.Name}, Headers: []string{"x-region", "x-case"}}
	if g.chance(0.5) {
		file = team.File
	}
	g.unnarrowed(t, h)
	for _, n := range append(some(g, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, 8), 20) {
		action := fmt.Sprintf("only-%d", n)
		l := line("GET", fmt.Sprintf("/v1/only/%d/{id}", n), object(action, t.Name, inPath("id")))
		l.Fields = len(t.Properties) > 0
		h.Lines, g.w.Weighed = append(h.Lines, l), append(g.w.Weighed, action)
		who := []Selector{{Kind: "human"}, {Kind: "service"}, {Kind: "third-party"}, {Kind: "agent"}, {Kind: "workload"}}
		team.Actions = append(team.Actions, action)
		r := Rule{ID: action, File: file, Who: who, To: []string{action}, On: []string{t.Name}, UpTo: g.tierAt(-1)}
		narrows[n](g, &r, t)
		g.add(r)
	}
	if file == team.File {
		g.w.Teams = []Team{team}
	}
}

// unnarrowed adds a batch that is soon too long, and what nothing classifies but an action.
func (g *generator) unnarrowed(t *Type, h *Host) {
	few := line("POST", "/v1/few", object("delete", t.Name, Capture{In: "body", Body: []string{"ids"}, Each: 0}))
	few.Max = 2
	h.Lines = append(h.Lines, few)
	named := g.w.typ("file")
	named.Actions = append(named.Actions, ActionTier{"only-named", g.tierAt(0)})
	h.Lines = append(h.Lines, line("GET", "/v1/only/named/{id}", object("only-named", "file", inPath("id"))))
	g.add(Rule{ID: "only-named", File: ruleFiles[len(ruleFiles)-1], Who: []Selector{{Kind: "human"}, {Kind: "service"}}, To: []string{"only-named"}, On: []string{"file"}, UpTo: g.tierAt(-2)})
}

// narrow are the lines whose action one rule is about.
func (h *Host) narrow() []*Line {
	return slices.DeleteFunc(slices.Clone(h.Lines), func(l *Line) bool { return !l.narrow() })
}

func (l *Line) narrow() bool { return len(l.Path) > 1 && l.Path[1].Literal == "only" }

// rare are the lines of a host of which it has few of a kind.
func (h *Host) rare() []*Line {
	return append(h.narrow(), slices.DeleteFunc(slices.Clone(h.Lines), func(l *Line) bool {
		return !l.Exact && !l.Select && l.Max == 0 && l.Writes == "" && l.Bodies == nil && l.Stream == 0
	})...)
}
