package spec

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// Propose guesses types and lines for every operation of a document.
func (d *Document) Propose(o Options) *Proposal {
	host := o.Host
	if host == "" {
		host = d.Host
	}
	if host == "" {
		host = "api.example.com"
	}
	if o.Top == "" {
		o.Top = "restricted"
	}
	p := &proposer{doc: d, options: o, out: &Proposal{Document: d, Host: host, top: o.Top, Skipped: slices.Clone(d.unread)}, types: map[string]*Type{}}
	d.propose(p)
	for _, name := range slices.Sorted(maps.Keys(p.types)) {
		p.out.Types = append(p.out.Types, *p.types[name])
	}
	p.settle()
	p.out.used()
	return p.out
}

// used drops the actions that no line takes: they came from lines that do not load.
func (p *Proposal) used() {
	for i := range p.Types {
		t := &p.Types[i]
		t.Actions = slices.DeleteFunc(t.Actions, func(action string) bool {
			return !slices.ContainsFunc(p.Lines, func(l Line) bool { return slices.Contains(l.acts, act{t.Name, action}) })
		})
	}
}

type proposer struct {
	doc     *Document
	options Options
	out     *Proposal
	types   map[string]*Type
}

func (p *proposer) skip(op *Operation, format string, args ...any) {
	p.out.Skipped = append(p.out.Skipped, Skipped{op.Name, fmt.Sprintf(format, args...)})
}

// rest proposes for the operations of HTTP.
func (p *proposer) rest() {
	g := &guesser{
		kinds: kinds{byKey: map[string]*kind{}}, methods: map[string][]string{},
		endpoints: newKind("", []string{"endpoint"}),
	}
	var places []*place
	seen := map[string]string{}
	own := p.out.Host // of operations without a host of theirs: whatever the document says, or --host
	if slices.ContainsFunc(p.doc.Operations, func(o Operation) bool { return o.Host == own }) {
		own = cmp.Or(p.doc.Host, own) // unless that selects others
	}
	for i := range p.doc.Operations {
		op := &p.doc.Operations[i]
		place, _, err := readPlace(op)
		switch {
		case cmp.Or(op.Host, own) != p.out.Host:
			p.skip(op, "it is served by %[1]s: import it with --host %[1]s and a --name of its own", cmp.Or(op.Host, own))
			continue
		case err != nil:
			p.skip(op, "%v", err)
			continue
		case seen[op.Key] != "":
			p.skip(op, "it is the same request as %s", seen[op.Key])
			continue
		}
		seen[op.Key] = op.Name
		shape := shapeOf(op.Path)
		g.methods[shape] = append(g.methods[shape], op.Method)
		places = append(places, place)
	}
	g.collect(places)
	g.unite()
	for _, place := range places {
		op := place.op
		if op.Method == http.MethodHead && seen["GET"+strings.TrimPrefix(op.Key, "HEAD")] != "" {
			continue // its line is GET's
		}
		g.drafts = append(g.drafts, g.draft(place))
	}
	g.settle()
	g.meets()
	taken := map[string]bool{}
	if g.endpoints.used {
		g.endpoints.name, taken["endpoint"] = "endpoint", true
	}
	g.christen(p.options.Names, taken)
	g.byKey[""] = g.endpoints
	for _, d := range g.drafts {
		p.line(d)
	}
	for _, k := range g.sorted() {
		if k.name != "" {
			p.types[k.name] = p.typ(k)
		}
	}
}

// line writes a draft.
func (p *proposer) line(d *draft) {
	op := d.place.op
	method := op.Method
	if method == "HEAD" {
		method = "GET"
		d.guess("HEAD requests match GET lines")
	}
	var b strings.Builder
	b.WriteString(method + " " + template(d.place.segs))
	sep := "?"
	for _, q := range d.query {
		b.WriteString(sep + q[0] + "={" + q[1] + "}")
		sep = "&"
	}
	b.WriteString(" -> ")
	l := Line{Operation: op, Key: op.Key, Guesses: d.guesses, Action: d.targets[0].action, Type: d.targets[0].kind.name}
	for i := range d.targets {
		t := &d.targets[i]
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(t.text(t.kind.name))
		if t.upsert {
			t.kind.actions["create"] = true
		}
		for _, bound := range t.bounds {
			t.kind.attrs[bound[0]] = true
		}
		t.kind.actions[t.action] = true
		l.types, l.acts = append(l.types, t.kind.name), append(l.acts, act{t.kind.name, t.action})
		if t.in != nil {
			l.types = append(l.types, t.in.name)
		}
	}
	l.only = len(d.targets) == 1 && len(d.place.tail) == 0 && d.place.verb == "" && d.place.last() != nil && len(d.targets[0].ids) > 0 && len(d.query) == 0
	l.Text = b.String()
	p.out.Lines = append(p.out.Lines, l)
}

// text is the target in the map language, of a type with that name.
func (t *target) text(name string) string {
	var b strings.Builder
	if t.upsert {
		b.WriteString("create|")
	}
	if name == "" { // it has none yet
		name = t.kind.key
	}
	b.WriteString(t.action + " " + name)
	if len(t.ids) > 0 {
		b.WriteString("/" + strings.Join(t.ids, "/"))
	}
	sep := "["
	for _, bound := range t.bounds {
		b.WriteString(sep + bound[0] + "=" + bound[1])
		sep = ","
	}
	if len(t.bounds) > 0 {
		b.WriteString("]")
	}
	if t.in != nil {
		parent := t.in.name
		if parent == "" {
			parent = t.in.key
		}
		b.WriteString(" in " + parent + "/" + strings.Join(t.inIDs, "/"))
	}
	return b.String()
}

// common are the actions that need no declaration.
var common = []string{"read", "list", "create", "update", "delete", "admin"}

// typ is the declaration of a kind.
func (p *proposer) typ(k *kind) *Type {
	t := &Type{Key: k.key, Name: k.name, Attributes: slices.Sorted(maps.Keys(k.attrs))}
	if k.parent != nil {
		t.Parent = k.parent.name
	}
	for a := range k.actions {
		if !slices.Contains(common, a) {
			t.Actions = append(t.Actions, a)
		}
	}
	slices.Sort(t.Actions)
	if hints(strings.ReplaceAll(k.name, "_", " ")) {
		t.Tier = p.options.Top
		t.Guesses = append(t.Guesses, "its name hints at secrets")
	}
	if len(k.hints) > 0 {
		names := slices.Sorted(maps.Keys(k.hints))
		if k.forms {
			t.Guesses = append(t.Guesses, strings.Join(names, ", ")+" hint at secrets, but bodies are no JSON")
		} else {
			t.Properties = names
			t.Guesses = append(t.Guesses, "properties by their names")
		}
	}
	return t
}

// sortLines puts lines in the order in which people look for them.
func sortLines(lines []Line) {
	slices.SortStableFunc(lines, func(a, b Line) int {
		return cmp.Or(cmp.Compare(a.Operation.Path, b.Operation.Path), cmp.Compare(order(a.Operation.Method), order(b.Operation.Method)))
	})
}

func order(method string) int {
	if i := slices.Index(methodOrder, method); i >= 0 {
		return i
	}
	return len(methodOrder)
}
