package resolver

import (
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/form"
	"github.com/tiergate/tiergate/resolver/tree"
	"github.com/tiergate/tiergate/rules"
)

// asking is where a request says which properties it wants.
type asking struct {
	from     *source // nil: the selection of a GraphQL call
	brackets bool    // a parameter or a form sends it as a list, with [] behind its name
	more     bool    // it asks for further ones: without it, for none; otherwise for all
	root     *member // what the type declares
}

// selection is the value of fields by which a GRAPHQL line means what its calls select.
const selection = "selection"

// asks compiles the options fields, select and expand.
func (b *builder) asks() {
	d := b.decl
	b.ask("fields", d.Fields, false)
	b.ask("select", d.Select, false)
	b.ask("expand", d.Expand, true)
}

func (b *builder) ask(option string, at rules.At[string], more bool) {
	if !given(at.Pos) {
		return
	}
	typ := b.op.targets[0].typ
	if len(typ.Properties) == 0 {
		b.mistakes.AddHint(at.Pos, "give the type properties", "%s says which properties are read, and %s has none", option, typ.Name)
	}
	a := asking{more: more, root: known(typ)}
	if at.V == selection && option == "fields" && b.op.Protocol == protoGraphQL {
		b.op.asking = append(b.op.asking, a)
		return
	}
	e, ok := b.place(at, option)
	if !ok {
		return
	}
	kind := e.reads()
	switch {
	case e.kind != fromQuery && e.kind != fromArgs && e.kind != fromMessage && kind == 0:
		b.mistakes.AddHint(at.Pos, "write query.fields", "%s is %q, which is no parameter", option, at.V)
		return
	case kind != 0 && kind != b.op.bodies:
		b.mistakes.AddHint(at.Pos, "say body: form, or body: json", "%s is %q, which is of another kind of body than the line reads", option, at.V)
		return
	}
	if e.brackets {
		b.mistakes.AddHint(at.Pos, "write query."+e.name.text+"[]", "%s is %q, and may come more than once anyway", option, at.V)
	}
	a.brackets = e.each || e.kind == fromForm && e.steps[len(e.steps)-1].each
	b.bodyName(e)
	e.each = e.kind == fromQuery // it may come more than once
	b.op.NeedsBody = b.op.NeedsBody || e.kind != fromQuery
	a.from = b.source(e)
	b.op.asking = append(b.op.asking, a)
	if w := b.op.written; w != nil && a.from.kind == fromBody && len(w.base) == 0 && !e.steps[0].each {
		if name := e.steps[0].member; w.root.names[name] == nil {
			w.root.parameter(name)
		}
	}
}

// known is every name by which a property of the type may be asked for.
func known(t *rules.Type) *member {
	root := declared(t, "create", "update")
	root.add("id", false)
	for i := range t.Attributes {
		root.add(t.Attributes[i].Name, false)
	}
	return root
}

// asked names on the targets what the request asks for.
func (r *resolution) asked(targets []rules.Target) error {
	if len(r.op.asking) == 0 {
		return nil
	}
	var all paths
	for i := range r.op.asking {
		a := &r.op.asking[i]
		if a.from == nil {
			if err := r.selected(a.root, &all); err != nil {
				return err
			}
			continue
		}
		texts, other, err := r.lists(a)
		if err != nil {
			return err
		}
		everything := other || len(texts) == 0
		for _, text := range texts {
			n, err := a.root.request(text, &all)
			if err != nil {
				return err
			}
			everything = everything || n == 0 // which is all that some servers read of several
		}
		if everything && !a.more {
			all.add(rules.Everything)
		}
	}
	for i := range targets {
		targets[i].Reads = all.list
	}
	return nil
}

// selected names what a GraphQL call selects. Its schema knows every name.
func (r *resolution) selected(root *member, to *paths) error {
	if r.fields == nil {
		to.add(rules.Everything)
		return nil
	}
	for i, field := range r.fields {
		if i+1 < len(r.fields) && strings.HasPrefix(r.fields[i+1], field+".") {
			continue // they are sorted: what is selected in it comes next
		}
		if _, err := root.want(strings.Split(field, "."), to); err != nil {
			return err
		}
	}
	return nil
}

// lists are the values of a parameter that may come more than once: as name, name[]
// and name[0], whose values add up. other says that one is not spelled as the line
// has it, so that the upstream may find none.
func (r *resolution) lists(a *asking) (texts []string, other bool, err error) {
	s := a.from
	if s.kind == fromBody {
		return r.bodyLists(a)
	}
	sent := s.name
	if a.brackets {
		sent += "[]"
	}
	bare, odata := strings.CutPrefix(s.name, "$")
	for i, param := range r.params() {
		p := &r.req.Query[i]
		switch {
		case isList(p.Name, s.name):
			texts = append(texts, p.Value)
			other = other || p.Name != sent
		case param.Is(s.name), odata && param.Is(bare):
			return nil, false, rules.Faultf(rules.AmbiguousParameter, "parameter %d may be read as %s", i+1, s.name)
		}
	}
	return texts, other, nil
}

