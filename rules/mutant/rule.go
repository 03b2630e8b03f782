package mutant

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// ruleMutants changes one rule.
type ruleMutants struct {
	*builder
	i    int // in Source.Rules
	decl *rules.RuleDecl
}

// notLimits are the keys of a rule that do not limit it, or have operators of their own.
var notLimits = []string{
	"id", "mode", "allow", "deny", "to", "on", "up_to", "from_tier", "then",
	"because", "owner", "ticket", "review_by", "status", "text",
}

func (b *builder) rules() {
	for i := range b.Source.Rules {
		r := ruleMutants{b, i, &b.Source.Rules[i]}
		if r.decl.Mode.V == "shadow" {
			continue
		}
		r.whole()
		r.selectors()
		r.words()
		r.limits()
		r.keys()
		r.condition()
		r.then()
	}
}

// add makes a mutant that changes the rule. What a broad rule must say it says, so
// that a wider rule loads.
func (r *ruleMutants) add(m Mutant, change func(*rules.RuleDecl), format string, args ...any) {
	i := r.i
	apply := func(s *rules.Source) {
		s.Rules = slices.Clone(s.Rules)
		change(&s.Rules[i])
		if r.allows() {
			r.justify(&s.Rules[i])
		}
	}
	m.Pos = cmpPos(m.Pos, r.decl.Pos)
	r.builder.add(m, apply, "%s %s", r.decl.ID.V, fmt.Sprintf(format, args...))
}

// justify says what a broad rule must say.
func (r *ruleMutants) justify(d *rules.RuleDecl) {
	orElse(&d.Because, d.Pos, "a mutant")
	orElse(&d.Owner, d.Pos, "a mutant")
	orElse(&d.ReviewBy, d.Pos, r.Now.AddDate(1, 0, 0))
}

func orElse[T string | time.Time](to *rules.At[T], at rules.Pos, v T) {
	if to.Pos == (rules.Pos{}) {
		*to = rules.At[T]{Pos: at, V: v}
	}
}

func cmpPos(p, otherwise rules.Pos) rules.Pos {
	if p == (rules.Pos{}) {
		return otherwise
	}
	return p
}

func (r *ruleMutants) allows() bool { return r.decl.Allow.Pos != rules.Pos{} }

// whole leaves the rule out.
func (r *ruleMutants) whole() {
	i, m := r.i, Mutant{Operator: dropDeny, Pos: r.decl.Pos}
	if r.allows() {
		m.Operator = dropRule
	}
	m.Idle = r.idle(r.redundant)
	r.builder.add(m, func(s *rules.Source) { s.Rules = without(s.Rules, i) }, "%s is left out", r.decl.ID.V)
}

// words changes `to` and `on` by one word. A word that no map line can bring up
// changes nothing, so none is added.
func (r *ruleMutants) words() {
	d := r.decl
	for k, w := range d.To {
		if len(d.To) > 1 {
			idle := r.idle(func(e effect) bool { return !r.acts(rules.Strings{w}, e.action) || r.redundant(e) })
			r.add(Mutant{Operator: dropAction, Pos: w.Pos, Idle: idle},
				func(d *rules.RuleDecl) { d.To = without(d.To, k) }, "not to %s", w.V)
		}
	}
	for k, w := range d.On {
		if len(d.On) > 1 {
			idle := r.idle(func(e effect) bool { return e.typ.Name != w.V || r.redundant(e) })
			r.add(Mutant{Operator: dropType, Pos: w.Pos, Idle: idle},
				func(d *rules.RuleDecl) { d.On = without(d.On, k) }, "not on %s", w.V)
		}
	}
	for _, action := range r.moreActions() {
		r.also(addAction, d.To[0].Pos, action, "", "also to "+action)
	}
	if d.When.Pos != (rules.Pos{}) {
		return // a condition is written for the types that the rule names
	}
	for _, name := range r.moreTypes() {
		r.also(addType, d.On[0].Pos, "", name, "also on "+name)
	}
}

