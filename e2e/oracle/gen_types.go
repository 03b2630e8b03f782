package oracle

import "fmt"

// idStyle makes ids, and ids that its pattern refuses.
type idStyle int

const (
	letters idStyle = iota // AC1234
	digits                 // 1234; JSON integers are ids too
	slug                   // brave-otter-3
	free                   // anything
	grouped                // eu-3-otter7: its pattern names attributes
)

var idPatterns = [...]string{letters: `[A-Z]{2}[0-9]{4,6}`, digits: `[0-9]{1,9}`, slug: `[a-z][a-z0-9-]{0,30}`, free: "",
	grouped: `(?P<tenant>eu|us|ap|t-4)-(?P<level>[0-9]{1,2})-[a-z]+[0-9]*`}

// id returns the n-th id of a type.
func (s idStyle) id(n int) string {
	switch s {
	case letters:
		return fmt.Sprintf("%c%c%04d", 'A'+n%26, 'A'+n/7%26, 1000+n*37%9000)
	case digits:
		return fmt.Sprint(1000 + n*17)
	case slug:
		return fmt.Sprintf("%s-otter-%d", []string{"brave", "calm", "odd"}[n%3], n)
	case grouped:
		return fmt.Sprintf("%s-%d-otter%d", tenants[n%len(tenants)], n%6, n)
	default:
		return fmt.Sprintf([]string{"n%d", "Zoë %d", "a.b_%d", "x~%d"}[n%4], n)
	}
}

// badID returns an id that the pattern of the style refuses; free has none.
func (s idStyle) badID(g *generator) string {
	return pick(g, map[idStyle][]string{
		letters: {"ac1234", "AC12", "AC123456789", "AC1234x"},
		digits:  {"12a", "-5", "1234567890"},
		slug:    {"9lives", "Brave", "a_b"},
		grouped: {"eu-03-otter3", "no-3-otter3", "eu-otter3", "EU-3-otter3", "t-4-otter"},
	}[s])
}

var typePool = []string{"account", "invoice", "order", "ticket", "device", "ledger", "note"}

// types makes the customer that others belong to, a file without a catalog, and three to five more.
func (g *generator) types() {
	g.w.Categories = []string{"health"}
	customer := &Type{Name: "customer", IDStyle: digits, Attributes: []Attribute{{"tenant", "string"}, {"owner", "string"}},
		Properties: []Property{{Member: "ssn", Tier: g.tierAt(-1)}}, Writable: []Writable{{"update", []string{"phone", "ssn", "owner"}}}, Source: &Source{}}
	g.w.Types = append(g.w.Types, customer)
	for i, name := range some(g, typePool, g.between(3, 5)) {
		g.w.Types = append(g.w.Types, g.typ(name, i))
	}
	g.w.Types = append(g.w.Types, &Type{Name: "repo", IDStyle: free}, &Type{Name: "file", IDStyle: free}, &Type{Name: "profile", IDStyle: free})
	for _, t := range g.w.Types {
		t.IDPattern = idPatterns[t.IDStyle]
		if t.Source != nil {
			t.Source.Name = t.Name + "s"
			t.Source.Format = pick(g, []string{"csv", "jsonl", "yaml"})
			t.Source.Tiers, t.Source.Extra = g.chance(0.8), g.chance(0.3)
		}
		g.classify(t)
		g.classes(t)
	}
	g.share()
}

// share puts the rows of two types into one file, which then names their types.
func (g *generator) share() {
	var with []*Type
	for _, t := range g.w.Types {
		if t.Source != nil {
			with = append(with, t)
		}
	}
	if with = some(g, with, 2); len(with) < 2 || g.chance(0.4) {
		return
	}
	format := pick(g, []string{"jsonl", "yaml"})
	for _, t := range with {
		t.Source.Name, t.Source.Format, t.Source.Typed = "mixed", format, true
	}
}

// typ makes a type; the first ones have what every seed should show.
func (g *generator) typ(name string, n int) *Type {
	t := &Type{Name: name, IDStyle: idStyle(g.r.IntN(4)), Attributes: []Attribute{{"tenant", "string"}, {"owner", "string"}}}
	if n < 2 || g.chance(0.75) {
		t.Source = &Source{}
	}
	if n == 1 {
		t.IDStyle = grouped
		t.Attributes = append(t.Attributes, Attribute{"level", "int"})
		return g.rest(t, n, []Attribute{{"frozen", "bool"}, {"region", "string"}, {"members", "[string]"}, {"codes", "[int]"}})
	}
	if n == 0 || g.chance(0.4) {
		t.Parent = "customer"
	}
	if n == 0 {
		t.Attributes = append(t.Attributes, Attribute{"level", "int"}, Attribute{"members", "[string]"})
		return g.rest(t, n, []Attribute{{"frozen", "bool"}, {"region", "string"}, {"codes", "[int]"}})
	}
	return g.rest(t, n, []Attribute{{"frozen", "bool"}, {"level", "int"}, {"region", "string"}, {"members", "[string]"}, {"codes", "[int]"}})
}