// isList reports whether a parameter is the named one, or an element of it.
func isList(param, name string) bool {
	rest, ok := strings.CutPrefix(param, name)
	if !ok || rest == "" || rest == "[]" {
		return ok
	}
	if len(rest) < 3 || rest[0] != '[' || rest[len(rest)-1] != ']' {
		return false
	}
	n, err := strconv.Atoi(rest[1 : len(rest)-1])
	return err == nil && "["+strconv.Itoa(n)+"]" == rest
}

// bodyLists are the texts at a place of the body: one, or those of a list. other is
// as for lists, of forms; in JSON a list is spelled in one way.
func (r *resolution) bodyLists(a *asking) (texts []string, other bool, err error) {
	s := a.from
	at := []*tree.Value{r.body}
	for _, step := range s.steps {
		var next []*tree.Value
		for _, v := range at {
			if err := noFile(v, s); err != nil {
				return nil, false, err
			}
			if step.each {
				other = other || s.form && v.Text != form.Appended
				for i := range v.Items {
					next = append(next, &v.Items[i])
				}
				continue
			}
			m, twin := v.Member(step.member)
			if twin {
				return nil, false, rules.Faultf(rules.AmbiguousParameter, "another member may be read as %q", step.member)
			}
			if m != nil {
				next = append(next, m)
			}
		}
		at = next
	}
	for _, v := range at {
		other = other || s.form && v.Kind == tree.Array && v.Text != form.Repeated
		if err := noFiles(v, s); err != nil {
			return nil, false, err
		}
		texts = appendTexts(texts, v)
	}
	return texts, other, nil
}

// noFiles is noFile of a value, or of those of a list.
func noFiles(v *tree.Value, s *source) error {
	for i := range v.Items {
		if err := noFile(&v.Items[i], s); err != nil {
			return err
		}
	}
	return noFile(v, s)
}

// appendTexts appends a text, or those of a list. What is neither may ask for anything.
func appendTexts(to []string, v *tree.Value) []string {
	items := []tree.Value{*v}
	if v.Kind == tree.Array {
		items = v.Items
	}
	for i := range items {
		switch items[i].Kind {
		case tree.String:
			to = append(to, items[i].Text)
		case tree.Null:
			to = append(to, "")
		case tree.Bool, tree.Number, tree.Array, tree.Object:
			to = append(to, rules.Everything)
		}
	}
	return to
}

// request adds what a list such as a,b.c,d(e) asks for, and says how many names it
// has. Every comma divides, for many servers know no brackets: a(x,b,y) has a b for
// them. What is no plain name, and what the type does not know, may stand for everything.
func (m *member) request(text string, to *paths) (n int, err error) {
	for item := range strings.SplitSeq(text, ",") {
		if item = strings.Trim(item, " "); item == "" {
			continue
		}
		n++
		known := false
		if head := beforeBrackets(item); plainField(head) {
			if known, err = m.want(strings.FieldsFunc(head, isFieldStep), to); err != nil {
				return n, err
			}
		}
		if !known {
			to.add(rules.Everything)
		}
	}
	return n, nil
}

// beforeBrackets is the name of which brackets at the end choose something: all of
// it counts. What they hold may not be divided, but for OData's options by semicolons.
func beforeBrackets(item string) string {
	at := strings.IndexAny(item, "({")
	if at < 0 || strings.IndexByte(")}", item[len(item)-1]) < 0 {
		return item
	}
	for i := at; i < len(item); i++ {
		if c := item[i]; !isMember(c) && strings.IndexByte("(){}./=;", c) < 0 {
			return item
		}
	}
	return item[:at]
}

// plainField knows the names of members divided by dots, or by slashes as in OData.
func plainField(s string) bool {
	for i := range len(s) {
		if !isMember(s[i]) && !isFieldStep(rune(s[i])) || s[i] == '-' && (i == 0 || isFieldStep(rune(s[i-1]))) {
			return false
		}
	}
	return s != "" && !isFieldStep(rune(s[0])) && !isFieldStep(rune(s[len(s)-1]))
}

func isFieldStep(r rune) bool { return r == '.' || r == '/' }

// want adds the path of a name that is asked for, and reports whether the type knows it.
func (m *member) want(steps []string, to *paths) (known bool, err error) {
	for _, step := range steps {
		for len(m.names) == 0 && m.each != nil {
			m = m.each
		}
		if m.leaf() {
			break
		}
		next, err := m.find(step)
		if next == nil || err != nil {
			return false, err
		}
		m = next
	}
	to.add(m.path)
	return true, nil
}
