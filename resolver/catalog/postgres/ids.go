package postgres

import (
	"encoding/hex"
	"strconv"
	"strings"
	"unicode/utf8"
)

// kind is what the ids of a column are made of. Asking a column for a text that it
// cannot hold is an error to PostgreSQL and an absent row to us, so such ids are
// never asked for.
type kind uint8

const (
	textual kind = iota // text, varchar, citext, enums' labels
	int2
	int4
	int8
	uuid
	octets // bytea: the id's own bytes
)

// kinds are those of the types that PostgreSQL brings, by their oid; arrays are
// the oids of their arrays.
var (
	kinds  = map[uint32]kind{25: textual, 1043: textual, 19: textual, 21: int2, 23: int4, 20: int8, 2950: uuid, 17: octets}
	arrays = map[uint32]uint32{25: 1009, 1043: 1015, 19: 1003, 21: 1005, 23: 1007, 20: 1016, 2950: 2951, 17: 1001}
)

// holds reports whether a column of this kind can hold id, in this very spelling.
func (k kind) holds(id string) bool {
	switch k {
	case textual:
		return utf8.ValidString(id) && strings.IndexByte(id, 0) < 0
	case int2, int4, int8:
		n, err := strconv.ParseInt(id, 10, map[kind]int{int2: 16, int4: 32, int8: 64}[k])
		return err == nil && strconv.FormatInt(n, 10) == id
	case uuid:
		return isUUID(id)
	case octets:
		return true
	}
	return false
}

// isUUID reports whether id is a UUID as PostgreSQL writes it: lower case, with hyphens.
func isUUID(id string) bool {
	if len(id) != 36 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		switch i {
		case 8, 13, 18, 23:
			if c != '-' {
				return false
			}
		default:
			if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
				return false
			}
		}
	}
	return true
}

// write is id as it stands in an array of this kind.
func (k kind) write(id string) string {
	if k == octets {
		return `\x` + hex.EncodeToString([]byte(id))
	}
	return id
}

// read is the id that a column's text says; false for a text that is none.
func (k kind) read(text string) (string, bool) {
	if k != octets {
		return text, true
	}
	digits, ok := strings.CutPrefix(text, `\x`)
	id, err := hex.DecodeString(digits)
	return string(id), ok && err == nil
}

// split takes the text of an id of several columns apart. A part that held the
// separator could stand in two places, so an id has exactly as many as columns.
func split(id string, columns int) ([]string, bool) {
	if columns == 1 {
		return []string{id}, true
	}
	parts := strings.Split(id, "/")
	return parts, len(parts) == columns
}
