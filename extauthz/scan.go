package extauthz

import (
	"errors"

	"google.golang.org/protobuf/encoding/protowire"
)

// Faults of a message that cannot be read.
var (
	errTruncated = errors.New("the message ends inside a field")
	errTag       = errors.New("the message has a field without a valid number")
	errGroup     = errors.New("the message has a group")
	errUTF8      = errors.New("a text of the message is not UTF-8")
)

// scanner reads the fields of a protobuf message one by one. A text is a part of
// the string that is scanned, not a copy.
type scanner struct {
	rest  string
	field uint64
	kind  protowire.Type
	text  string // of a BytesType field
	value uint64 // of a VarintType field
	err   error
}

// next reads a field; false means that there is none, or err.
func (s *scanner) next() bool {
	if s.rest == "" || s.err != nil {
		return false
	}
	tag, ok := s.varint()
	if !ok {
		return s.fail(errTruncated)
	}
	number := tag >> 3
	if number < uint64(protowire.MinValidNumber) || number > uint64(protowire.MaxValidNumber) {
		return s.fail(errTag)
	}
	s.field, s.kind = number, protowire.Type(tag&7)
	switch s.kind {
	case protowire.VarintType:
		s.value, ok = s.varint()
	case protowire.BytesType:
		var n uint64
		if n, ok = s.varint(); ok {
			s.text, ok = s.take(n)
		}
	case protowire.Fixed32Type:
		_, ok = s.take(4)
	case protowire.Fixed64Type:
		_, ok = s.take(8)
	default: // nobody sends groups: they are deprecated since before Envoy
		return s.fail(errGroup)
	}
	if !ok {
		return s.fail(errTruncated)
	}
	return true
}

func (s *scanner) fail(err error) bool {
	s.err = err
	return false
}

func (s *scanner) take(n uint64) (string, bool) {
	if n > uint64(len(s.rest)) {
		return "", false
	}
	text := s.rest[:n]
	s.rest = s.rest[n:]
	return text, true
}

// varint reads at most ten bytes of which the last holds one bit.
func (s *scanner) varint() (uint64, bool) {
	var v uint64
	for i := 0; i < len(s.rest) && i < 10; i++ {
		b := s.rest[i]
		if i == 9 && b > 1 {
			return 0, false
		}
		v |= uint64(b&0x7f) << (7 * i)
		if b < 0x80 {
			s.rest = s.rest[i+1:]
			return v, true
		}
	}
	return 0, false
}
