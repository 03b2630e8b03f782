package resolver

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tiergate/tiergate/resolver/alike"
	"github.com/tiergate/tiergate/rules"
)

// member is a place in a body that a type says something of: that it is a property
// with a tier, or that it may be written; or one on the way there.
type member struct {
	path  string
	names map[string]*member
	each  *member  // of an array
	free  bool     // a parameter of the request, no member of what is written
	twins []string // the names that lead to properties, sorted: no other may be read as one of them
}

// declared makes the members that a type declares: its properties, and what the
// actions may write.
func declared(t *rules.Type, actions ...string) *member {
	root := &member{}
	for _, path := range slices.Sorted(maps.Keys(t.Properties)) {
		root.add(path, true)
	}
	for _, a := range actions {
		for _, path := range slices.Sorted(maps.Keys(t.Writable[a])) {
			root.add(path, false)
		}
	}
	return root
}

func (m *member) add(path string, property bool) {
	steps, ok := rules.PropertyPath(path)
	if !ok { // package rules has refused it
		return
	}
	for _, step := range steps {
		if step == rules.Element {
			if m.each == nil {
				m.each = &member{path: m.path + rules.Element}
			}
			m = m.each
			continue
		}
		if property && !slices.Contains(m.twins, step) {
			m.twins = append(m.twins, step)
		}
		if m.names == nil {
			m.names = map[string]*member{}
		}
		next := m.names[step]
		if next == nil {
			next = &member{path: m.below(step)}
			m.names[step] = next
		}
		m = next
	}
}

// parameter says that a member is a parameter of the request.
func (m *member) parameter(name string) {
	if m.names == nil {
		m.names = map[string]*member{}
	}
	m.names[name] = &member{free: true}
}

// below is the path of a member that is called name. A name that could be taken
// for a path is quoted, as no declared one is.
func (m *member) below(name string) string {
	if strings.ContainsAny(name, `.[]"*`) || name == "" {
		name = strconv.Quote(name)
	}
	if m.path == "" {
		return name
	}
	return m.path + "." + name
}

// find returns what is declared of a name, nil for nothing. A name that some
// server reads as that of a property, and that is not it, is a fault.
func (m *member) find(name string) (*member, error) {
	next := m.names[name]
	if next != nil && slices.Contains(m.twins, name) {
		return next, nil
	}
	for _, twin := range m.twins {
		if alike.Name(name, twin) {
			return nil, rules.Faultf(rules.AmbiguousParameter, "another member may be read as %q", twin)
		}
	}
	return next, nil
}

// leaf reports whether nothing below is declared.
func (m *member) leaf() bool { return len(m.names) == 0 && m.each == nil }

// paths are those that a body names, as far as they matter: what is declared, or
// has something declared in it, each once, and the first that is not.
type paths struct {
	list    []string
	strange bool // one that is not declared is among them
}

func (p *paths) add(path string) {
	if !slices.Contains(p.list, path) {
		p.list = append(p.list, path)
	}
}

// undeclared adds a path of which one is enough: it may not be written, whatever
// it is, or all may.
func (p *paths) undeclared(m *member, name string) {
	if !p.strange {
		p.list, p.strange = append(p.list, m.below(name)), true
	}
}
