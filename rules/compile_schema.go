package rules

import (
	"maps"
	"regexp"
	"slices"
)

// usualWeights are the actions that need no declaration and their weights in
// the blast radius.
var usualWeights = map[string]int{"read": 1, "list": 2, "create": 2, "update": 4, "delete": 8, "admin": 16}

// maxTiers keeps a Tier within its int8 with room to spare.
const maxTiers = 64

// schema compiles tiers, weights and objects.
func (c *compiler) schema() *Schema {
	s := &Schema{Types: make(map[string]*Type, len(c.src.Objects)), Weights: maps.Clone(usualWeights)}
	first := make(map[string]Pos)
	for i := range c.src.Tiers {
		d := &c.src.Tiers[i]
		c.quiet(d.Pos, func() {
			if c.name("tier", d.Name, d.Pos, first) {
				s.Tiers = append(s.Tiers, TierInfo{Pos: d.Pos, Name: d.Name.V, Require: c.require(&d.Require, "tier "+d.Name.V), Trial: c.tried(d), Justify: c.justifiable(d)})
			}
		})
	}
	switch {
	case len(c.src.Tiers) == 0:
		at := Pos{} // of no file, where there is none
		if len(c.src.Files) > 0 {
			at = Pos{c.src.Files[0].Path, 1, 1}
		}
		c.ms.AddHint(at, "write a section tiers:, low to high, in this file or another", "no tiers are declared")
	case len(c.src.Tiers) > maxTiers:
		c.ms.Add(c.src.Tiers[maxTiers].Pos, "more than %d tiers", maxTiers)
	}
	// What is not said is the strict reading: unclassified is the highest, broad
	// begins above the lowest.
	s.Unclassified, s.BroadAbove = Tier(min(len(s.Tiers), maxTiers)-1), 0
	if t := c.tier(s, c.src.Unclassified); t != NoTier {
		s.Unclassified = t
	}
	if t := c.tier(s, c.src.BroadAbove); t != NoTier {
		s.BroadAbove = t
	}
	c.ladder(s)
	c.weights(s)
	c.declaredCategories(s)
	types := make(map[string]Pos)
	for i := range c.src.Objects {
		d := &c.src.Objects[i]
		c.quiet(d.Pos, func() {
			if c.name("type", d.Type, d.Pos, types) {
				s.Types[d.Type.V] = c.object(s, d)
			}
		})
	}
	c.parents(s)
	c.classify(s)
	return s
}

// parents joins the types with those of their parents.
func (c *compiler) parents(s *Schema) {
	for _, t := range s.Types {
		t.Above = s.Types[t.Parent]
	}
	for i := range c.src.Objects {
		if p := c.src.Objects[i].Parent; p.given() && s.Types[p.V] == nil {
			c.unknownAmong("type", p, maps.Keys(s.Types))
		}
	}
}

func (c *compiler) weights(s *Schema) {
	first := make(map[string]Pos)
	for _, e := range c.src.Weights {
		if c.name("weight", At[string]{e.Pos, e.Key}, e.Pos, first) {
			s.Weights[e.Key] = e.V.V
		}
		if e.V.V < 0 {
			c.ms.Add(e.V.Pos, "the weight of %q is %d, want 0 or more", e.Key, e.V.V)
		}
	}
}

func (c *compiler) object(s *Schema, d *ObjectDecl) *Type {
	t := &Type{
		Pos: d.Pos, Name: d.Type.V, Catalog: d.Catalog.V, Parent: d.Parent.V, Classified: NoTier,
		Tier: c.tier(s, d.Tier), MaxRowTier: c.tier(s, d.MaxRowTier), Shadow: c.shadows(d.Shadow, true),
	}
	t.RowTiers = t.MaxRowTier > t.Tier // NoTier is above none
	if t.MaxRowTier == NoTier {
		t.MaxRowTier = Tier(min(len(s.Tiers), maxTiers) - 1)
	} else if t.Tier > t.MaxRowTier {
		c.ms.Add(d.MaxRowTier.Pos, "max_row_tier %s is below the type's tier %s", d.MaxRowTier.V, d.Tier.V)
	}
	if d.Catalog.given() && !c.env.Partial && !slices.Contains(c.env.Catalogs, d.Catalog.V) {
		c.unknownWord("catalog", d.Catalog, c.env.Catalogs)
	}
	if d.ID.given() {
		t.ID = c.pattern("id", d.ID, "^(?:", ")$")
	}
	c.attributes(t, d.Attributes)
	c.categorise(s, t, d)
	c.idGroups(t, d.ID)
	t.Actions = make(map[string]Tier, len(d.Actions))
	for _, e := range d.Actions {
		if !word.MatchString(e.Key) {
			c.ms.Add(e.Pos, "%q is no name for an action", e.Key)
		}
		t.Actions[e.Key] = c.tier(s, e.V.Tier)
	}
	c.bodies(t, d)
	t.Properties = make(map[string]Tier, len(d.Properties))
	for _, e := range d.Properties {
		if !e.V.Tier.given() {
			c.ms.Add(e.Pos, "property %q has no tier", e.Key)
		}
		t.Properties[e.Key] = c.tier(s, e.V.Tier)
		c.propertyPath(e.Pos, e.Key)
	}
	t.Writable = make(map[string]map[string]bool, len(d.Writable))
	for _, e := range d.Writable {
		members := make(map[string]bool, len(e.V))
		for _, m := range e.V {
			members[m.V] = true
			c.propertyPath(m.Pos, m.V)
		}
		t.Writable[e.Key] = members
		if e.Key != "create" && e.Key != "update" {
			c.ms.AddHint(e.Pos, DidYouMean(e.Key, []string{"create", "update"}),
				"writable limits create and update only, not %q", e.Key)
		}
	}
	return t
}

// attributeName is what an attribute is called so that a condition can read it.
var attributeName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// reserved words cannot be members in CEL; the built-in columns are ours.
var (
	columns  = []string{"id", "type", "tier", "parent"}
	reserved = []string{"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in",
		"let", "loop", "namespace", "null", "package", "return", "true", "var", "void", "while"}
)

func (c *compiler) attributes(t *Type, decls Entries[KindDecl]) {
	for _, e := range decls {
		switch {
		case !attributeName.MatchString(e.Key) || slices.Contains(reserved, e.Key):
			c.ms.Add(e.Pos, "%q is no name for an attribute", e.Key)
		case slices.Contains(columns, e.Key):
			c.ms.Add(e.Pos, "attribute %q is a built-in column and need not be declared", e.Key)
		case e.Key == "categories":
			c.ms.Add(e.Pos, "object.categories is what the object's categories are, no attribute can have the name")
		default:
			t.Attributes = append(t.Attributes, Attribute{Name: e.Key, Kind: e.V.Kind})
		}
	}
}
