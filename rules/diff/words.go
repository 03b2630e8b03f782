package diff

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/rules"
)

// What rules write tells the classes of values apart: what it names, and all else.

var (
	texts   = regexp.MustCompile(`"([^"\\]*)"|'([^'\\]*)'`)
	numbers = regexp.MustCompile(`\b\d{1,18}\b`)
	claims  = regexp.MustCompile(`caller\.claims\.(\w+)`)
)

// literals are the texts and numbers that a condition spells out.
func literals(when string) (out []string) {
	for _, m := range texts.FindAllStringSubmatch(when, -1) {
		if text := m[1] + m[2]; text != "" {
			out = append(out, text)
		}
	}
	for _, n := range numbers.FindAllString(texts.ReplaceAllString(when, ""), -1) {
		i, _ := strconv.ParseInt(n, 10, 64)
		out = append(out, strconv.FormatInt(i-1, 10), n, strconv.FormatInt(i+1, 10))
	}
	return out
}

// reads are what the rules about an action on a type read of its objects, by what
// is read: id, parent, an attribute, or parent.NAME. Each has the words that it
// is compared with.
type reads struct {
	names set[string]
	words map[string]*set[string]
	rules []readRule
}

func (r *reads) add(name string, words ...string) {
	if r.words[name] == nil {
		r.words[name] = new(set[string])
	}
	r.names.add(name)
	r.words[name].add(words...)
}

// condition adds what a text in CEL reads. A name that only looks like one costs
// a few tries.
func (r *reads) condition(when string, typ *rules.Type) {
	words := literals(when)
	has := func(name string) bool { return strings.Contains(when, name) }
	if has("object.id") {
		r.add("id", words...)
	}
	if has("object.parent.id") {
		r.add("parent", words...)
	}
	for _, a := range typ.Attributes {
		if has("object." + a.Name) {
			r.add(a.Name, words...)
		}
	}
	if typ.Above == nil {
		return
	}
	for _, a := range typ.Above.Attributes {
		if has("object.parent." + a.Name) {
			r.add("parent."+a.Name, words...)
		}
	}
}

// rule adds what a rule reads.
func (r *reads) rule(info *rules.RuleInfo, d *rules.RuleDecl, typ *rules.Type) {
	if info.Own != "" {
		r.add(info.Own)
	}
	if info.Same != "" {
		r.add(info.Same)
	}
	if len(d.Only.ID)+len(d.Only.Prefix) > 0 {
		r.add("id", slices.Concat(d.Only.ID.Values(), d.Only.Prefix.Values())...)
	}
	if len(d.Only.Parent) > 0 {
		r.add("parent", d.Only.Parent.Values()...)
	}
	for _, e := range d.Only.Label {
		r.add(e.Key, e.V.Values()...)
	}
	r.condition(info.Written, typ)
	r.rules = append(r.rules, readRule{info, d})
}

// readsOf collects what either version reads for a shape in what can be about
// somebody, and names whose rules these are.
func (p *pass) readsOf(w *who, sh shape) (*reads, string) {
	kin := ""
	r := &reads{words: make(map[string]*set[string])}
	for _, s := range p.sides {
		k := s.kinOf(w)
		kin += k.name + "\x00"
		if typ := s.schema.Types[sh.typ]; typ != nil {
			s.reads(r, k, sh, typ)
		}
	}
	return r, kin
}

// reads adds what a version reads.
func (s *side) reads(r *reads, k *kin, sh shape, typ *rules.Type) {
	for _, i := range k.rules {
		if info := &s.rules[i]; bears(info.To, sh.action) && bears(info.On, sh.typ) {
			r.rule(info, s.decls[info.ID], typ)
		}
	}
	for i := range s.Source.Objects {
		if d := &s.Source.Objects[i]; d.Type.V == sh.typ {
			for _, c := range d.Classify {
				r.condition(s.written(c.When.V), typ)
			}
		}
	}
	for _, u := range s.units[sh.key()] {
		t := &u.op.Touches[u.touch]
		if t.FixedID != "" {
			r.add("id", t.FixedID)
		}
		for _, b := range t.Bounds {
			if b.Fixed != "" {
				r.add(b.Attribute, b.Fixed)
			}
		}
	}
}

// bears reports whether a rule's list has a word, or means all.
func bears(list []string, word string) bool {
	return slices.Contains(list, word) || slices.Contains(list, "*")
}

// written adds to a condition the texts of all defines, which it may use.
func (s *side) written(when string) string {
	for _, d := range s.Source.Define {
		when += " " + d.V.V
	}
	return when
}
