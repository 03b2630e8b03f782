package mutant

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/tiergate/tiergate/rules"
)

// types changes what is said of objects.
func (b *builder) types() {
	for i := range b.Source.Objects {
		o := objectMutants{b, i, &b.Source.Objects[i], b.schema.Types[b.Source.Objects[i].Type.V]}
		o.tiers()
		o.classes()
		o.categories()
		for k, e := range o.decl.Writable {
			idle := ""
			if !o.taken(e.Key) {
				idle = "no map line takes the action"
			}
			o.add(Mutant{Operator: dropWritable, Pos: e.Pos, Idle: idle},
				func(d *rules.ObjectDecl) { d.Writable = without(d.Writable, k) }, "any member may be written by %s", e.Key)
		}
		if at := o.decl.ID; at.V != "" {
			o.add(Mutant{Operator: dropPattern, Pos: at.Pos}, func(d *rules.ObjectDecl) { d.ID = rules.At[string]{} }, "any id")
		}
	}
}

// objectMutants changes one type.
type objectMutants struct {
	*builder
	i    int // in Source.Objects
	decl *rules.ObjectDecl
	typ  *rules.Type
}

func (o *objectMutants) add(m Mutant, change func(*rules.ObjectDecl), format string, args ...any) {
	i := o.i
	o.builder.add(m, func(s *rules.Source) {
		s.Objects = slices.Clone(s.Objects)
		change(&s.Objects[i])
	}, "%s: %s", o.decl.Type.V, fmt.Sprintf(format, args...))
}

// taken reports whether a map line takes the action on the type.
func (o *objectMutants) taken(action string) (is bool) {
	o.touched(func(e effect) { is = is || e.typ == o.typ && (e.action == action || action == "") })
	return is
}

// lower makes a mutant in which something of the type has the next lower tier.
func (o *objectMutants) lower(what string, at rules.At[string], action string, set func(*rules.ObjectDecl, string)) {
	name := o.tierBeside(at.V, -1)
	if name == "" {
		return
	}
	high, _ := o.schema.TierByName(at.V)
	idle := ""
	switch {
	case !o.taken(action):
		idle = "no map line brings it up"
	case !o.tierMatters(o.typ, high):
		idle = "nothing decides otherwise in " + name
	}
	o.add(Mutant{Operator: lowerTier, Pos: at.Pos, Idle: idle}, func(d *rules.ObjectDecl) { set(d, name) }, "%s %s, not %s", what, name, at.V)
}

func (o *objectMutants) tiers() {
	d := o.decl
	o.lower("tier", d.Tier, "", func(d *rules.ObjectDecl, name string) { d.Tier.V = name })
	o.rowCap()
	for k, e := range d.Actions {
		o.lower("action "+e.Key, e.V.Tier, e.Key, func(d *rules.ObjectDecl, name string) {
			d.Actions = slices.Clone(d.Actions)
			d.Actions[k].V.Tier.V = name
		})
	}
	for k, e := range d.Properties {
		o.lower("property "+e.Key, e.V.Tier, "", func(d *rules.ObjectDecl, name string) {
			d.Properties = slices.Clone(d.Properties)
			d.Properties[k].V.Tier.V = name
		})
	}
	for k, c := range d.Classify {
		o.lower("classified", c.Tier, "", func(d *rules.ObjectDecl, name string) {
			d.Classify = slices.Clone(d.Classify)
			d.Classify[k].Tier.V = name
		})
	}
}

// rowCap lowers max_row_tier: rows above it are refused, whatever their tier decides.
func (o *objectMutants) rowCap() {
	at := o.decl.MaxRowTier
	name, idle := o.tierBeside(at.V, -1), ""
	if name == "" {
		return
	}
	if !o.taken("") {
		idle = "no map line brings it up"
	}
	o.add(Mutant{Operator: lowerTier, Pos: at.Pos, Idle: idle},
		func(d *rules.ObjectDecl) { d.MaxRowTier.V = name }, "max_row_tier %s, not %s", name, at.V)
}

func (o *objectMutants) classes() {
	for k, c := range o.decl.Classify {
		o.add(Mutant{Operator: dropClass, Pos: c.Pos},
			func(d *rules.ObjectDecl) { d.Classify = without(d.Classify, k) }, "not classified when %s", c.When.V)
		for _, v := range rules.Variants(c.When.V) {
			op, what := vary(v)
			o.add(Mutant{Operator: op, Pos: c.When.Pos}, func(d *rules.ObjectDecl) {
				d.Classify = slices.Clone(d.Classify)
				d.Classify[k].When.V = v.Text
			}, "classified when %s", what)
		}
	}
}

