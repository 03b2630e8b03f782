package resolver

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// value is a JSON value. Numbers keep their text: no reader behind us agrees
// with another on the large ones.
type value struct {
	kind  jsonKind
	text  string   // of a string, decoded; of a number, as written; of a boolean
	names []string // of an object's members, in order
	items []value  // an array's elements or an object's members
}

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonBool
	jsonNumber
	jsonString
	jsonArray
	jsonObject
)

// maxDepth is how deep arrays and objects may nest in a body.
const maxDepth = 32

// member returns a member by its exact name. twin reports another member that
// some reader would take for it, see paramAlike.
func (v *value) member(name string) (m *value, twin bool) {
	for i, n := range v.names {
		if n == name {
			m = &v.items[i]
		} else if paramAlike(n, name) {
			twin = true
		}
	}
	return m, twin
}

var errJSON = errors.New("not strict JSON")

// readJSON reads exactly one JSON value (RFC 8259) from UTF-8 text. It refuses
// what readers disagree on: repeated members, a NUL in a member's name, lone
// surrogates, a byte order mark, anything behind the value, and more than maxDepth levels.
func readJSON(text []byte) (*value, error) {
	if !utf8.Valid(text) {
		return nil, fmt.Errorf("%w: not UTF-8", errJSON)
	}
	r := &jsonReader{s: string(text)}
	var v value
	r.space()
	if err := r.value(&v, 0); err != nil {
		return nil, err
	}
	if r.space(); r.at != len(r.s) {
		return nil, r.fail("something follows the value")
	}
	return &v, nil
}

type jsonReader struct {
	s  string
	at int
}

// fail says where and what, and never what stands there: bodies stay out of logs.
func (r *jsonReader) fail(what string) error {
	return fmt.Errorf("%w: %s at byte %d", errJSON, what, r.at)
}

func (r *jsonReader) space() {
	for r.at < len(r.s) && strings.IndexByte(" \t\r\n", r.s[r.at]) >= 0 {
		r.at++
	}
}

// peek returns the next byte, or 0 at the end.
func (r *jsonReader) peek() byte {
	if r.at < len(r.s) {
		return r.s[r.at]
	}
	return 0
}

func (r *jsonReader) value(v *value, depth int) (err error) {
	switch c := r.peek(); {
	case c == '{' || c == '[':
		if depth == maxDepth {
			return r.fail("nested too deep")
		}
		if r.at++; c == '{' {
			return r.object(v, depth+1)
		}
		return r.array(v, depth+1)
	case c == '"':
		v.kind = jsonString
		v.text, err = r.text()
		return err
	case c == '-' || isDigit(c):
		v.kind = jsonNumber
		v.text, err = r.number()
		return err
	}
	for word, kind := range words {
		if strings.HasPrefix(r.s[r.at:], word) {
			r.at += len(word)
			v.kind, v.text = kind, word
			return nil
		}
	}
	return r.fail("no value")
}

var words = map[string]jsonKind{"null": jsonNull, "true": jsonBool, "false": jsonBool}

func (r *jsonReader) array(v *value, depth int) error {
	v.kind = jsonArray
	return r.list(']', func() error {
		v.items = append(v.items, value{})
		return r.value(&v.items[len(v.items)-1], depth)
	})
}

func (r *jsonReader) object(v *value, depth int) error {
	v.kind = jsonObject
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
		if !names.add(name, v.names) {
			return r.fail("a repeated member")
		}
		if r.space(); r.peek() != ':' {
			return r.fail("no colon")
		}
		r.at++
		r.space()
		v.names, v.items = append(v.names, name), append(v.items, value{})
		return r.value(&v.items[len(v.items)-1], depth)
	})
}

// list reads elements up to the closing byte, separated by single commas.
func (r *jsonReader) list(end byte, element func() error) error {
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
