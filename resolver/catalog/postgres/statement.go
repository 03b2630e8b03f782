package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// statement is what asks for the rows of a type, prepared on one connection.
type statement struct {
	name  string // on the server
	kinds []kind // of the columns of the id
	plan  plan
}

// plan says which column of an answer is what.
type plan struct {
	ids          []int // the columns of the id, in their order
	tier, parent int   // -1 where there is none
	rest         map[int]string
}

// attach is the key of a connection's statements among its custom data.
const attach = "tiergate"

// prepared returns a type's statement on conn, which it prepares the first time.
func (s *Source) prepared(ctx context.Context, conn *pgconn.PgConn, typ string) (*statement, error) {
	known, _ := conn.CustomData()[attach].(map[string]*statement)
	if known == nil {
		known = make(map[string]*statement)
		conn.CustomData()[attach] = known
	}
	if st := known[typ]; st != nil {
		return st, nil
	}
	t, ok := s.types[typ]
	if !ok {
		return nil, fmt.Errorf("no table or query is given for the type %s", typ)
	}
	name := "tiergate_" + strconv.Itoa(len(known))
	st, err := t.prepare(ctx, conn, name)
	if err != nil {
		_ = conn.Deallocate(ctx, name) // the next type takes the name; one that is not there is no error
		return nil, fmt.Errorf("type %s: %w", typ, err)
	}
	known[typ] = st
	return st, nil
}

func (t Type) prepare(ctx context.Context, conn *pgconn.PgConn, name string) (*statement, error) {
	var params []uint32
	if t.Query == "" {
		columns, err := conn.Prepare(ctx, "", "SELECT "+t.idColumns()+" FROM "+t.from(), nil)
		if err != nil {
			return nil, err
		}
		for i, f := range columns.Fields {
			array, err := arrayOf(ctx, conn, f.DataTypeOID)
			if err != nil {
				return nil, fmt.Errorf("column %q: %w", t.ids()[i], err)
			}
			params = append(params, array)
		}
	}
	sd, err := conn.Prepare(ctx, name, t.lookup(), params)
	if err != nil {
		return nil, err
	}
	if want := len(t.ids()); len(sd.ParamOIDs) != want {
		return nil, fmt.Errorf("the query has %d parameters, want $1 alone: the array of ids", len(sd.ParamOIDs))
	}
	st := &statement{name: name}
	for _, array := range sd.ParamOIDs {
		k, err := kindOf(ctx, conn, array)
		if err != nil {
			return nil, err
		}
		if k == octets && len(sd.ParamOIDs) > 1 {
			return nil, fmt.Errorf("an id of several columns with a bytea is not supported")
		}
		st.kinds = append(st.kinds, k)
	}
	if st.plan, err = planOf(sd.Fields, len(st.kinds)); err != nil {
		return nil, err
	}
	return st, nil
}

func (t Type) ids() []string {
	if len(t.ID) == 0 {
		return []string{"id"}
	}
	return t.ID
}

func (t Type) from() string { return pgx.Identifier(strings.Split(t.Table, ".")).Sanitize() + " AS t" }

func quoted(column string) string { return pgx.Identifier{column}.Sanitize() }

func (t Type) idColumns() string {
	var out []string
	for _, c := range t.ids() {
		out = append(out, "t."+quoted(c)+` AS "id"`)
	}
	return strings.Join(out, ", ")
}

// columns is the list of a mapping's SELECT.
func (t Type) columns() string {
	out := []string{t.idColumns()}
	if t.Tier != "" {
		out = append(out, "t."+quoted(t.Tier)+` AS "tier"`)
	}
	if t.Parent != "" {
		out = append(out, "t."+quoted(t.Parent)+` AS "parent"`)
	}
	for _, attribute := range slices.Sorted(maps.Keys(t.Columns)) {
		out = append(out, "t."+quoted(t.Columns[attribute])+" AS "+quoted(attribute))
	}
	return strings.Join(out, ", ")
}

// lookup is the SELECT for some ids. The column is compared as its own type and
// collation does, which an index serves; that the answer's id is the very one
// that was asked for is checked when it is read.
func (t Type) lookup() string {
	switch ids := t.ids(); {
	case t.Query != "":
		return t.Query
	case len(ids) == 1:
		return "SELECT " + t.columns() + " FROM " + t.from() + " WHERE t." + quoted(ids[0]) + " = ANY($1)"
	default:
		var params, names, on []string
		for i, c := range ids {
			params = append(params, "$"+strconv.Itoa(i+1))
			names = append(names, "c"+strconv.Itoa(i))
			on = append(on, "t."+quoted(c)+" = k."+names[i])
		}
		return "SELECT " + t.columns() + " FROM " + t.from() +
			" JOIN unnest(" + strings.Join(params, ", ") + ") AS k(" + strings.Join(names, ", ") + ") ON " + strings.Join(on, " AND ")
	}
}

func planOf(fields []pgconn.FieldDescription, ids int) (plan, error) {
	p := plan{tier: -1, parent: -1, rest: make(map[int]string)}
	seen := make(map[string]bool)
	for i, f := range fields {
		if f.Name == "id" {
			p.ids = append(p.ids, i)
			continue
		}
		if seen[f.Name] {
			return p, fmt.Errorf("the query answers the column %q twice", f.Name)
		}
		seen[f.Name] = true
		switch f.Name {
		case "tier":
			p.tier = i
		case "parent":
			p.parent = i
		default:
			p.rest[i] = f.Name
		}
	}
	if len(p.ids) != ids {
		return p, fmt.Errorf(`the query answers %d columns "id", want %d`, len(p.ids), ids)
	}
	return p, nil
}

// arrayOf returns the oid of the array of a type.
func arrayOf(ctx context.Context, conn *pgconn.PgConn, oid uint32) (uint32, error) {
	if array, ok := arrays[oid]; ok {
		return array, nil
	}
	row, err := one(ctx, conn, "SELECT typarray::text FROM pg_type WHERE oid = "+strconv.FormatUint(uint64(oid), 10))
	if err != nil {
		return 0, err
	}
	array, err := strconv.ParseUint(row[0], 10, 32)
	return uint32(array), err
}

// kindOf returns the kind of the elements of an array type.
func kindOf(ctx context.Context, conn *pgconn.PgConn, array uint32) (kind, error) {
	for oid, of := range arrays {
		if of == array {
			return kinds[oid], nil
		}
	}
	row, err := one(ctx, conn, "SELECT e.typcategory, e.typname FROM pg_type a JOIN pg_type e ON e.oid = a.typelem AND e.oid <> 'bpchar'::regtype AND a.oid = "+
		strconv.FormatUint(uint64(array), 10))
	if err != nil {
		return 0, fmt.Errorf("the ids are of a type that is not supported: want text, varchar, citext, integers, uuid or bytea: %w", err)
	}
	if row[0] != "S" {
		return 0, fmt.Errorf("ids of type %s are not supported: want text, varchar, citext, integers, uuid or bytea", row[1])
	}
	return textual, nil
}

// one runs a statement of our own that answers one row.
func one(ctx context.Context, conn *pgconn.PgConn, sql string) ([]string, error) {
	r := conn.ExecParams(ctx, sql, nil, nil, nil, nil).Read()
	if r.Err != nil {
		return nil, r.Err
	}
	if len(r.Rows) != 1 {
		return nil, fmt.Errorf("%d rows, want 1", len(r.Rows))
	}
	out := make([]string, len(r.Rows[0]))
	for i, v := range r.Rows[0] {
		out[i] = string(v)
	}
	return out, nil
}
