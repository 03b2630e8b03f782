package spec

import (
	"net/http"
	"slices"
	"strings"
)

// draft is a line in the making. Its types get their names when all are known.
type draft struct {
	place   *place
	targets []target
	query   [][2]string // parameters and what they are captured as
	guesses []string
	from    *node // of a collection: what it lies below
}

// target is one target of a draft.
type target struct {
	action string
	upsert bool
	kind   *kind
	ids    []string // captures in braces, or one fixed word; none for collections and new objects
	bounds [][2]string
	in     *kind
	inIDs  []string
}

func (d *draft) guess(text string) {
	if !slices.Contains(d.guesses, text) {
		d.guesses = append(d.guesses, text)
	}
}

// guesser drafts the lines of all REST operations of a document.
type guesser struct {
	kinds
	methods   map[string][]string // of each shape
	endpoints *kind               // things that are there once
	drafts    []*draft
}

// draft says what an operation does to which object.
func (g *guesser) draft(p *place) *draft {
	d := &draft{place: p}
	action, isVerb := verb(p.verb)
	switch {
	case p.verb != "" && !isVerb:
		action, isVerb = snake(p.verb), true
	case p.verb == "" && len(p.tail) > 0:
		if reaches(p.tail[len(p.tail)-1]) && p.last() != nil || g.listed(p.collection(), p.nouns(), "") == nil {
			action, isVerb = g.tailVerb(p)
		}
	}
	if action == "" {
		isVerb = false
	}
	switch {
	case p.verb == "" && len(p.tail) == 0 && len(p.nodes) > 1 && reaches(strings.Join(p.last().nouns, "/")):
		g.through(d)
	case isVerb && len(p.tail) == 0 && p.last() != nil:
		g.act(d, action)
	case isVerb && len(p.tail) > 0:
		g.actOnMany(d, action)
	case len(p.tail) == 0 && p.last() != nil:
		g.object(d)
	case g.collects(p):
		g.collection(d, plainAction(p.op.Method, "list"))
	case p.last() != nil:
		g.part(d)
	default:
		g.once(d)
	}
	return d
}

// tailVerb takes the last noun of a path for a verb: a known one, or, where it is
// but posted to and no plural, whatever it is.
func (g *guesser) tailVerb(p *place) (string, bool) {
	last := p.tail[len(p.tail)-1]
	action, ok := verb(last)
	if !ok && p.last() != nil && !plural(last) && slices.Equal(g.methods[shapeOf(p.op.Path)], []string{"POST"}) {
		action, ok = snake(last), true
	}
	if ok {
		p.tail = p.tail[:len(p.tail)-1]
	}
	return action, ok
}

// plainAction is what a method does. onGet is what GET does.
func plainAction(method, onGet string) string {
	switch method {
	case "GET", "HEAD", "OPTIONS", "TRACE", "QUERY":
		return onGet
	case "DELETE":
		return "delete"
	case "POST":
		if onGet == "list" {
			return "create"
		}
	}
	return "update"
}

// reaches reports whether a segment is a verb that acts on an object whatever the
// method says, even where a path follows it.
func reaches(segment string) bool {
	return slices.Contains(reaching, strings.ToLower(segment))
}

// through is such a verb with a path behind it, /pods/{name}/proxy/{path}: it acts
// on what stands in front of it.
func (g *guesser) through(d *draft) {
	p := d.place
	n := &p.nodes[len(p.nodes)-2]
	k := n.kind.real()
	k.used = true
	action := strings.ToLower(p.last().nouns[0])
	d.guess(action + " is a verb")
	d.targets = append(d.targets, target{action: action, kind: k, ids: p.ids(n, k)})
	g.others(d, n)
}

// act is a verb on one object.
func (g *guesser) act(d *draft, action string) {
	method := d.place.op.Method
	words := strings.Split(action, "_")
	if !slices.Contains(common, action) {
		d.guess(action + " is a verb")
	}
	switch {
	case slices.Contains(reaching, words[0]):
	case method == "GET" || method == "HEAD":
		action = "read"
	case method == "DELETE":
		action = "update"
	case action == "list": // of what belongs to the object
		action = "read"
	case action == "create":
		action = "update"
	}
	g.onLast(d, action, false)
}

// object is one object by its id.
func (g *guesser) object(d *draft) {
	p := d.place
	action, upsert := plainAction(p.op.Method, "read"), false
	base := strings.TrimRight(shapeOf(p.op.Path), "/{}")
	if p.op.Method == http.MethodPut && !slices.Contains(g.methods[base], "POST") {
		upsert = true
		d.guess("PUT creates, too")
	}
	g.onLast(d, action, upsert)
}

// part is a thing that an object has once: it is of the object.
func (g *guesser) part(d *draft) {
	action := plainAction(d.place.op.Method, "read")
	if action == "delete" {
		action = "update"
	}
	d.guess(strings.Join(d.place.tail, "/") + " is a part of it")
	g.onLast(d, action, false)
}

// once is a thing that is there once, without an object that it belongs to.
func (g *guesser) once(d *draft) {
	p := d.place
	name := strings.Map(fixedRune, strings.Join(p.tail, "."))
	if name == "" {
		name = strings.Map(fixedRune, strings.Trim(strings.ReplaceAll(p.op.Path, "/", "."), "."))
	}
	if name == "" {
		name = "root"
	}
	g.endpoints.used = true
	d.guess("no object")
	d.targets = append(d.targets, target{action: plainAction(p.op.Method, "read"), kind: g.endpoints, ids: []string{name}})
}

// fixedRune keeps what a fixed id may be made of.
func fixedRune(r rune) rune {
	if r < 128 && (snake(string(r)) != "" || strings.ContainsRune("_-.~@:", r)) {
		return r
	}
	return '_'
}

// onLast makes the last node of the path the object, and adds what else its ids name.
func (g *guesser) onLast(d *draft, action string, upsert bool) {
	p := d.place
	n := p.last()
	k := n.kind.real()
	d.targets = append(d.targets, target{action: action, upsert: upsert, kind: k, ids: p.ids(n, k)})
	switch {
	case k.rest && len(p.nodes) > 1:
		d.guess("the id of " + k.noun() + " does not say what it lies below")
	case k.parts > 1 && !k.own:
		d.guess("ids are unique within their parents only")
	}
	g.others(d, n)
	k.used = true
	if action == "create" || action == "update" {
		k.forms = k.forms || !p.op.rest.json
	}
}

// ids are the parts of a node's id.
func (p *place) ids(n *node, k *kind) []string {
	names := p.captures(n)
	if k.own || k.rest {
		names = n.params
	}
	out := make([]string, len(names))
	for i := range names {
		out[i] = "{" + names[i] + "}"
	}
	return out
}

// others adds the objects whose ids stand in the path and in no target yet: they
// must be readable, too.
func (g *guesser) others(d *draft, end *node) {
	used := map[string]bool{}
	for _, t := range d.targets {
		for _, id := range t.ids {
			used[id] = true
		}
	}
	for i := len(d.place.nodes) - 1; i >= 0; i-- {
		n := &d.place.nodes[i]
		if n == end || !slices.ContainsFunc(n.params, func(c string) bool { return !used["{"+c+"}"] }) {
			continue
		}
		k := n.kind.real()
		k.used = true
		t := target{action: "read", kind: k, ids: d.place.ids(n, k)}
		d.targets = append(d.targets, t)
		for _, id := range t.ids {
			used[id] = true
		}
	}
}
