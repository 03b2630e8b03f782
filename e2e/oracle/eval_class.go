package oracle

import (
	"fmt"
	"slices"
)

// Class is an entry of `classify:`.
type Class struct {
	When     *Cond
	Tier     string // "" for none
	Category []string
}

// usualCategories need no declaration.
var usualCategories = []string{"pii", "credential", "prompt", "config_secret"}

// classified is the part of section 4, step 4, about what the object says.
func (e *evaluation) classified(t *target) {
	certain := slices.Clone(t.categories)
	open := isTrue
	for i, c := range t.typ.Classify {
		holds := c.When.eval(func(name string) value { return e.ref(t, name) })
		if holds == isFalse {
			continue
		}
		e.reach(map[truth]string{isTrue: "classify: it holds", isUnknown: "classify: unknown", isMissing: "classify: absent", isFault: "classify: an error"}[holds])
		e.raise(t, c.Tier, fmt.Sprintf("classified %d", i+1))
		t.categories = append(t.categories, c.Category...)
		if holds == isTrue {
			certain = append(certain, c.Category...)
		} else if open == isTrue && len(c.Category) > 0 {
			open = holds
		}
	}
	t.sure = isTrue
	if !subset(t.categories, certain) {
		t.sure = open
	}
}

// within says whether a rule's `category` lets it be about a target.
func (e *evaluation) within(r *Rule, t *target) bool {
	switch {
	case !r.ByCategory:
		return true
	case r.Deny:
		return e.reachIf(slices.ContainsFunc(t.categories, func(c string) bool { return slices.Contains(r.Category, c) }), "category: of a deny rule")
	}
	return !e.reachIf(!subset(t.categories, r.Category), "category: outside of an allow rule's")
}

func subset(a, b []string) bool {
	return !slices.ContainsFunc(a, func(s string) bool { return !slices.Contains(b, s) })
}

// categoriesOf is a set as records have it.
func (w *World) categoriesOf(set []string) (out []string) {
	for _, name := range slices.Concat(usualCategories, w.Categories) {
		if slices.Contains(set, name) {
			out = append(out, name)
		}
	}
	return out
}
