package mutant

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/rules"
)

// What is said to be idle is proven: nothing that map lines bring up, in any tier
// that it can have, is decided otherwise. What cannot be shown so is left for the
// tests to notice.

// effect is something that a rule can decide: an action that a map line takes on a type.
type effect struct {
	action string
	typ    *rules.Type
	touch  *resolver.Touch
	line   *resolver.Operation
}

const anything = "*"

func lists(words rules.Strings, word string) bool {
	return slices.ContainsFunc(words, func(w rules.At[string]) bool { return w.V == word || w.V == anything })
}

// acts reports whether a rule's `to` has an action, by itself or in a group of actions.
func (b *builder) acts(to rules.Strings, action string) bool {
	return lists(to, action) || slices.ContainsFunc(b.Source.ActionGroups, func(g rules.Entry[rules.Strings]) bool {
		return slices.ContainsFunc(to, func(w rules.At[string]) bool { return w.V == g.Key }) && b.acts(g.V, action) // no group holds itself
	})
}

// touched calls f for each action that a map line takes on a type.
func (b *builder) touched(f func(effect)) {
	for _, line := range b.Lines {
		for i := range line.Touches {
			t := &line.Touches[i]
			if typ := b.schema.Types[t.Type]; typ != nil {
				f(effect{t.Action, typ, t, line})
			}
		}
	}
}

// effects are what the rule can decide if its `to` were action or its `on` were
// typ; "" leaves them as they are.
func (r *ruleMutants) effects(action, typ string) (out []effect) {
	to, on := r.decl.To, r.decl.On
	if action != "" {
		to = rules.Strings{{V: action}}
	}
	if typ != "" {
		on = rules.Strings{{V: typ}}
	}
	r.touched(func(e effect) {
		if r.acts(to, e.action) && lists(on, e.typ.Name) {
			out = append(out, e)
		}
	})
	return out
}

// idle is the reason why a change does not matter that spares everything for
// which same holds.
func (r *ruleMutants) idle(same func(effect) bool) string {
	all := r.effects("", "")
	switch {
	case len(all) == 0:
		return "no map line brings it up"
	case !slices.ContainsFunc(all, func(e effect) bool { return !same(e) }):
		return "nothing that map lines bring up is decided otherwise"
	}
	return ""
}

