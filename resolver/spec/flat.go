package spec

import (
	"slices"
	"strings"
	"time"
)

// What calls by name have in common: a verb and a noun in the name, and among the
// arguments the id of what it is about.

// argument is one value that a call may bring, as a capture names it.
type argument struct {
	path     string // id, input.ticket_id
	list     bool
	required bool
	id       bool // its type says that it names something
	refers   string
	within   string // what it lies in says that it names another thing: user, for the id in user
	odd      bool   // no capture can say its name, which has a dot
}

// name is the argument's own, without what it lies in where that says nothing.
func (a *argument) name() string {
	if a.odd {
		return snake(a.path)
	}
	own := snake(a.path[strings.LastIndexByte(a.path, '.')+1:])
	if a.within != "" {
		return snake(a.within) + "_" + own
	}
	return own
}

// capture is how a line takes the argument. root is args or message.
func (a *argument) capture(root string) string {
	if a.list {
		return "{" + root + "." + a.path + "[]}"
	}
	return "{" + root + "." + a.path + "}"
}

// flat returns a type that is known by its name alone.
func (p *proposer) flat(name string) *Type {
	if t := p.types[name]; t != nil {
		return t
	}
	t := &Type{Key: name, Name: name}
	if earlier := p.options.Names[name]; earlier != "" {
		t.Name = earlier
	}
	if hints(strings.ReplaceAll(name, "_", " ")) {
		t.Tier = p.options.Top
		t.Guesses = append(t.Guesses, "its name hints at secrets")
	}
	p.types[name] = t
	return t
}

// add adds a line of one target.
func (p *proposer) add(op *Operation, action, name, rest string, guesses ...string) *Line {
	t := p.flat(name)
	if !slices.Contains(common, action) && !slices.Contains(t.Actions, action) {
		t.Actions = append(t.Actions, action)
		slices.Sort(t.Actions)
	}
	p.out.Lines = append(p.out.Lines, Line{
		Operation: op, Key: op.Key, Text: op.Name + " -> " + action + " " + t.Name + rest, Guesses: guesses,
		Action: action, Type: t.Name, types: []string{t.Name}, acts: []act{{t.Name, action}},
	})
	return &p.out.Lines[len(p.out.Lines)-1]
}

// stream lets a line's calls go on for a while.
const stream = 5 * time.Minute

// said is what the name of a call says: closeAccount, account_close, BatchGetBooks.
type said struct {
	action string // "" where it is no verb
	noun   string
	many   bool // the name says so
}

func saying(name string) said {
	words := wordsOf(name)
	var s said
	for len(words) > 1 && slices.Contains(many, words[0]) {
		s.many, words = true, words[1:]
	}
	first, last := words[:min(1, len(words))], words[max(0, len(words)-1):]
	switch {
	case len(words) > 0 && isVerb(first[0]):
		s.action, _ = verb(first[0])
		words = words[1:]
	case len(words) > 1 && isVerb(last[0]):
		s.action, _ = verb(last[0])
		words = words[:len(words)-1]
	}
	for i, w := range words { // get_ticket_by_id, tickets_for_user
		if i > 0 && slices.Contains([]string{"by", "for", "of", "from", "to", "in", "with"}, w) {
			words = words[:i]
			break
		}
	}
	noun := strings.Join(words, "_")
	s.many = s.many || singular(noun) != noun
	if noun != "" {
		s.noun = wordName(singular(noun))
	}
	return s
}

func isVerb(word string) bool {
	_, ok := verb(word)
	return ok
}

// object finds the argument that names what a call is about, and the type of it:
// that of the noun, else one that the only id among the arguments names.
func object(noun string, args []argument) (*argument, string) {
	for _, required := range []bool{true, false} { // what may be missing names it only where nothing else does
		for _, name := range []string{"id", noun + "_id", "name", noun + "_name", noun, "ids", noun + "_ids", "names", "key", "uuid", "slug"} {
			for i := range args {
				a := &args[i]
				if a.required != required || a.name() != name || (name == "key" || name == "slug" || name == noun) && !a.required && !a.id {
					continue
				}
				if a.refers != "" {
					return a, a.refers
				}
				if noun != "" && (name != "name" || a.id) {
					return a, noun
				}
			}
		}
	}
	var only *argument
	for i := range args {
		if a := &args[i]; a.refers != "" || a.id && a.owner() != "" || a.owner() != "" && a.required {
			if only != nil {
				return nil, noun
			}
			only = a
		}
	}
	if only == nil {
		return nil, noun
	}
	if only.refers != "" {
		return only, only.refers
	}
	return only, only.owner()
}

