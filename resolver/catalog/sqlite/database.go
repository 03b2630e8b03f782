package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules/regular"
)

// database is one version of the file: open, and never opened again.
type database struct {
	path     string
	info     fs.FileInfo
	db       *sql.DB
	stamp    string
	types    map[string]*kind
	rows     int64
	all      []*session
	sessions chan *session // those that nobody uses

	mu      sync.Mutex
	users   int
	retired bool
}

// kind is what the file says of the rows of a type.
type kind struct {
	name         string
	n            int
	rows         int64
	text         bool
	tier, parent bool
	columns      []string
	tiers        map[string]int // how many rows have which
}

// session is one connection with its statements, by type.
type session struct {
	conn   *sql.Conn
	lookup map[string]*sql.Stmt
	values []any // of one row
	into   []any // their addresses
}

// reading keeps SQLite from everything but reading. Memory maps are off: a file
// that somebody cuts would end the process.
func reading(cache int) []string {
	return []string{"query_only(1)", "cache_size(-" + strconv.Itoa(max(1, cache>>10)) + ")", "mmap_size(0)", "trusted_schema(0)", "cell_size_check(1)"}
}

// open opens the file with so many connections, which share so many bytes of
// page cache. All are opened now: a later one would find the file that has taken
// the place of this one.
func open(ctx context.Context, path string, connections, cache int) (_ *database, err error) {
	d := &database{path: path, sessions: make(chan *session, connections)}
	if d.info, err = checked(path); err != nil {
		return nil, err
	}
	// A page and its header take the next power of two: twice the page.
	name, err := dsn(path, "mode=ro&immutable=1", reading(cache/connections/2))
	if err != nil {
		return nil, err
	}
	if d.db, err = sql.Open("sqlite", name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			d.close()
		}
	}()
	d.db.SetMaxOpenConns(connections)
	d.db.SetMaxIdleConns(connections)
	for range connections {
		conn, err := d.db.Conn(ctx)
		if err != nil {
			return nil, err
		}
		s := &session{conn: conn, lookup: make(map[string]*sql.Stmt)}
		d.all = append(d.all, s)
		d.sessions <- s
	}
	if err := d.describe(ctx); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	after, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !unchanged(d.info, after) {
		return nil, fmt.Errorf("%s: changed while it was opened", path)
	}
	return d, nil
}

// checked looks at the file before SQLite does.
func checked(path string) (fs.FileInfo, error) {
	f, err := regular.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // only read from
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	return info, checkHeader(f, info.Size())
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// describe reads what the file says of itself, on every connection: they must all
// have the same file.
func (d *database) describe(ctx context.Context) error {
	for _, s := range d.all {
		var stamp string
		if err := s.conn.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'stamp'").Scan(&stamp); err != nil {
			return err
		}
		if d.stamp != "" && d.stamp != stamp {
			return errors.New("changed while it was opened")
		}
		d.stamp = stamp
	}
	if err := d.readTypes(ctx); err != nil {
		return err
	}
	for _, s := range d.all {
		for _, t := range d.types {
			var err error
			sql := "SELECT " + columnList(len(t.columns)) + " FROM " + table(t.n) + " WHERE id = ?" //nolint:gosec // names of our own
			if s.lookup[t.name], err = s.conn.PrepareContext(ctx, sql); err != nil {
				return err
			}
		}
	}
	return nil
}

func (d *database) readTypes(ctx context.Context) error {
	rows, err := d.all[0].conn.QueryContext(ctx, "SELECT n, type, rows, text, tier, parent, columns, tiers FROM types")
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	d.types = make(map[string]*kind)
	for rows.Next() {
		t := &kind{}
		var columns, tiers string
		if err := rows.Scan(&t.n, &t.name, &t.rows, &t.text, &t.tier, &t.parent, &columns, &tiers); err != nil {
			return err
		}
		if err := errors.Join(json.Unmarshal([]byte(columns), &t.columns), json.Unmarshal([]byte(tiers), &t.tiers)); err != nil {
			return err
		}
		if counted := t.counted(); counted != t.rows {
			return fmt.Errorf("type %q: %d rows by their tiers, %d in all: the counts do not add up", t.name, counted, t.rows)
		}
		d.types[t.name] = t
		d.rows += t.rows
	}
	return rows.Err()
}

