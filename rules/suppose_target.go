package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// otherwise is what is supposed of a target beyond what it consists of.
type otherwise struct {
	tier       Tier // NoTier for its own
	categories *categories
}

// of puts what is supposed in the place of what is.
func (w *otherwise) of(g *grade) {
	if w.tier != NoTier {
		g.tier, g.from = w.tier, "supposed"
	}
	if w.categories != nil {
		g.categories, g.sure = *w.categories, yes
	}
}

// Actions sets the actions that are supposed, before anything is looked up: what a
// caller may do at all decides what is.
func (s *Suppose) Actions(targets []Target) error {
	return s.each(targets, func(v *whatIf, t *Target) (bool, error) {
		if v.key == "action" {
			t.Action, t.Upsert = v.value, false
			return true, nil
		}
		return false, nil
	}, func(v *whatIf) bool { return v.key == "action" })
}

// Targets changes what was looked up as it is supposed.
func (s *Suppose) Targets(schema *Schema, targets []Target) error {
	return s.each(targets, func(v *whatIf, t *Target) (bool, error) { return v.change(schema, t) },
		func(v *whatIf) bool { return v.ofTarget() && v.key != "action" })
}

// each applies the settings that are meant; one that changes no target is an error.
func (s *Suppose) each(targets []Target, apply func(*whatIf, *Target) (bool, error), meant func(*whatIf) bool) error {
	for i := range s.settings {
		v, found := &s.settings[i], false
		if !meant(v) {
			continue
		}
		for k := range targets {
			if v.target != 0 && v.target != k+1 {
				continue
			}
			changed, err := apply(v, &targets[k])
			if err != nil {
				return err
			}
			found = found || changed
		}
		switch {
		case !found && v.target > len(targets):
			return fmt.Errorf("the request has %d targets, none is target %d", len(targets), v.target)
		case !found:
			return fmt.Errorf("no object of the request has an attribute %q", strings.TrimPrefix(v.key, "object."))
		}
	}
	return nil
}

// change applies a setting to a target, and reports whether it has what it is about.
func (s *whatIf) change(schema *Schema, t *Target) (bool, error) {
	o := &t.Object
	name, ofParent := strings.CutPrefix(s.key, "object.parent.")
	switch {
	case s.key == "tier":
		tier, ok := schema.TierByName(s.value)
		if !ok {
			return false, fmt.Errorf("no tier %q; the tiers are %s", s.value, strings.Join(schema.tierNames(), ", "))
		}
		t.suppose(func(w *otherwise) { w.tier = tier })
	case s.key == "category":
		var all categories
		for _, word := range list(s.value) {
			i := slices.Index(schema.Categories, word)
			if i < 0 {
				return false, fmt.Errorf("no category %q %s", word, DidYouMean(word, schema.Categories))
			}
			all |= 1 << i
		}
		t.suppose(func(w *otherwise) { w.categories = &all })
	case s.key == "catalog_age":
		o.Age, _ = time.ParseDuration(s.value) // it was checked
		o.ParentAge = o.Age
	case s.key == "exists":
		if o.State = Absent; s.value == "true" {
			o.State = Stored
		}
	case s.key == "properties":
		t.Properties = list(s.value)
	case s.key == "object.id":
		o.ID = s.value
	case s.key == "object.parent.id":
		o.Parent, t.Unbounded = s.value, t.Unbounded && s.value == ""
		return o.Type.Parent != "", nil
	case ofParent:
		return s.attribute(o.Type.Above, name, &o.ParentAttributes, func() { o.ParentState = Stored })
	default:
		return s.attribute(o.Type, strings.TrimPrefix(s.key, "object."), &o.Attributes, func() { t.Unbounded = t.Unbounded && s.value == "" })
	}
	return true, nil
}

// attribute sets an attribute in a copy: the row's own values are the cache's.
func (s *whatIf) attribute(of *Type, name string, values *[]any, known func()) (bool, error) {
	if of == nil {
		return false, nil
	}
	slot := of.Slot(name)
	if slot < 0 {
		return false, nil
	}
	v, err := of.Attributes[slot].Kind.Parse(s.value)
	if err != nil {
		return false, fmt.Errorf("attribute %q: %w", name, err)
	}
	next := make([]any, len(of.Attributes))
	copy(next, *values)
	next[slot], *values = v, next
	known()
	return true, nil
}

func (t *Target) suppose(set func(*otherwise)) {
	w := otherwise{tier: NoTier}
	if t.otherwise != nil {
		w = *t.otherwise
	}
	set(&w)
	t.otherwise = &w
}

func (s *Schema) tierNames() (names []string) {
	for i := range s.Tiers {
		names = append(names, s.Tiers[i].Name)
	}
	return names
}