// also gives the rule's right for one more action or type, in a rule of its own:
// what the rule changes in a request is not what the mutant is about.
func (r *ruleMutants) also(operator string, at rules.Pos, action, typ, what string) {
	m := Mutant{Operator: operator, Pos: at}
	if !slices.ContainsFunc(r.effects(action, typ), r.adds) {
		m.Idle = "other rules allow it, or it is denied for something else"
	}
	i := r.i
	r.builder.add(m, func(s *rules.Source) {
		d := s.Rules[i]
		d.ID.V += "-mutant"
		d.Then = rules.ThenDecl{}
		if action != "" {
			d.To = rules.Strings{{Pos: at, V: action}}
		} else {
			d.On = rules.Strings{{Pos: at, V: typ}}
		}
		if r.allows() {
			r.justify(&d)
		}
		s.Rules = append(slices.Clone(s.Rules), d)
	}, "%s %s", r.decl.ID.V, what)
}

// limits moves up_to or from_tier by one tier.
func (r *ruleMutants) limits() {
	key, at, set := "up_to", r.decl.UpTo, func(d *rules.RuleDecl, name string) { d.UpTo.V = name }
	if !r.allows() {
		key, at, set = "from_tier", r.decl.FromTier, func(d *rules.RuleDecl, name string) { d.FromTier.V = name }
	}
	for _, move := range []struct {
		operator string
		steps    int
	}{{raiseLimit, 1}, {lowerLimit, -1}} {
		name := r.tierBeside(at.V, move.steps)
		if name == "" {
			continue
		}
		// What the limit passes over: the new tier where a rule allows more or denies
		// more, else the one that it was.
		passed := at.V
		if (move.steps > 0) == r.allows() {
			passed = name
		}
		tier, _ := r.schema.TierByName(passed)
		idle := r.idle(func(e effect) bool { return !r.possible(e)[tier] })
		r.add(Mutant{Operator: move.operator, Pos: at.Pos, Idle: idle},
			func(d *rules.RuleDecl) { set(d, name) }, "%s %s, not %s", key, name, at.V)
	}
}

// keys leaves out what limits the rule.
func (r *ruleMutants) keys() {
	for _, l := range leaves(reflect.ValueOf(*r.decl), notLimits) {
		r.add(Mutant{Operator: dropKey, Pos: l.pos, Idle: r.idleKey(&l)},
			func(d *rules.RuleDecl) { l.drop(d) }, "without %s: %s", l.name, l.says)
		for k := range l.words {
			if l.words < 2 {
				break
			}
			word, at := l.word(r.decl, k)
			r.add(Mutant{Operator: dropWord, Pos: at},
				func(d *rules.RuleDecl) { l.dropWord(d, k) }, "with %s but %s", l.name, word)
		}
	}
}

func (r *ruleMutants) condition() {
	when := r.decl.When
	for _, v := range rules.Variants(when.V) {
		op, what := vary(v)
		r.add(Mutant{Operator: op, Pos: when.Pos}, func(d *rules.RuleDecl) { d.When.V = v.Text }, "when %s", what)
	}
}

// vary is the operator of a variant, and what it does in words.
func vary(v rules.Variant) (operator, what string) {
	if v.Negated {
		return negate, "not " + v.Part
	}
	return dropOperand, "without " + v.Part
}

func (r *ruleMutants) then() {
	for k, e := range r.decl.Then.SetHeaders {
		r.add(Mutant{Operator: dropThen, Pos: e.Pos}, func(d *rules.RuleDecl) {
			d.Then.SetHeaders = without(d.Then.SetHeaders, k)
		}, "does not set the header %s", e.Key)
	}
	for k, e := range r.decl.Then.SetQuery {
		r.add(Mutant{Operator: dropThen, Pos: e.Pos}, func(d *rules.RuleDecl) {
			d.Then.SetQuery = without(d.Then.SetQuery, k)
		}, "does not set the parameter %s", e.Key)
	}
}
