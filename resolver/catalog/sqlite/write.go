package sqlite

import (
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"net/url"
	"path/filepath"
	"strings"

	_ "modernc.org/sqlite" // the driver

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// building makes SQLite quick where a crash costs nothing: the file has another
// name until it is whole and on the disk.
var building = []string{"page_size(4096)", "journal_mode(OFF)", "synchronous(OFF)", "locking_mode(EXCLUSIVE)", "cache_size(-32768)", "mmap_size(0)", "temp_store(MEMORY)"}

// dsn names a file with settings of its own. The path is absolute: what it holds
// must not be taken for a host or for settings.
func dsn(path, mode string, pragmas []string) (string, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	q := url.Values{"_pragma": pragmas}
	u := url.URL{Scheme: "file", Path: path, RawQuery: mode + "&" + q.Encode()}
	return strings.Replace(u.String(), "file://", "file:", 1), nil
}

// writer writes sorted records into a new file.
type writer struct {
	in     *importer
	tx     *sql.Tx
	digest hash.Hash
	table  *typ      // whose rows are written
	many   *sql.Stmt // of several rows at once
	args   []any     // of rows that wait for many
	width  int
	rows   int64
	buf    []byte
}

// write makes the file at path.
func (in *importer) write(path string) (done Imported, err error) {
	name, err := dsn(path, "mode=rwc", building)
	if err != nil {
		return done, err
	}
	db, err := sql.Open("sqlite", name)
	if err != nil {
		return done, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(1)
	tx, err := db.BeginTx(in.ctx, nil)
	if err != nil {
		return done, err
	}
	defer func() { _ = tx.Rollback() }() // done already, or the file is thrown away
	w := &writer{in: in, tx: tx, digest: sha256.New()}
	if _, err := tx.Exec(schema); err != nil {
		return done, err
	}
	if err := w.all(); err != nil {
		return done, err
	}
	done = Imported{Rows: w.rows, Bad: in.bad.list()}
	if len(done.Bad) > 0 && !in.options.KeepBad {
		return done, done.Bad.Err()
	}
	if done.Stamp, err = w.describe(); err != nil {
		return done, err
	}
	return done, tx.Commit()
}

// all writes every record, each key once.
func (w *writer) all() error {
	var last, next record
	holds := false
	for raw, err := range w.in.sorter.sorted() {
		if err == nil {
			err = next.parse(raw)
		}
		if err != nil {
			return err
		}
		if holds && last.typ == next.typ && last.id == next.id {
			if last.values[2] == nil {
				last.values[2] = fmt.Sprintf("two rows have this id, the other in %s:%d", w.in.options.Files[next.file], next.line)
			}
			continue
		}
		if holds {
			if err := w.row(&last); err != nil {
				return err
			}
		}
		last, next, holds = next, last, true
	}
	if holds {
		if err := w.row(&last); err != nil {
			return err
		}
	}
	return w.flush()
}

// row writes one record, unless there is a fault already that ends the import: then
// it only looks for more of them.
func (w *writer) row(r *record) error {
	t := w.in.list[r.typ]
	if w.rows++; w.rows%told == 0 {
		w.in.options.Progress(Progress{Written: true, Rows: w.rows, Bytes: w.in.of, Of: w.in.of})
		if err := w.in.ctx.Err(); err != nil {
			return err
		}
	}
	t.rows++
	why, bad := r.values[2].(string)
	if tier, _ := r.values[0].(string); bad {
		t.tiers[catalog.Unusable]++
	} else {
		t.tiers[tier]++
	}
	if bad {
		w.in.bad.add(rules.Pos{File: w.in.options.Files[r.file], Line: r.line, Col: 1}, why)
		if w.in.options.KeepBad {
			r.values = append(r.values[:0], nil, nil, why)
		}
	}
	if len(w.in.bad.shown) > 0 && !w.in.options.KeepBad {
		return nil
	}
	if w.table != t {
		if err := w.begin(t); err != nil {
			return err
		}
	}
	return w.insert(r)
}

// together is how many rows one statement writes at most.
const together = 32

func (w *writer) begin(t *typ) error {
	if err := w.flush(); err != nil {
		return err
	}
	w.table, w.width = t, 5+len(t.columns)
	if _, err := w.tx.Exec(createTable(t.n, len(t.columns))); err != nil {
		return err
	}
	var err error
	w.many, err = w.tx.Prepare(w.statement(together))
	return err
}

func (w *writer) statement(rows int) string {
	one := "(?" + strings.Repeat(",?", w.width-1) + ")"
	return "INSERT INTO " + table(w.table.n) + " (" + columnList(len(w.table.columns)) + ") VALUES " + one + strings.Repeat(","+one, rows-1)
}

func (w *writer) insert(r *record) error {
	start := len(w.args)
	w.args = append(w.args, []byte(r.id), r.values[0], r.values[1], r.values[2], nil)
	w.args = append(w.args, r.values[least:]...)
	for len(w.args) < start+w.width {
		w.args = append(w.args, nil) // of columns that came later
	}
	row := w.args[start:]
	sum := sumOf(w.table.name, row)
	row[4] = sum
	w.buf = appendValue(appendValue(w.buf[:0], int64(r.typ)), sum)
	w.digest.Write(appendRow(w.buf, row))
	if len(w.args) < together*w.width {
		return nil
	}
	_, err := w.many.Exec(w.args...)
	w.args = w.args[:0]
	return err
}

func appendRow(buf []byte, values []any) []byte {
	for _, v := range values {
		buf = appendValue(buf, v)
	}
	return buf
}

// flush writes the rows that wait.
func (w *writer) flush() error {
	if w.table == nil {
		return nil
	}
	if len(w.args) > 0 {
		if _, err := w.tx.Exec(w.statement(len(w.args)/w.width), w.args...); err != nil {
			return err
		}
		w.args = w.args[:0]
	}
	return w.many.Close()
}

// describe writes what there is to know of the rows, and returns their stamp.
func (w *writer) describe() (stamp string, err error) {
	for _, t := range w.in.list {
		columns, err := json.Marshal(t.columns)
		if err != nil {
			return "", err
		}
		if t.columns == nil {
			columns = []byte("[]")
		}
		tiers, err := json.Marshal(t.tiers)
		if err != nil {
			return "", err
		}
		values := []any{t.name, t.rows, truth(t.text), truth(t.tier), truth(t.parent), string(columns), string(tiers)}
		w.digest.Write(appendRow(nil, values))
		if _, err := w.tx.Exec("INSERT INTO types (n, type, rows, text, tier, parent, columns, tiers) VALUES (?,?,?,?,?,?,?,?)", append([]any{int64(t.n)}, values...)...); err != nil {
			return "", err
		}
	}
	stamp = hex.EncodeToString(w.digest.Sum(nil))
	for _, sql := range []string{
		fmt.Sprintf("INSERT INTO meta (name, value) VALUES ('stamp', '%s')", stamp),
		fmt.Sprintf("PRAGMA application_id = %d", applicationID), fmt.Sprintf("PRAGMA user_version = %d", schemaVersion),
	} {
		if _, err := w.tx.Exec(sql); err != nil {
			return "", err
		}
	}
	return stamp, nil
}

func truth(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// faults are rows that cannot be used: the first of them, and how many more.
type faults struct {
	shown rules.Mistakes
	more  int
	next  rules.Pos
}

const mostFaults = 20

func (f *faults) add(pos rules.Pos, why string) {
	switch {
	case len(f.shown) < mostFaults:
		f.shown.Add(pos, "%s", why)
	case f.more == 0:
		f.next = pos
		f.more++
	default:
		f.more++
	}
}

func (f *faults) list() rules.Mistakes {
	if f.more > 0 {
		f.shown.Add(f.next, "and so on: %d more", f.more)
	}
	return f.shown
}