// moreActions are those that map lines take on the rule's types beside its own.
func (r *ruleMutants) moreActions() (out []string) {
	r.touched(func(e effect) {
		if lists(r.decl.On, e.typ.Name) && !r.acts(r.decl.To, e.action) {
			out = append(out, e.action)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// moreTypes are those on which map lines take the rule's actions beside its own.
func (r *ruleMutants) moreTypes() (out []string) {
	r.touched(func(e effect) {
		if r.acts(r.decl.To, e.action) && !lists(r.decl.On, e.typ.Name) {
			out = append(out, e.typ.Name)
		}
	})
	slices.Sort(out)
	return slices.Compact(out)
}

// redundant reports whether an effect is decided alike without the rule.
func (r *ruleMutants) redundant(e effect) bool {
	return r.decl.Then.Pos == rules.Pos{} && r.coveredBesides(e)
}

// coveredBesides reports whether another rule allows whatever this one allows, or
// would allow, of an effect. What that one changes in a request it changes anyway.
func (r *ruleMutants) coveredBesides(e effect) bool {
	d := r.decl
	if !r.allows() {
		return false
	}
	limits := leaves(reflect.ValueOf(*d), notLimits)
	upTo, _ := r.schema.TierByName(d.UpTo.V)
	for i := range r.Source.Rules {
		o := &r.Source.Rules[i]
		top, _ := r.schema.TierByName(o.UpTo.V)
		if i == r.i || o.Mode.V == "shadow" || o.Allow.Pos == (rules.Pos{}) ||
			top < upTo || !r.acts(o.To, e.action) || !lists(o.On, e.typ.Name) || d.Unbounded.V && !o.Unbounded.V {
			continue
		}
		if includes(o.Allow, d.Allow) && limitsNoMore(leaves(reflect.ValueOf(*o), notLimits), limits) {
			return true
		}
	}
	return false
}

// blocked reports whether every request that brings up an effect is denied to these
// callers for something else that the line does and that no rule allows them.
func (r *ruleMutants) blocked(e effect, callers []string) bool {
	either, some := false, false // of create|update one must be allowed
	for i := range e.line.Touches {
		x := &e.line.Touches[i]
		switch {
		case x == e.touch || x.Optional:
			some = some || x.Upsert
		case x.Upsert:
			either, some = true, some || r.mayAllow(x, callers)
		case !r.mayAllow(x, callers):
			return true
		}
	}
	return either && !some
}

// tooHigh reports whether whatever a map line brings up lies above the rule's limit.
func (r *ruleMutants) tooHigh(e effect) bool {
	upTo, _ := r.schema.TierByName(r.decl.UpTo.V)
	for tier := range r.possible(e) {
		if tier <= upTo {
			return false
		}
	}
	return r.allows()
}

// adds reports whether a right to an effect can allow any request that is denied without it.
func (r *ruleMutants) adds(e effect) bool {
	if r.coveredBesides(e) || r.tooHigh(e) {
		return false
	}
	callers, known := r.selected(r.decl.Allow.List...)
	return !r.allows() || !known || !r.blocked(e, callers)
}

// mayAllow reports whether some rule can allow a touch to one of the callers. The
// rule that is changed counts: it may now be about them.
func (r *ruleMutants) mayAllow(x *resolver.Touch, callers []string) bool {
	for i := range r.Source.Rules {
		o := &r.Source.Rules[i]
		if o.Allow.Pos == (rules.Pos{}) || o.Mode.V == "shadow" || !r.acts(o.To, x.Action) || !lists(o.On, x.Type) {
			continue
		}
		names, known := r.selected(o.Allow.List...)
		if i == r.i || !known || slices.ContainsFunc(names, func(n string) bool { return slices.Contains(callers, n) }) {
			return true
		}
	}
	return false
}

// needless is why it does not matter that the rule is about more callers.
func (r *ruleMutants) needless(before, after []rules.Selector) string {
	old, knownOld := r.selected(before...)
	all, known := r.selected(after...)
	if !knownOld || !known {
		return ""
	}
	more := slices.DeleteFunc(slices.Clone(all), func(n string) bool { return slices.Contains(old, n) })
	if len(more) == 0 {
		return "it selects the same identities"
	}
	if r.allows() && !slices.ContainsFunc(r.effects("", ""), func(e effect) bool { return !r.blocked(e, more) }) {
		return deniedAnyway
	}
	return ""
}

const deniedAnyway = "every request that brings it up is denied for something else"

// includes reports whether every selector of b is written in a.
func includes(a, b rules.Selectors) bool {
	return !slices.ContainsFunc(b.List, func(s rules.Selector) bool {
		return !slices.ContainsFunc(a.List, func(o rules.Selector) bool {
			return spelt(reflect.ValueOf(o)) == spelt(reflect.ValueOf(s))
		})
	})
}

// limitsNoMore reports whether each of a's limits is one of b's.
func limitsNoMore(a, b []leaf) bool {
	return !slices.ContainsFunc(a, func(l leaf) bool {
		return l.name != "unbounded" && !slices.ContainsFunc(b, func(o leaf) bool { return o.name == l.name && o.says == l.says })
	})
}

// idleKey is why a key can be left out: all that can meet it meets it anyway.
func (r *ruleMutants) idleKey(l *leaf) string {
	switch l.name {
	case "require.max_token_age":
		return r.idle(r.demandsAge)
	case "for":
		if r.onlyPurpose() {
			return "the identities have no other purpose"
		}
	}
	return ""
}

// demandsAge reports whether every tier that the rule reaches demands as young a token.
func (r *ruleMutants) demandsAge(e effect) bool {
	age := int64(r.decl.Require.MaxTokenAge.V / time.Second)
	upTo, _ := r.schema.TierByName(r.decl.UpTo.V)
	for tier := range r.possible(e) {
		if have := r.schema.Tiers[tier].Require.MaxTokenAge; tier <= upTo && (have == 0 || have > age) {
			return false
		}
	}
	return true
}

// onlyPurpose reports whether all whom the rule selects have just one purpose, and
// the rule lists it: then it is the purpose of each of their requests.
func (r *ruleMutants) onlyPurpose() bool {
	list := r.decl.Deny.List
	if r.allows() {
		list = r.decl.Allow.List
	}
	return !slices.ContainsFunc(list, func(s rules.Selector) bool {
		return !slices.ContainsFunc(r.Set.Identities(), func(id *rules.Identity) bool {
			return id.Name == nameOf(&s) && len(id.Purposes) == 1 && lists(r.decl.For, id.Purposes[0])
		})
	})
}

// possible are the tiers that a target can have, maybe more than it has in truth.
func (b *builder) possible(e effect) map[rules.Tier]bool {
	out := make(map[rules.Tier]bool)
	upTo := func(low, high rules.Tier) {
		for t := max(low, 0); t <= high; t++ {
			out[t] = true
		}
	}
	action, ok := e.typ.Actions[e.action]
	if !ok {
		action = rules.NoTier
	}
	base := max(e.typ.Tier, action)
	if e.touch.Collection {
		if base = action; base == rules.NoTier {
			base = e.typ.MaxRowTier
		}
	} else if e.typ.Catalog != "" && !e.touch.New {
		upTo(base, e.typ.MaxRowTier)
	}
	if !e.touch.Collection && e.typ.Tier == rules.NoTier {
		upTo(base, b.schema.Unclassified)
	}
	upTo(base, base)
	upTo(base, e.typ.Classified)
	for _, tier := range e.typ.Properties {
		upTo(max(tier, base), max(tier, base))
	}
	return out
}

// tierMatters reports whether something decides otherwise of a type in one tier
// than in the one below it.
func (b *builder) tierMatters(t *rules.Type, high rules.Tier) bool {
	low := high - 1
	if !reflect.DeepEqual(b.schema.Tiers[high].Require, b.schema.Tiers[low].Require) {
		return true
	}
	for i := range b.Source.Rules {
		d := &b.Source.Rules[i]
		limit, at := d.UpTo.V, low
		if d.Allow.Pos == (rules.Pos{}) {
			limit, at = d.FromTier.V, high
		}
		if tier, ok := b.schema.TierByName(limit); lists(d.On, t.Name) && (ok && tier == at || readsTier(d.When.V)) {
			return true
		}
	}
	return slices.ContainsFunc(b.Source.Objects, func(d rules.ObjectDecl) bool {
		return slices.ContainsFunc(d.Classify, func(c rules.ClassDecl) bool { return readsTier(c.When.V) })
	})
}

// readsTier reports whether a condition may read object.tier, under whatever name.
func readsTier(condition string) bool { return strings.Contains(condition, "tier") }