// counted is how many rows there are by the counts of each tier, -1 where one of
// them cannot be.
func (t *kind) counted() (n int64) {
	for _, rows := range t.tiers {
		if rows < 0 {
			return -1
		}
		n += int64(rows)
	}
	return n
}

// census is what the file says of its rows.
func (d *database) census() catalog.Census {
	c := make(catalog.Census, len(d.types))
	for name, t := range d.types {
		c[name] = t.tiers
	}
	return c
}

// Describe implements catalog.Described.
func (s *Source) Describe() (d catalog.Description) {
	v := s.force.Load()
	if v == nil {
		return d
	}
	d = catalog.Description{File: s.options.Path, Types: make(map[string]catalog.Rows, len(v.types))}
	for name, t := range v.types {
		has := append([]string{"id", "type"}, slices.Sorted(maps.Keys(t.has()))...)
		d.Types[name] = catalog.Rows{Columns: has, Whole: t.text, Tiers: t.tiers}
	}
	return d
}

// Stamp returns the SHA-256, in hex, that a file says its rows have, and by which a
// version that is held is accepted.
func Stamp(path string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), openTimeout)
	defer cancel()
	d, err := open(ctx, path, 1, defaultCache)
	if err != nil {
		return "", err
	}
	defer d.retire()
	return d.stamp, nil
}

// use keeps the database open until done; false says that it is not any more.
func (d *database) use() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.retired {
		d.users++
	}
	return !d.retired
}

func (d *database) done() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.users--; d.retired && d.users == 0 {
		d.close()
	}
}

// retire closes the database once nobody uses it.
func (d *database) retire() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.retired = true; d.users == 0 {
		d.close()
	}
}

func (d *database) close() {
	for _, s := range d.all {
		for _, st := range s.lookup {
			_ = st.Close() // only read from
		}
		_ = s.conn.Close()
	}
	_ = d.db.Close()
}

// acquire waits for a connection.
func (d *database) acquire(ctx context.Context) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	select {
	case s := <-d.sessions:
		return s, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// lookup reads the row of one key.
func (d *database) lookup(s *session, key catalog.Key, generation uint64) (catalog.Row, error) {
	row := catalog.Row{Key: key, Generation: generation}
	t := d.types[key.Type]
	if t == nil || key.ID == "" {
		return row, nil
	}
	// Without a context: nothing interrupts reading a page, and to watch one costs more than the read.
	rows, err := s.lookup[t.name].Query([]byte(key.ID)) //nolint:noctx // as said
	if err != nil {
		return row, err
	}
	defer rows.Close() //nolint:errcheck // Err tells
	if !rows.Next() {
		return row, rows.Err()
	}
	values := s.room(5 + len(t.columns))
	if err := rows.Scan(s.into[:len(values)]...); err != nil {
		return row, err
	}
	if err := t.fill(&row, values); err != nil {
		return row, err
	}
	return row, rows.Err()
}

// room is where a row of n values is read into.
func (s *session) room(n int) []any {
	for len(s.values) < n {
		s.values = append(s.values, nil)
		s.into = s.into[:0]
	}
	if len(s.into) == 0 {
		for i := range s.values {
			s.into = append(s.into, &s.values[i])
		}
	}
	return s.values[:n]
}

var errSum = errors.New("a row is not what was written: the file is damaged")

// fill gives a row what the file has of it, if it is that row and whole.
func (t *kind) fill(row *catalog.Row, values []any) error {
	sum, ok := values[4].(int64)
	values[4] = nil
	id, isID := values[0].([]byte)
	if !ok || !isID || string(id) != row.Key.ID || sumOf(t.name, values) != sum {
		return errSum
	}
	row.Found, row.Whole, row.Untiered = true, t.text, !t.tier
	if row.Bad, ok = values[3].(string); ok {
		return nil
	}
	if tier, named := values[1].(string); named {
		row.Tier, row.NoTier = tier, tier == ""
	}
	if parent, named := values[2].(string); named {
		if row.Parent = parent; parent == "" && !t.text {
			row.Null = append(row.Null, "parent")
		}
	}
	row.Columns = make(map[string]any, len(t.columns))
	for i, name := range t.columns {
		v := values[5+i]
		if raw, ok := v.([]byte); ok && string(raw) == string(jsonNull) {
			row.Null = append(row.Null, name)
			v = nil
		}
		value, err := loaded(v, t.text)
		if err != nil {
			return err
		}
		row.Columns[name] = value
	}
	return nil
}
