package tree

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/tiergate/tiergate/resolver/alike"
)

// Value is a JSON value, or what another protocol says in the same terms.
// Numbers keep their text: no reader behind us agrees with another on the large
// ones.
type Value struct {
	Kind  Kind
	File  bool     // a part of a form that servers, or some, take for a file: null with a filename, a string without
	Text  string   // of a string, decoded; of a number, as written; of a boolean; of a form's array, how it is spelled
	Names []string // of an object's members, in order
	Items []Value  // an array's elements or an object's members
}

// Kind is what a Value is. The zero Value is null.
type Kind uint8

// The kinds of JSON (RFC 8259 section 3).
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

// MaxDepth is how deep arrays and objects may nest in a body.
const MaxDepth = 32

// Member returns a member by its exact name. twin reports another member that
// some reader would take for it, see alike.Name.
func (v *Value) Member(name string) (m *Value, twin bool) {
	for i, n := range v.Names {
		if n == name {
			m = &v.Items[i]
		} else if alike.Name(n, name) {
			twin = true
		}
	}
	return m, twin
}

// ErrJSON says that a text has no single reading.
var ErrJSON = errors.New("not strict JSON")

// ReadJSON reads exactly one JSON value (RFC 8259) from UTF-8 text. It refuses
// what readers disagree on: repeated members, a NUL in a member's name, members
// that JavaScript merges into an object's prototype, lone surrogates, a byte order
// mark, anything behind the value, and more than MaxDepth levels.
func ReadJSON(text []byte) (*Value, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: not UTF-8", ErrJSON)
	}
	r := &reader{s: string(text)}
	var v Value
	r.space()
	if err := r.value(&v, 0); err != nil {
		return nil, err
	}
	if r.space(); r.at != len(r.s) {
		return nil, r.fail("something follows the value")
	}
	return &v, nil
}

type reader struct {
	s  string
	at int
}

// fail says where and what, and never what stands there: bodies stay out of logs.
func (r *reader) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", ErrJSON, what, r.at)
}

func (r *reader) space() {
	for r.at < len(r.s) && strings.IndexByte(" \t\r\n", r.s[r.at]) >= 0 {
		r.at++
	}
}

// peek returns the next byte, or 0 at the end.
func (r *reader) peek() byte {
	if r.at < len(r.s) {
		return r.s[r.at]
	}
	return 0
}

func (r *reader) value(v *Value, depth int) (err error) {
	switch c := r.peek(); {
	case c == '{' || c == '[':
		if depth == MaxDepth {
			return r.fail("nested too deep")
		}
		if r.at++; c == '{' {
			return r.object(v, depth+1)
		}
		return r.array(v, depth+1)
	case c == '"':
		v.Kind = String
		v.Text, err = r.text()
		return err
	case c == '-' || isDigit(c):
		v.Kind = Number
		v.Text, err = r.number()
		return err
	}
	for word, kind := range words {
		if strings.HasPrefix(r.s[r.at:], word) {
			r.at += len(word)
			v.Kind, v.Text = kind, word
			return nil
		}
	}
	return r.fail("no value")
}

var words = map[string]Kind{"null": Null, "true": Bool, "false": Bool}

func (r *reader) array(v *Value, depth int) error {
	v.Kind = Array
	return r.list(']', func() error {
		v.Items = append(v.Items, Value{})
		return r.value(&v.Items[len(v.Items)-1], depth)
	})
}

func (r *reader) object(v *Value, depth int) error {
	v.Kind = Object
	var names nameSet
	return r.list('}', func() error {
		if r.peek() != '"' {
			return r.fail("no member name")
		}
		name, err := r.text()
		if err != nil {
			return err
		}
		if strings.IndexByte(name, 0) >= 0 { // some readers end there
			return r.fail("a NUL in a member name")
		}
		if !names.add(name, v.Names) {
			return r.fail("a repeated member")
		}
		if r.space(); r.peek() != ':' {
			return r.fail("no colon")
		}
		r.at++
		r.space()
		v.Names, v.Items = append(v.Names, name), append(v.Items, Value{})
		member := &v.Items[len(v.Items)-1]
		if err := r.value(member, depth); err != nil {
			return err
		}
		if inherited(name, member) {
			return r.fail("a member that changes what objects inherit")
		}
		return nil
	})
}

// inherited reports whether a member gives an object others that it does not have
// itself, in servers that copy it member by member in JavaScript: __proto__, and
// prototype in constructor. Each of the latter alone is a name like any other.
func inherited(name string, v *Value) bool {
	return name == "__proto__" || name == "constructor" && slices.Contains(v.Names, "prototype")
}

// Inherited reports whether the names of a path lead into what objects inherit, or a
// value at its end does, which may be nil.
func Inherited(path []string, v *Value) bool {
	for i, name := range path {
		if name == "__proto__" || name == "prototype" && i > 0 && path[i-1] == "constructor" {
			return true
		}
	}
	return v != nil && len(path) > 0 && inherited(path[len(path)-1], v)
}

// list reads elements up to the closing byte, separated by single commas.
func (r *reader) list(end byte, element func() error) error {
	if r.space(); r.peek() == end {
		r.at++
		return nil
	}
	for {
		r.space()
		if err := element(); err != nil {
			return err
		}
		r.space()
		switch r.peek() {
		case end:
			r.at++
			return nil
		case ',':
			r.at++
		default:
			return r.fail("no comma and no end")
		}
	}
}

// nameSet finds repeated names: by looking through few, by a map among many.
type nameSet struct{ seen map[string]struct{} }

// add reports false if name is among those read before.
func (s *nameSet) add(name string, before []string) bool {
	if s.seen == nil && len(before) == 16 {
		s.seen = make(map[string]struct{}, 64)
		for _, n := range before {
			s.seen[n] = struct{}{}
		}
	}
	if s.seen != nil {
		_, dup := s.seen[name]
		s.seen[name] = struct{}{}
		return !dup
	}
	for _, n := range before {
		if n == name {
			return false
		}
	}
	return true
}
