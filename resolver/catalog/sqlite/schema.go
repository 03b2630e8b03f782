package sqlite

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
)

// What a file says that it is, in its header (SQLite's file format, section 1.3).
const (
	applicationID = 0x74676361 // "tgca"
	schemaVersion = 1
	pageSize      = 4096
)

// schema is what every file has. Each type has a table of its own beside it, named
// rows_N with N of its line in types, for names of SQLite's columns differ in more
// than case and those of rows need not.
const schema = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE types (
	n       INTEGER PRIMARY KEY,
	type    TEXT NOT NULL UNIQUE,
	rows    INTEGER NOT NULL,
	text    INTEGER NOT NULL, -- the values are texts of CSV, to be read as the kinds that attributes declare
	tier    INTEGER NOT NULL, -- the rows have a place for the tier
	parent  INTEGER NOT NULL,
	columns TEXT NOT NULL,    -- JSON list: c0, c1, … of the table
	tiers   TEXT NOT NULL     -- JSON object: how many rows have which tier
);`

// fixed are the columns that every table of rows begins with. A tier or parent
// that is an empty text is one that the row names and gives no value; NULL is one
// that it does not name.
const fixed = "id, tier, parent, bad, sum"

func table(n int) string { return "rows_" + strconv.Itoa(n) }

// columns is the list of the columns of a type with so many values.
func columnList(values int) string {
	var b strings.Builder
	b.WriteString(fixed)
	for i := range values {
		fmt.Fprintf(&b, ", c%d", i)
	}
	return b.String()
}

// createTable makes the table of a type. No column has a type of its own, so SQLite
// keeps what it is given; an id is a BLOB, which is compared byte for byte.
func createTable(n, values int) string {
	list := strings.Replace(columnList(values), "id", "id BLOB PRIMARY KEY", 1)
	return "CREATE TABLE " + table(n) + " (" + list + ") WITHOUT ROWID"
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sumOf is the checksum of a row: of its type and of every value but the sum.
func sumOf(typ string, values []any) int64 {
	var few [512]byte
	buf := appendValue(few[:0], typ)
	for _, v := range values {
		buf = appendValue(buf, v)
	}
	return int64(crc32.Checksum(buf, castagnoli))
}

// appendValue writes a value of SQLite so that no two lists of values look alike.
func appendValue(buf []byte, v any) []byte {
	switch v := v.(type) {
	case string:
		buf = binary.AppendUvarint(append(buf, 't'), uint64(len(v)))
		return append(buf, v...)
	case []byte:
		buf = binary.AppendUvarint(append(buf, 'b'), uint64(len(v)))
		return append(buf, v...)
	case int64:
		return binary.AppendVarint(append(buf, 'i'), v)
	case nil:
		return append(buf, '0')
	}
	return append(buf, '?') // nothing that we write; its sum will not fit
}

// header is the part of a file's first page that we read ourselves: whose file it
// is, and whether all of it is there.
func checkHeader(f *os.File, size int64) error {
	var h [100]byte
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, size), h[:]); err != nil || string(h[:16]) != "SQLite format 3\x00" {
		return fmt.Errorf("%s is no SQLite file", f.Name())
	}
	at := func(i int) uint32 { return binary.BigEndian.Uint32(h[i:]) }
	if app, version := at(68), at(60); app != applicationID {
		return fmt.Errorf("%s was not built by tiergate catalog import", f.Name())
	} else if version != schemaVersion {
		return fmt.Errorf("%s has schema version %d, want %d: build it anew with tiergate catalog import", f.Name(), version, schemaVersion)
	}
	page := int64(binary.BigEndian.Uint16(h[16:]))
	if want := page * int64(at(28)); page != pageSize || want != size {
		return fmt.Errorf("%s has %d bytes, want %d: it is not whole", f.Name(), size, want)
	}
	return nil
}