func (o *objectMutants) categories() {
	for k, w := range o.decl.Category {
		o.add(Mutant{Operator: dropCategory, Pos: w.Pos},
			func(d *rules.ObjectDecl) { d.Category = without(d.Category, k) }, "not of category %s", w.V)
	}
	for i, e := range o.decl.Properties {
		for k, w := range e.V.Category {
			o.add(Mutant{Operator: dropCategory, Pos: w.Pos}, func(d *rules.ObjectDecl) {
				d.Properties = slices.Clone(d.Properties)
				d.Properties[i].V.Category = without(d.Properties[i].V.Category, k)
			}, "property %s not of category %s", e.Key, w.V)
		}
	}
	for i, c := range o.decl.Classify {
		for k, w := range c.Category {
			o.add(Mutant{Operator: dropCategory, Pos: w.Pos}, func(d *rules.ObjectDecl) {
				d.Classify = slices.Clone(d.Classify)
				d.Classify[i].Category = without(d.Classify[i].Category, k)
			}, "classified without category %s", w.V)
		}
	}
}

// tiers leaves out what tiers demand, and lowers what nothing classifies.
func (b *builder) tiers() {
	for i := range b.Source.Tiers {
		d := &b.Source.Tiers[i]
		for _, l := range leaves(reflect.ValueOf(*d), []string{"name", "require_shadow", "justify"}) {
			b.add(Mutant{Operator: dropDemand, Pos: l.pos}, func(s *rules.Source) {
				s.Tiers = slices.Clone(s.Tiers)
				l.drop(&s.Tiers[i])
			}, "tier %s without %s: %s", d.Name.V, l.name, l.says)
		}
	}
	at := b.Source.Unclassified
	if name := b.tierBeside(at.V, -1); name != "" {
		idle := "every type that map lines bring up has a tier"
		b.touched(func(e effect) {
			if e.typ.Tier == rules.NoTier {
				idle = ""
			}
		})
		b.add(Mutant{Operator: lowerTier, Pos: at.Pos, Idle: idle},
			func(s *rules.Source) { s.Unclassified.V = name }, "unclassified %s, not %s", name, at.V)
	}
}

// notFacts are the keys of an identity that do not limit it, or have an operator of their own.
var notFacts = []string{
	"name", "kind", "match.peer", "owner", "review_by", "shadow", "environment", "strip_credentials", "task", "needs", "groups",
}

// identities leaves out what limits them.
func (b *builder) identities() {
	for i := range b.Source.Identities {
		d := &b.Source.Identities[i]
		drop := func(operator string, l leaf) {
			b.add(Mutant{Operator: operator, Pos: l.pos}, func(s *rules.Source) {
				s.Identities = slices.Clone(s.Identities)
				l.drop(&s.Identities[i])
			}, "%s without %s: %s", d.Name.V, l.name, l.says)
		}
		for _, l := range leaves(reflect.ValueOf(*d), notFacts) {
			if l.name == "match.subject" || l.name == "match.client" {
				drop(widenMatch, l)
			} else if l.name != "match.issuer" {
				drop(dropFact, l)
			}
		}
	}
}

// groups take one of their members away from each.
func (b *builder) groups() {
	for i := range b.Source.Groups {
		d := &b.Source.Groups[i]
		for k, m := range d.Members {
			if len(d.Members) < 2 {
				break
			}
			b.add(Mutant{Operator: dropMember, Pos: m.Pos}, func(s *rules.Source) {
				s.Groups = slices.Clone(s.Groups)
				s.Groups[i].Members = without(s.Groups[i].Members, k)
			}, "group %s without %s", d.Name.V, m.V)
		}
	}
}

// defines changes the conditions that have names.
func (b *builder) defines() {
	for i, e := range b.Source.Define {
		for _, v := range rules.Variants(e.V.V) {
			op, what := vary(v)
			b.add(Mutant{Operator: op, Pos: e.V.Pos}, func(s *rules.Source) {
				s.Define = slices.Clone(s.Define)
				s.Define[i].V.V = v.Text
			}, "define %s: %s", e.Key, what)
		}
	}
}
