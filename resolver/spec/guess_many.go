package spec

import (
	"net/http"
	"slices"
	"strings"
)

// collects reports whether a path without a verb names a collection: one that is
// known by its objects, a GET that answers with a list, or a plural.
func (g *guesser) collects(p *place) bool {
	if len(p.tail) == 0 {
		return false
	}
	if g.listed(p.collection(), p.nouns(), p.op.rest.gives) != nil {
		return true
	}
	last := p.tail[len(p.tail)-1]
	return p.op.rest.list && p.op.Method == http.MethodGet || plural(last) && (p.op.Method == http.MethodPost || slices.Contains(g.methods[shapeOf(p.op.Path)], http.MethodPost))
}

// collection is an action on all objects of a kind below the last node.
func (g *guesser) collection(d *draft, action string) {
	p := d.place
	k := g.listed(p.collection(), p.nouns(), p.op.rest.gives)
	if k == nil {
		k = newKind(p.collection(), p.nouns())
		k.note(p.op.rest)
		g.byKey[k.key], g.byBase[k.key] = k, k
		d.guess("no operation is about one of it")
	}
	if action == "create" || action == "update" {
		k.note(p.op.rest)
		k.forms = k.forms || !p.op.rest.json
	}
	k.used = true
	d.targets = append(d.targets, target{action: action, kind: k})
	if d.from = p.last(); d.from != nil {
		if parent := d.from.kind.real(); tenancy(parent.noun()) == "" && parent != k {
			k.parents[parent.key] = parent
		}
	}
	if action == "list" {
		g.tenancyOf(d, k)
	}
}

// tenancyOf bounds a list by a parameter that says whose it is.
func (g *guesser) tenancyOf(d *draft, k *kind) {
	t := &d.targets[0]
	for _, q := range d.place.op.rest.query {
		noun := tenancy(q.name)
		if noun == "" || noun == k.noun() || strings.Trim(q.name, paramLetters) != "" || t.binds(attribute(noun)) {
			continue
		}
		if q.required {
			name := noun
			if slices.Contains(d.place.captures(d.place.last()), name) || slices.Contains(reserved, name) {
				name += "_param"
			}
			d.query = append(d.query, [2]string{q.name, name})
			t.bounds = append(t.bounds, [2]string{attribute(noun), "{" + name + "}"})
		} else {
			d.guess(q.name + " may be missing")
			t.bounds = append(t.bounds, [2]string{attribute(noun), "{query." + q.name + "?}"})
		}
	}
}

const paramLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.~"

func (t *target) binds(attr string) bool {
	return slices.ContainsFunc(t.bounds, func(b [2]string) bool { return b[0] == attr })
}

// actOnMany is a verb on a collection: on the objects that the body lists, if one
// of its members is such a list.
func (g *guesser) actOnMany(d *draft, action string) {
	p := d.place
	k := g.listed(p.collection(), p.nouns(), "")
	if p.op.Method == http.MethodGet && !slices.Contains(reaching, action) {
		action = "list"
	}
	if k == nil && len(p.nodes) == 0 && !p.op.rest.list && action != "list" {
		g.once(d)
		return
	}
	if !slices.Contains(common, action) {
		d.guess(action + " is a verb")
	}
	if k != nil && k.parts == 1 && p.op.rest.json && action != "list" && action != "create" {
		noun := k.noun()
		for _, member := range p.op.rest.lists {
			if s := snake(member); s == "ids" || s == noun+"_ids" || s == noun+"s" || s == "names" && slices.Equal(k.params, []string{"name"}) {
				k.used = true
				d.targets = append(d.targets, target{action: action, kind: k, ids: []string{"{body." + member + "[]}"}})
				g.others(d, nil)
				return
			}
		}
	}
	g.collection(d, action)
}

// settle gives every kind its parent, and every collection what bounds it.
func (g *guesser) settle() {
	for _, p := range g.drafts {
		g.ancestors(p.place)
	}
	for _, k := range g.sorted() {
		if k.parent == nil && len(k.parents) == 1 {
			for _, p := range k.parents {
				k.parent = p
			}
		}
		for up := k.parent; up != nil; up = up.parent { // no circles
			if up == k {
				k.parent = nil
				break
			}
		}
	}
	for _, d := range g.drafts {
		if d.from != nil {
			g.bind(d)
		}
	}
	for _, k := range g.sorted() {
		if k.used && k.parent != nil {
			for up := k.parent; up != nil && !up.used; up = up.parent {
				up.used = true
			}
		}
	}
}

// ancestors notes what stands in front of the ids of a kind.
func (g *guesser) ancestors(p *place) {
	for i := 1; i < len(p.nodes); i++ {
		k, parent := p.nodes[i].kind.real(), p.nodes[i-1].kind.real()
		if !k.own && k.parent == nil && k != parent && tenancy(parent.noun()) == "" {
			k.parent = parent
		}
	}
}

// bind says what a collection lies below: its parent, or attributes.
func (g *guesser) bind(d *draft) {
	t, p := &d.targets[0], d.place
	parent := d.from.kind.real()
	used := map[string]bool{}
	if t.kind.parent == parent {
		parent.used = true
		t.in, t.inIDs = parent, p.ids(d.from, parent)
		for _, id := range t.inIDs {
			used[id] = true
		}
	}
	for i := range p.nodes {
		n := &p.nodes[i]
		noun := n.kind.real().noun()
		for _, c := range n.params {
			if used["{"+c+"}"] {
				continue
			}
			attr := attribute(noun)
			if len(n.params) > 1 || t.binds(attr) {
				attr = attribute(snake(c))
			}
			for t.binds(attr) {
				attr += "_of"
			}
			t.bounds = append(t.bounds, [2]string{attr, "{" + c + "}"})
		}
	}
	for _, b := range t.bounds {
		t.kind.attrs[b[0]] = true
	}
}

// attribute is a name that an attribute may have.
func attribute(name string) string {
	switch {
	case name == "":
		return "value"
	case slices.Contains(notAttributes, name):
		return name + "_of"
	case '0' <= name[0] && name[0] <= '9':
		return "x" + name
	}
	return name
}

// notAttributes are built-in columns, and words that conditions cannot read.
var notAttributes = strings.Fields(`id type tier parent as break const continue else false for function if import in let loop
	namespace null package return true var void while`)