// owner is the noun of an argument such as ticket_id or ticketIds, or "".
func (a *argument) owner() string {
	n := a.name()
	for _, ending := range []string{"_id", "_ids", "_uuid"} {
		if noun, ok := strings.CutSuffix(n, ending); ok && noun != "" {
			return wordName(noun)
		}
	}
	return ""
}

// bounds says what limits a collection, or describes a new object: tenancy, and
// the one other thing that an id names, as its parent.
func (p *proposer) bounds(name, root string, args []argument) (rest string, guesses []string) {
	t := p.flat(name)
	var attrs []string
	parents := map[string]*argument{}
	var order []string
	for i := range args {
		a := &args[i]
		if a.list || a.odd {
			continue
		}
		if noun := tenancy(a.name()); noun != "" && noun != name {
			capture := "{" + root + "." + a.path + "}"
			if !a.required {
				capture = "{" + root + "." + a.path + "?}"
				guesses = append(guesses, a.path+" may be missing")
			}
			attr := attribute(noun)
			if slices.ContainsFunc(attrs, func(s string) bool { return strings.HasPrefix(s, attr+"=") }) {
				continue
			}
			attrs = append(attrs, attr+"="+capture)
			t.attribute(attr)
			continue
		}
		owner := a.refers
		if owner == "" {
			owner = a.owner()
		}
		if owner != "" && owner != name && a.required && parents[owner] == nil {
			parents[owner] = a
			order = append(order, owner)
		}
	}
	if len(attrs) > 0 {
		rest = "[" + strings.Join(attrs, ",") + "]"
	}
	if len(order) > 0 && (t.Parent == "" || t.Parent == p.flat(order[0]).Name) && !p.below(p.flat(order[0]), t) {
		parent := p.flat(order[0])
		t.Parent = parent.Name
		rest += " in " + parent.Name + "/" + parents[order[0]].capture(root)
	}
	return rest, guesses
}

// below reports whether a type lies below another, or is it.
func (p *proposer) below(t, top *Type) bool {
	for range len(p.types) + 1 {
		if t == nil || t == top {
			return t != nil
		}
		next := t.Parent
		t = nil
		for _, other := range p.types {
			if next != "" && other.Name == next {
				t = other
			}
		}
	}
	return true
}

func (t *Type) attribute(name string) {
	if !slices.Contains(t.Attributes, name) {
		t.Attributes = append(t.Attributes, name)
		slices.Sort(t.Attributes)
	}
}

// propose adds the line of a call that is known by its name and arguments. typ is
// what its answer says it is about, or "".
func (p *proposer) call(op *Operation, name, root, typ string, lists bool, fallback string, args []argument) {
	s := saying(name)
	noun := s.noun
	if typ != "" && (noun == "" || s.action == "" || fallback == "read") {
		noun = typ
	}
	action, guesses := s.action, []string(nil)
	if action == "" {
		action = fallback
		if fallback != "read" {
			if action = snake(name); action == "" {
				action = "update"
			}
		}
		if fallback != "read" {
			guesses = append(guesses, "what it does")
		}
	}
	if action == "create" || action == "list" || lists && action == "read" {
		if one, about := object(noun, args); one != nil && one.list && about == noun {
			p.add(op, "read", about, "/"+one.capture(root), guesses...)
			return
		}
		if action == "read" {
			action = "list"
		}
		if noun == "" {
			noun = "endpoint"
		}
		rest, more := p.bounds(noun, root, args)
		p.add(op, action, noun, rest, append(guesses, more...)...)
		return
	}
	one, about := object(noun, args)
	switch {
	case one != nil && one.odd:
		p.skip(op, "its argument %q names the object, and no capture can say that name", one.path)
	case one != nil:
		if !one.required && root == "args" { // nothing of a message is required
			guesses = append(guesses, one.path+" may be missing, and such a call is denied")
		}
		if !slices.Contains(common, action) {
			guesses = append(guesses, action+" is a verb")
		}
		if about != noun {
			guesses = append(guesses, "of the arguments, "+one.path+" names the object")
		}
		p.add(op, action, about, "/"+one.capture(root), guesses...)
	case fallback == "read" && action == "read" && noun != "":
		p.add(op, action, noun, "/only", append(guesses, "no argument names an object")...)
	default:
		if action == "list" || action == "create" || action == "delete" || !slices.Contains(common, action) {
			action = "update"
		}
		p.add(op, action, "endpoint", "/"+strings.Map(fixedRune, name), append(guesses, "no argument names an object")...)
	}
}