// rest gives a type some extra attributes, and limits on its members.
func (g *generator) rest(t *Type, n int, extra []Attribute) *Type {
	t.Attributes = append(t.Attributes, some(g, extra, g.between(1, 3))...)
	if n == 0 || g.chance(0.4) {
		t.Properties = []Property{{Member: "ssn", Tier: g.tierAt(-1)}, {Member: "iban", Tier: g.tierAt(-2)}, {Member: "address.zip", Tier: g.tierAt(-1)}, {Member: "cards[].number", Tier: g.tierAt(-2)}}
	}
	if n < 2 || g.chance(0.4) {
		t.Writable = append(t.Writable, Writable{"update", []string{"phone", "email", "iban", "owner", "address.city", "cards[].limit"}})
	}
	if g.chance(0.3) {
		t.Writable = append(t.Writable, Writable{"create", []string{"phone", "email", "tenant", "ssn"}})
	}
	return t
}

// tierAt returns the name of a tier, counted from the top when negative.
func (g *generator) tierAt(i int) string {
	if i < 0 {
		i += len(g.w.Tiers)
	}
	return g.w.Tiers[i].Name
}

func (g *generator) anyTier() string { return pick(g, g.w.Tiers).Name }

func (g *generator) classify(t *Type) {
	if g.chance(0.7) {
		t.Tier = g.w.Tiers[g.r.IntN(len(g.w.Tiers)-1)].Name // the floor is seldom the top
	}
	if g.chance(0.4) {
		t.MaxRowTier = g.tierAt(-2)
		if g.w.tier(t.Tier) > g.w.tier(t.MaxRowTier) {
			t.MaxRowTier = t.Tier
		}
		if t.Source != nil && g.chance(0.7) { // without a place for them all rows are bad
			t.Source.Tiers = true
		}
	}
	if i := g.w.tier(t.MaxRowTier); i >= 0 && i+1 < len(g.w.Tiers) {
		t.above = g.tierAt(i + 1)
	}
	for _, a := range []string{"close", "list", "delete"} {
		if g.chance(0.3) {
			t.Actions = append(t.Actions, ActionTier{a, g.anyTier()})
		}
	}
}

// catalogs fills every source with rows; a few are bad.
func (g *generator) catalogs() {
	for _, t := range g.w.Types {
		if t.Source == nil {
			continue
		}
		for n := range g.between(25, 45) {
			t.Source.Rows = append(t.Source.Rows, g.row(t, n))
		}
	}
}

func (g *generator) row(t *Type, n int) *Row {
	r := &Row{ID: t.IDStyle.id(n), Values: map[string]any{}}
	mustHave := t.Source.Format == "csv" && t.Tier == "" // an empty cell is a fault where nothing else classifies
	if t.Source.Tiers && (mustHave || g.chance(0.6)) {
		top := len(g.w.Tiers) - 1
		if t.MaxRowTier != "" {
			top = g.w.tier(t.MaxRowTier)
		}
		r.Tier = g.w.Tiers[g.r.IntN(top+1)].Name
	}
	if t.Parent != "" && g.chance(0.9) {
		r.Parent = g.w.typ(t.Parent).IDStyle.id(g.r.IntN(pick(g, []int{20, 20, 20, 100}))) // some have no row
	}
	for _, a := range t.Attributes {
		if g.chance(0.92) {
			r.Values[a.Name] = g.attributeValue(a)
		}
		if a.Kind == "string" && t.Source.Format != "csv" && g.chance(0.03) { // an empty CSV cell is absent
			r.Values[a.Name] = ""
		}
	}
	g.agree(t, r)
	r.Nulls = g.chance(0.3)
	if g.chance(0.06) {
		g.spoil(t, r)
	}
	return r
}

// agree lets a row say of the attributes in its id what the id says, nothing, or
// now and then something else.
func (g *generator) agree(t *Type, r *Row) {
	said := t.inID(r.ID)
	for _, name := range sortedKeys(said) {
		if r.Values[name] = said[name]; g.chance(0.4) {
			delete(r.Values, name)
		}
	}
	if t.IDStyle == grouped && g.chance(0.04) {
		r.Values["level"], r.Bad = int64(17), "not what the id says"
	}
}

func (g *generator) attributeValue(a Attribute) any {
	switch a.Name {
	case "tenant":
		return pick(g, tenants)
	case "owner":
		if g.chance(0.06) {
			return meter
		}
		return g.subject()
	case "frozen":
		return g.chance(0.3)
	case "level":
		return int64(g.r.IntN(6))
	case "codes":
		list := make([]int64, g.between(1, 3))
		for i := range list {
			list[i] = int64(g.r.IntN(5))
		}
		return list
	case "members":
		list := make([]string, g.between(1, 3))
		for i := range list {
			list[i] = g.subject()
		}
		return list
	}
	return pick(g, []string{"north", "south", "east", "west", "Åre", "ring\a"}) // the last has a control byte, which no header may
}

// subject returns a subject that some token may name.
func (g *generator) subject() string {
	if g.chance(0.1) {
		return pick(g, g.w.issuer("vault").Subjects)
	}
	return pick(g, g.w.Issuers[g.r.IntN(3)].Subjects)
}

// spoil makes a row bad in one of the ways that a source can be wrong.
func (g *generator) spoil(t *Type, r *Row) {
	ways := []string{"twice"}
	if t.Source.Tiers {
		ways = append(ways, "tier")
		if t.Tier == "" {
			ways = append(ways, "no tier")
		}
		if t.above != "" {
			ways = append(ways, "above", "above")
		}
	}
	if _, ok := t.attribute("level"); ok {
		ways = append(ways, "kind", "kind")
	}
	if r.Bad = pick(g, ways); r.Bad == "no tier" {
		r.Tier = ""
	}
}
