package postgres

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tiergate/tiergate/resolver/catalog"
)

const (
	fetch       = 1000            // rows of a cursor that come at a time
	listTimeout = 5 * time.Minute // of the first rows of a listing, which may have to be sorted
)

// Rows implements catalog.Enumerator: a cursor over one snapshot, in the order of
// the id. Rows with one id follow each other and become one that is bad.
func (s *Source) Rows(ctx context.Context, typ string) iter.Seq2[catalog.Row, error] {
	return func(yield func(catalog.Row, error) bool) {
		if t, ok := s.types[typ]; ok && t.Query != "" && t.List == "" {
			yield(catalog.Row{}, fmt.Errorf("%w: type %s has a query, and no list", catalog.ErrNotEnumerable, typ))
			return
		}
		more := true
		err := s.each(ctx, typ, func(row catalog.Row) bool {
			more = yield(row, nil)
			return more
		})
		if err != nil && more {
			yield(catalog.Row{}, unavailable(err))
		}
	}
}

// list is the SELECT for all rows of a type.
func (t Type) list() string {
	if t.Query != "" {
		return t.List
	}
	var order, set []string
	for _, c := range t.ids() {
		column := "t." + quoted(c)
		order = append(order, column)
		set = append(set, column+" IS NOT NULL")
	}
	for _, c := range t.ids() { // what the column takes for equal, in an order all the same
		order = append(order, "t."+quoted(c)+`::text COLLATE "C"`)
	}
	return "SELECT " + t.columns() + " FROM " + t.from() + " WHERE " + strings.Join(set, " AND ") + " ORDER BY " + strings.Join(order, ", ")
}

// each calls take for every row until it returns false.
func (s *Source) each(ctx context.Context, typ string, take func(catalog.Row) bool) error {
	c, begin, err := s.begin(ctx)
	if err != nil {
		return err
	}
	defer c.Release()
	conn := c.Conn().PgConn()
	defer func() { // an open transaction must not go back into the pool
		if conn.TxStatus() != 'I' {
			settle(conn)
		}
	}()
	st, err := s.prepared(ctx, conn, typ)
	if err != nil {
		return err
	}
	var snapshot string
	parts := append(slices.Clone(begin), part{sql: "BEGIN"}, part{sql: "SET LOCAL statement_timeout = " + milliseconds(listTimeout)},
		part{sql: "SELECT pg_current_snapshot()::text", read: text(func(v []string) error { snapshot = v[0]; return nil })},
		part{sql: "DECLARE tiergate NO SCROLL CURSOR FOR " + s.types[typ].list()})
	if err := run(ctx, conn, parts); err != nil {
		return err
	}
	if len(begin) > 0 {
		snapshot = ""
	}
	l := lister{typ: typ, statement: st, generation: s.generationOf(snapshot), take: take}
	for !l.done {
		rows := 0
		step := part{sql: "FETCH " + strconv.Itoa(fetch) + " FROM tiergate", read: func(r *pgconn.ResultReader) error { return l.read(r, &rows) }}
		if err := run(ctx, conn, []part{step}); err != nil {
			return err
		}
		if rows < fetch {
			break
		}
	}
	l.flush()
	return run(ctx, conn, []part{{sql: "COMMIT"}})
}

// begin takes a connection to a replica that is fresh enough, else to the primary.
func (s *Source) begin(ctx context.Context) (*pgxpool.Conn, []part, error) {
	soon, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	if s.replica != nil {
		if floor, err := s.proof.floor(time.Now().Add(-s.options.MaxLag)); err == nil {
			if c, err := s.replica.Acquire(soon); err == nil {
				if run(soon, c.Conn().PgConn(), floor.parts()) == nil {
					return c, floor.parts(), nil
				}
				c.Release()
			}
		}
	}
	c, err := s.primary.Acquire(soon)
	return c, nil, err
}

// lister hands rows on once it has seen that the next one has another id.
type lister struct {
	typ        string
	statement  *statement
	generation uint64
	take       func(catalog.Row) bool
	as         statement // how the rows of the list are read
	held       catalog.Row
	holds      bool
	done       bool // take wants no more
}

func (l *lister) read(r *pgconn.ResultReader, rows *int) error {
	for r.NextRow() {
		if *rows++; l.as.kinds == nil { // a list may order its columns otherwise than the query
			p, err := planOf(r.FieldDescriptions(), len(l.statement.kinds))
			if err != nil {
				return err
			}
			l.as = statement{kinds: l.statement.kinds, plan: p}
		}
		row, ok := l.as.row(l.typ, r.FieldDescriptions(), r.Values())
		if !ok || l.done {
			continue // an id that no request can name
		}
		row.Generation = l.generation
		if l.holds && l.held.Key == row.Key {
			l.held.Bad = "several rows have this id"
			continue
		}
		l.flush()
		l.held, l.holds = row, true
	}
	return nil
}

func (l *lister) flush() {
	if l.holds && !l.done {
		l.done = !l.take(l.held)
	}
	l.holds = false
}
