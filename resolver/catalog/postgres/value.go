package postgres

import (
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// maxRow is how many bytes a row may have and still be used.
const maxRow = 1 << 20

// row makes a row of what a statement answered, all in PostgreSQL's text form.
// bad says why its columns cannot be used; ok is false for a row whose id is none.
func (st *statement) row(typ string, fields []pgconn.FieldDescription, values [][]byte) (row catalog.Row, ok bool) {
	row = catalog.Row{Found: true, Whole: true, Untiered: st.plan.tier < 0}
	if row.Key, ok = st.key(typ, values); !ok {
		return row, false
	}
	size := 0
	for i, v := range values {
		if size += len(v); !utf8.Valid(v) {
			row.Bad = fmt.Sprintf("column %q is not UTF-8", fields[i].Name)
		}
	}
	if size > maxRow {
		row.Bad = fmt.Sprintf("it has %d bytes, want at most %d", size, maxRow)
	}
	if row.Bad != "" {
		return row, true
	}
	if at := st.plan.tier; at >= 0 {
		row.Tier = string(values[at])
		row.NoTier = row.Tier == ""
	}
	if at := st.plan.parent; at >= 0 {
		row.Parent = string(values[at])
	}
	row.Columns = make(map[string]any, len(st.plan.rest))
	for at, name := range st.plan.rest {
		value, err := value(fields[at].DataTypeOID, values[at])
		if err != nil {
			row.Bad, row.Columns = fmt.Sprintf("column %q: %v", name, err), nil
			return row, true
		}
		row.Columns[name] = value
	}
	return row, true
}

// key is the key of a row. An id that could stand for another is none: one of
// several columns in which a part holds the separator, and NULL.
func (st *statement) key(typ string, values [][]byte) (catalog.Key, bool) {
	id := ""
	for i, at := range st.plan.ids {
		part, ok := st.kinds[i].read(string(values[at]))
		if !ok || values[at] == nil {
			return catalog.Key{}, false
		}
		if i > 0 {
			id += "/"
		}
		id += part
	}
	_, ok := split(id, len(st.kinds))
	return catalog.Key{Type: typ, ID: id}, ok
}

// value is a column's value: text, whole numbers, truth values and lists of the
// first two are themselves, and any other type is its text.
func value(oid uint32, text []byte) (any, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // absent
	}
	switch oid {
	case pgtype.BoolOID:
		return text[0] == 't', nil
	case pgtype.Int2OID, pgtype.Int4OID, pgtype.Int8OID:
		return strconv.ParseInt(string(text), 10, 64)
	case pgtype.TextArrayOID, pgtype.VarcharArrayOID, pgtype.NameArrayOID, pgtype.UUIDArrayOID:
		return list(text, func(e string) (any, error) { return e, nil })
	case pgtype.Int2ArrayOID, pgtype.Int4ArrayOID, pgtype.Int8ArrayOID:
		return list(text, func(e string) (any, error) { return strconv.ParseInt(e, 10, 64) })
	}
	return string(text), nil
}

// list reads an array of one dimension whose elements all have a value.
func list(text []byte, element func(string) (any, error)) (any, error) {
	elements, ok := elementsOf(string(text))
	if !ok {
		return nil, errors.New("no list of one dimension whose elements all have a value")
	}
	out := make([]any, len(elements))
	for i, e := range elements {
		var err error
		if out[i], err = element(e); err != nil {
			return nil, fmt.Errorf("element %d is no whole number", i+1)
		}
	}
	return out, nil
}
