package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Lookup implements catalog.Source. With a replica it is asked first; where it
// cannot answer, or cannot prove that it is fresh enough, the primary is. If that
// one is away, too, a replica that is behind is ErrStale; all else is
// ErrUnavailable.
func (s *Source) Lookup(ctx context.Context, keys []catalog.Key) ([]catalog.Row, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.options.Timeout)
	defer cancel()
	q := questionOf(keys)
	var behind error
	if s.replica != nil {
		floor, err := s.proof.floor(time.Now().Add(-s.options.MaxLag))
		if err == nil {
			err = s.ask(ctx, s.replica, q, &floor)
		}
		if err == nil {
			return s.answer(keys, q), nil
		}
		if errors.Is(err, catalog.ErrStale) {
			behind = err
		}
	}
	if err := s.ask(ctx, s.primary, q, nil); err != nil {
		if behind != nil {
			return nil, fmt.Errorf("%w; and the primary: %w", behind, hidden(err))
		}
		return nil, unavailable(err)
	}
	return s.answer(keys, q), nil
}

// question is what one Lookup wants to know, and then the answers to it.
type question struct {
	types    []string
	ids      map[string][]string // by type, each once
	found    map[catalog.Key]catalog.Row
	snapshot string // "" for a replica's
}

func questionOf(keys []catalog.Key) *question {
	q := &question{ids: make(map[string][]string)}
	seen := make(map[catalog.Key]bool, len(keys))
	for _, k := range keys {
		if seen[k] {
			continue
		}
		seen[k] = true
		if q.ids[k.Type] == nil {
			q.types = append(q.types, k.Type)
		}
		q.ids[k.Type] = append(q.ids[k.Type], strings.Clone(k.ID))
	}
	return q
}

func (s *Source) answer(keys []catalog.Key, q *question) []catalog.Row {
	generation := s.generationOf(q.snapshot)
	rows := make([]catalog.Row, len(keys))
	for i, k := range keys {
		rows[i] = q.found[k]
		rows[i].Key, rows[i].Generation = k, generation
	}
	return rows
}

// ask answers q from one server. A connection that ended while it lay in the pool,
// and a statement that the database outgrew, are tried once more. floor, for a
// replica, is what it must have replayed.
func (s *Source) ask(ctx context.Context, pool *pgxpool.Pool, q *question, floor *position) error {
	for again := false; ; again = true {
		c, err := pool.Acquire(ctx)
		if err != nil {
			return err
		}
		conn := c.Conn().PgConn()
		err = s.askOn(ctx, conn, q, floor)
		retry := err != nil && !again && ctx.Err() == nil && outdated(err, conn)
		if retry {
			_ = c.Conn().Close(ctx) // the pool drops it
		}
		c.Release()
		if !retry {
			return err
		}
		pool.Reset()
	}
}

// part is one statement of a batch, with what reads its answer.
type part struct {
	sql       string
	statement *statement // instead of sql
	params    [][]byte
	read      func(*pgconn.ResultReader) error // nil: nothing to read
}

func (s *Source) askOn(ctx context.Context, conn *pgconn.PgConn, q *question, floor *position) error {
	q.found, q.snapshot = make(map[catalog.Key]catalog.Row), ""
	var parts []part
	if floor == nil {
		parts = append(parts, part{sql: "SELECT pg_current_snapshot()::text", read: text(func(v []string) error {
			q.snapshot = v[0]
			return nil
		})})
	} else {
		parts = floor.parts()
	}
	for _, typ := range q.types {
		st, err := s.prepared(ctx, conn, typ)
		if err != nil {
			return err
		}
		params := st.params(q.ids[typ])
		if params == nil {
			continue // nothing that the columns could hold
		}
		wanted := len(q.ids[typ])
		parts = append(parts, part{statement: st, params: params, read: func(r *pgconn.ResultReader) error { return q.collect(typ, st, wanted, r) }})
	}
	return run(ctx, conn, parts)
}

// params are the arrays of ids that a statement takes, nil for none at all.
func (st *statement) params(ids []string) [][]byte {
	columns := make([][]string, len(st.kinds))
	for _, id := range ids {
		parts, ok := split(id, len(st.kinds))
		for i := 0; ok && i < len(parts); i++ {
			ok = st.kinds[i].holds(parts[i])
		}
		for i := 0; ok && i < len(parts); i++ {
			columns[i] = append(columns[i], st.kinds[i].write(parts[i]))
		}
	}
	if len(columns[0]) == 0 {
		return nil
	}
	params := make([][]byte, len(columns))
	for i := range columns {
		params[i] = array(columns[i])
	}
	return params
}

// collect takes the rows that were asked for. Those of ids that the column only
// takes for equal are left out: a7 is not A7.
func (q *question) collect(typ string, st *statement, wanted int, r *pgconn.ResultReader) error {
	asked := make(map[string]bool, wanted)
	for _, id := range q.ids[typ] {
		asked[id] = true
	}
	most := 100 + 10*wanted
	for n := 0; r.NextRow(); n++ {
		if n == most {
			return fmt.Errorf("type %s: %w: more than %d for %d ids", typ, errRunaway, most, wanted)
		}
		row, ok := st.row(typ, r.FieldDescriptions(), r.Values())
		if !ok || !asked[row.Key.ID] {
			continue
		}
		row.Key.ID = strings.Clone(row.Key.ID)
		if _, twice := q.found[row.Key]; twice {
			row.Bad = "several rows have this id"
		}
		q.found[row.Key] = row
	}
	return nil
}

// errRunaway means that a query answers far more rows than it was asked for. The
// rest of them is not read.
var errRunaway = errors.New("the query answers too many rows")

// run sends a batch in one round trip and reads all of it. Statements that no
// transaction surrounds are one, and see one snapshot.
func run(ctx context.Context, conn *pgconn.PgConn, parts []part) error {
	batch := &pgconn.Batch{}
	for _, p := range parts {
		if p.statement != nil {
			batch.ExecPrepared(p.statement.name, p.params, nil, nil)
		} else {
			batch.ExecParams(p.sql, p.params, nil, nil, nil)
		}
	}
	results := conn.ExecBatch(ctx, batch)
	parts = slices.Clone(parts)
	var err error
	for err == nil && results.NextResult() {
		p := parts[0]
		parts = parts[1:]
		r := results.ResultReader()
		if p.read != nil {
			if err = p.read(r); errors.Is(err, errRunaway) {
				settle(conn)
				return err
			}
		}
		if _, end := r.Close(); err == nil {
			err = end
		}
	}
	if end := results.Close(); err == nil {
		err = end
	}
	if err == nil && len(parts) > 0 {
		err = fmt.Errorf("%d statements of a batch were not answered", len(parts))
	}
	return err
}

// text reads one row of text, with "" for NULL.
func text(read func([]string) error) func(*pgconn.ResultReader) error {
	return func(r *pgconn.ResultReader) error {
		if !r.NextRow() {
			_, err := r.Close()
			return errors.Join(err, errors.New("no row, want 1"))
		}
		values := make([]string, len(r.Values()))
		for i, v := range r.Values() {
			values[i] = string(v)
		}
		return read(values)
	}
}
