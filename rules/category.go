package rules

import (
	"maps"
	"math/bits"
	"slices"
)

// usualCategories need no declaration.
var usualCategories = []string{"pii", "credential", "prompt", "config_secret"}

// maxCategories is how many a set can hold.
const maxCategories = 64

// categories is a set of data categories, by their place in Schema.Categories.
type categories uint64

// within reports whether every category of the set is in another.
func (k categories) within(other categories) bool { return k&^other == 0 }

// names are the categories of a set, as they are declared. For a set that a type
// has by itself this allocates nothing.
func (s *Schema) names(t *Type, k categories) []string {
	if k == t.category {
		return t.categoryNames
	}
	return s.spell(k)
}

func (s *Schema) spell(k categories) []string {
	if k == 0 {
		return nil
	}
	out := make([]string, 0, bits.OnesCount64(uint64(k)))
	for i, name := range s.Categories {
		if k&(1<<i) != 0 {
			out = append(out, name)
		}
	}
	return out
}

// ofProperties are the categories of all properties that the paths touch.
func (t *Type) ofProperties(paths []string) (all categories) {
	if len(t.propertyCategory) == 0 {
		return 0
	}
	for _, path := range paths {
		for p, k := range t.propertyCategory {
			if touches(path, p) {
				all |= k
			}
		}
	}
	return all
}

// possible are the categories that an object of a type can have.
func (t *Type) possible() categories {
	all := t.category
	for _, k := range t.propertyCategory {
		all |= k
	}
	for i := range t.classes {
		all |= t.classes[i].categories
	}
	return all
}

// categoriesOf reads the names of categories that something has.
func (c *compiler) categoriesOf(s *Schema, list []At[string]) (all categories) {
	for _, at := range list {
		i := slices.Index(s.Categories, at.V)
		if i < 0 {
			c.unknownCategory(s, at)
			continue
		}
		if i < maxCategories {
			all |= 1 << i
		}
	}
	return all
}

func (c *compiler) unknownCategory(s *Schema, at At[string]) {
	hint := DidYouMean(at.V, s.Categories)
	if hint == "" {
		hint = "declare it under categories:"
	}
	c.ms.AddHint(at.Pos, hint, "unknown category %q", at.V)
}

// declaredCategories are the usual ones and those of the policy's own.
func (c *compiler) declaredCategories(s *Schema) {
	s.Categories = slices.Clone(usualCategories)
	first := make(map[string]Pos)
	for _, at := range c.src.Categories {
		switch {
		case !c.name("category", at, at.Pos, first):
		case slices.Contains(usualCategories, at.V):
			c.ms.Add(at.Pos, "category %q is a usual one and need not be declared", at.V)
		case len(s.Categories) == maxCategories:
			c.ms.Add(at.Pos, "more than %d categories, with the usual ones", maxCategories)
			return
		default:
			s.Categories = append(s.Categories, at.V)
		}
	}
}

// categorise reads the categories of a type and of its properties.
func (c *compiler) categorise(s *Schema, t *Type, d *ObjectDecl) {
	t.category = c.categoriesOf(s, d.Category)
	t.categoryNames = s.spell(t.category)
	t.propertyCategory = make(map[string]categories)
	for _, e := range d.Properties {
		if k := c.categoriesOf(s, e.V.Category); k != 0 {
			t.propertyCategory[e.Key] = k
		}
	}
}

// ruleCategory reads `category` of a rule: all that the target has must be in an
// allow rule's, and one of them in a deny rule's.
func (c *compiler) ruleCategory(r *rule) {
	d := &r.decl.Category
	if !d.given() {
		return
	}
	s, said := c.set.schema, len(c.ms)
	r.byCategory, r.category = true, c.categoriesOf(s, d.List)
	if r.effect == Deny && len(d.List) == 0 {
		c.ms.AddHint(d.Pos, "leave it out for a rule about all of them", "a deny rule for no category denies nothing")
		return
	}
	types := r.types
	if names(r.decl.On, anything) {
		types = slices.Collect(maps.Values(s.Types))
	}
	useless := func(t *Type) bool {
		if r.effect == Allow {
			return !t.category.within(r.category)
		}
		return t.possible()&r.category == 0
	}
	if len(types) > 0 && len(c.ms) == said && !slices.ContainsFunc(types, func(t *Type) bool { return !useless(t) }) {
		what := "nothing that it is on has one of these categories"
		if r.effect == Allow {
			what = "everything that it is on has another category, too"
		}
		c.warnings.Add(d.Pos, "the rule never applies: %s", what)
	}
}

// misses reports whether a rule's `category` keeps it off a target that has some.
func (r *rule) misses(has categories) bool {
	switch {
	case !r.byCategory:
		return false
	case r.effect == Allow:
		return !has.within(r.category)
	}
	return has&r.category == 0
}
