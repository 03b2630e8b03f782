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
	grants   bool // without it, nobody gets more
	denies   bool // with it, nobody gets more

	rule   string // whose it is, "" for something else
	allows bool   // of a rule
}

// unjudged are the parts that differ.
func (p *pass) unjudged() []Unjudged {
	old, now := p.sides[0].parts(), p.sides[1].parts()
	out := []Unjudged{}
	find := func(in []part, x part) part {
		if i := slices.IndexFunc(in, func(o part) bool { return o.of == x.of && o.what == x.what }); i >= 0 {
			return in[i]
		}
		return part{}
	}
	for _, x := range old {
		other := find(now, x)
		if other.text == x.text {
			continue
		}
		more := other.of != "" || !x.grants // to leave out a demand gives more, to leave out a right does not
		if x.rule != "" && !p.sides[1].has(x.rule) {
			more = !x.allows
		}
		out = append(out, Unjudged{x.of, x.what, x.text, other.text, more})
	}
	for _, x := range now {
		if find(old, x).of != "" {
			continue
		}
		more := !x.denies
		if x.rule != "" && !p.sides[0].has(x.rule) {
			more = x.allows
		}
		out = append(out, Unjudged{x.of, x.what, "", x.text, more})
	}
	return out
}

func (s *side) has(rule string) bool {
	_, there := s.decls[rule]
	return there
}

// parts are all of one version that have something in them.
func (s *side) parts() (out []part) {
	add := func(of, name, what string, v any, grants, denies bool) {
		if text := spelt(reflect.ValueOf(v)); text != "" {
			out = append(out, part{of: fmt.Sprintf("%s %q", of, name), what: what, text: text, grants: grants, denies: denies})
		}
	}
	src := s.Source
	for i := range s.rules {
		r, d := &s.rules[i], s.decls[s.rules[i].ID]
		allows := r.Effect == rules.Allow
		if r.Shadow {
			continue
		}
		first := len(out)
		add("rule", r.ID, "condition", r.Written, false, allows) // a condition keeps an allow rule from some, a deny rule too
		add("rule", r.ID, "require", d.Require, false, true)
		add("rule", r.ID, "ask", d.Ask, false, true)
		for k := first; k < len(out); k++ {
			out[k].rule, out[k].allows = r.ID, allows
		}
	}
	for i := range src.Tiers {
		add("tier", src.Tiers[i].Name.V, "require", src.Tiers[i].Require, false, true)
	}
	for i := range src.Objects {
		d := &src.Objects[i]
		add("type", d.Type.V, "classify", s.classes(d), false, false)
		add("type", d.Type.V, "id", d.ID.V, false, true)
		add("type", d.Type.V, "shadow", shadows(d.Shadow), true, false)
	}
	for i := range src.Identities {
		d := &src.Identities[i]
		add("identity", d.Name.V, "credential_max_age", d.MaxAge, false, true)
		add("identity", d.Name.V, "on_behalf_of", d.OnBehalfOf, true, false)
		add("identity", d.Name.V, "shadow", shadows(d.Shadow), true, false)
	}
	for i := range src.Routes {
		h := &src.Routes[i]
		add("host", h.Host.V, "shadow", shadows(h.Shadow), true, false)
		add("host", h.Host.V, "cors", h.CORS, true, false)
		add("host", h.Host.V, "trailing_slash", h.TrailingSlash, false, false)
		add("host", h.Host.V, "case", h.Case, false, false)
		for k := range h.Map {
			l := h.Map[k]
			name := h.Host.V + ": " + l.Line
			l.Line, l.Purpose, l.Because, l.Owner = "", rules.At[string]{}, rules.At[string]{}, rules.At[string]{}
			add("line", name, "options", l, false, false)
		}
	}
	return out
}

// classes are the conditions of a type's classifications: the tiers that they
// raise to are judged.
func (s *side) classes(d *rules.ObjectDecl) (out []string) {
	for _, c := range d.Classify {
		out = append(out, s.written(c.When.V))
	}
	return out
}

func shadows(list []rules.ShadowDecl) (out []string) {
	for _, d := range list {
		out = append(out, strings.TrimSpace(d.Host.V+" until "+d.Until.V.Format("2006-01-02")))
	}
	return out
}

var position = reflect.TypeFor[rules.Pos]()

// spelt is a value in words, without the places where it was written.
func spelt(v reflect.Value) string {
	if s, ok := v.Interface().(fmt.Stringer); ok && !v.IsZero() {
		return s.String()
	}
	var parts []string
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type == position || !f.IsExported() || v.Field(i).IsZero() {
				continue
			}
			text := spelt(v.Field(i))
			if f.Name != "V" && f.Name != "Key" && text != "" {
				text = strings.ToLower(f.Name) + ": " + text
			}
			parts = append(parts, text)
		}
	case reflect.Slice:
		for i := range v.Len() {
			parts = append(parts, spelt(v.Index(i)))
		}
	default:
		if v.IsZero() {
			return ""
		}
		return fmt.Sprint(v.Interface())
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}
