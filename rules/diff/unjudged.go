package diff

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// part is something that is written and that the comparison does not judge, under
// its name in both versions. More can be gained by a change of it unless that is
// ruled out.
type part struct {
	of, what string
	text     string
	value    reflect.Value
	treatment

	line   string // the key of whose option it is, "" for something else
	rule   string // whose it is, "" for something else
	allows bool   // of a rule
}

// unjudged are the lines and the parts that differ. Of a line that is in one version
// only, all is said with the line.
func (p *pass) unjudged() []Unjudged {
	old, now := p.sides[0].parts(), p.sides[1].parts()
	_, before := linesOf(&p.sides[0].Side)
	_, after := linesOf(&p.sides[1].Side)
	out := append([]Unjudged{}, p.lines()...)
	find := func(in []part, x part) part {
		if i := slices.IndexFunc(in, func(o part) bool { return o.of == x.of && o.what == x.what }); i >= 0 {
			return in[i]
		}
		return part{value: reflect.Zero(x.value.Type())}
	}
	say := func(x part, was, is string, may bool) {
		of := x.of
		if x.line != "" {
			if before[x.line] == nil || after[x.line] == nil {
				return
			}
			of = fmt.Sprintf("line %q", after[x.line].op)
		}
		out = append(out, Unjudged{of, x.what, was, is, may})
	}
	for _, x := range old {
		if other := find(now, x); other.text != x.text || other.allows != x.allows {
			say(x, x.text, other.text, p.mayGain(x, other))
		}
	}
	for _, x := range now {
		if other := find(old, x); other.of == "" {
			say(x, "", x.text, p.mayGain(other, x))
		}
	}
	return out
}

// mayGain reports whether somebody may gain by a part's change, for all that is known.
// One that is not there has no name.
func (p *pass) mayGain(old, now part) bool {
	x := now
	if x.of == "" {
		x = old
	}
	switch {
	case x.harmless, x.narrows != nil && p.stays(x) && x.narrows(old.value, now.value):
		return false
	case now.of == "" && x.rule != "" && !p.sides[1].has(x.rule): // it goes with its rule
		return !x.allows || x.keeps
	case old.of == "" && x.rule != "" && !p.sides[0].has(x.rule): // it comes with its rule
		return x.allows
	case now.of == "": // to leave out a demand gives more, to leave out a right does not
		return !x.grants
	case old.of == "":
		return !x.denies
	}
	return true
}

// stays reports whether whatever a part belongs to is in both versions.
func (p *pass) stays(x part) bool {
	return x.rule == "" || p.sides[0].has(x.rule) && p.sides[1].has(x.rule)
}

// has reports whether a rule is in force.
func (s *side) has(rule string) bool {
	return slices.ContainsFunc(s.rules, func(r rules.RuleInfo) bool { return r.ID == rule && !r.Shadow })
}

// parts are all of one version that have something in them.
func (s *side) parts() []part {
	c := new(parts)
	for i := range s.rules {
		r := &s.rules[i]
		if r.Shadow {
			continue
		}
		allows, first := r.Effect == rules.Allow, len(c.list)
		c.add(part{of: fmt.Sprintf("rule %q", r.ID), what: "condition", value: reflect.ValueOf(r.Written), treatment: treatment{denies: allows}}) // it keeps an allow rule from some, a deny rule too
		c.of("rule", r.ID, *s.decls[r.ID])
		for k := first; k < len(c.list); k++ {
			c.list[k].rule, c.list[k].allows = r.ID, allows
		}
	}
	src := s.Source
	c.of("", "the rules files", *src)
	for i := range src.Tiers {
		c.of("tier", src.Tiers[i].Name.V, src.Tiers[i])
	}
	for i := range src.Objects {
		d := src.Objects[i]
		for k := range d.Classify { // the tiers that they raise to are judged
			d.Classify = slices.Clone(d.Classify)
			d.Classify[k] = rules.ClassDecl{When: rules.At[string]{V: s.written(d.Classify[k].When.V)}}
		}
		c.of("type", d.Type.V, d)
		for _, e := range d.Actions {
			c.of("action", e.Key+" "+d.Type.V, e.V)
		}
	}
	for i := range src.Identities {
		c.of("identity", src.Identities[i].Name.V, src.Identities[i])
	}
	keys := make(map[rules.Pos]string)
	all, _ := linesOf(&s.Side)
	for i := range all {
		keys[all[i].op.Pos] = all[i].key
	}
	for i := range src.Routes {
		h := &src.Routes[i]
		c.of("host", h.Host.V, *h)
		for k := range h.Map {
			line, first := keys[h.Map[k].Pos], len(c.list)
			c.of("line", line, h.Map[k])
			for at := first; at < len(c.list); at++ {
				c.list[at].line = line
			}
		}
	}
	return c.list
}

// parts collects those of declarations.
type parts struct{ list []part }

// of adds the fields of a declaration that are neither judged nor without effect.
func (c *parts) of(kind, name string, decl any) {
	v := reflect.ValueOf(decl)
	if kind != "" {
		name = fmt.Sprintf("%s %q", kind, name)
	}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if t := treatments[v.Type()][f.Name]; f.IsExported() && f.Type != position && !t.judged && !t.loads {
			c.add(part{of: name, what: key(f), value: v.Field(i), treatment: t})
		}
	}
}

func (c *parts) add(x part) {
	if x.text = spelt(x.value); x.text != "" {
		c.list = append(c.list, x)
	}
}

// key is how a field is written.
func key(f reflect.StructField) string {
	if name := f.Tag.Get("yaml"); name != "" {
		return name
	}
	return strings.ToLower(f.Name)
}
