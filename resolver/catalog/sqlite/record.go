package sqlite

import (
	"encoding/binary"
	"errors"
	"math"
)

// record is a row on its way into the file: sorted by type and id, as bytes.
type record struct {
	typ    int
	id     string
	file   int // of the files that are imported; with line, the row's place
	line   int
	values []any // tier, parent, bad, then those of the type's columns, as far as they were known
}

// append writes a record, with its length before it.
func (r *record) append(buf []byte) []byte {
	start := len(buf)
	buf = append(buf, 0, 0, 0, 0)
	buf = binary.BigEndian.AppendUint16(buf, uint16(r.typ))     //nolint:gosec // at most maxTypes
	buf = binary.BigEndian.AppendUint32(buf, uint32(len(r.id))) //nolint:gosec // at most catalog.MaxRow
	buf = append(buf, r.id...)
	buf = binary.AppendUvarint(buf, uint64(r.file)) //nolint:gosec // an index
	buf = binary.AppendUvarint(buf, uint64(r.line)) //nolint:gosec // a line's number
	for _, v := range r.values {
		buf = appendValue(buf, v)
	}
	binary.BigEndian.PutUint32(buf[start:], uint32(len(buf)-start-4)) //nolint:gosec // a few times catalog.MaxRow
	return buf
}

// key is what records are sorted by: the bytes of type and id.
func key(raw []byte) (typ uint16, id []byte) {
	n := binary.BigEndian.Uint32(raw[2:])
	return binary.BigEndian.Uint16(raw), raw[6 : 6+n]
}

var errRecord = errors.New("a temporary file is not what was written")

// parse reads what append wrote, without the length.
func (r *record) parse(raw []byte) error {
	typ, id := key(raw)
	r.typ, r.id = int(typ), string(id)
	rest := raw[6+len(id):]
	broken := false
	number := func() int {
		v, n := binary.Uvarint(rest)
		if n <= 0 || v > math.MaxInt {
			broken, rest = true, nil
			return 0
		}
		rest = rest[n:]
		return int(v)
	}
	r.file, r.line, r.values = number(), number(), r.values[:0]
	for len(rest) > 0 {
		tag := rest[0]
		rest = rest[1:]
		switch tag {
		case '0':
			r.values = append(r.values, nil)
		case 'i':
			v, n := binary.Varint(rest)
			if n <= 0 {
				return errRecord
			}
			r.values, rest = append(r.values, v), rest[n:]
		case 't', 'b':
			n := number()
			if n > len(rest) {
				return errRecord
			}
			if tag == 't' {
				r.values = append(r.values, string(rest[:n]))
			} else {
				r.values = append(r.values, append([]byte(nil), rest[:n]...))
			}
			rest = rest[n:]
		default:
			return errRecord
		}
	}
	if broken || len(r.values) < least {
		return errRecord
	}
	return nil
}

// least is how many values every record has: tier, parent and why it is bad.
const least = 3
