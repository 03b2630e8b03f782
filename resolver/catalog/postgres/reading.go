package postgres

import (
	"context"
	"encoding/hex"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// maxChanges is how many changed rows are told one by one. After more of them at
// a time all rows count as changed.
const maxChanges = 10_000

// reading is one look at the outbox.
//
// Its place among all readings is the snapshot that it was taken in, not a number
// that rows count up: a transaction may take a lower number and commit later. The
// next reading has every change that it can see and this one could not, so none is
// left out and none has to wait for another's commit.
type reading struct {
	asked    time.Time // before the server was asked
	snapshot string
	oldest   uint64 // the first transaction that had not ended
	end      position
	changed  []catalog.Key
	any      string // why any row may have changed, "" when only those did
}

// unread finds the changes that an earlier snapshot, $1, does not show.
var unread = "SELECT type, id FROM tiergate_changes WHERE xid >= pg_snapshot_xmin($1::pg_snapshot)" +
	" AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot) AND pg_visible_in_snapshot(xid, pg_current_snapshot())" +
	" LIMIT " + strconv.Itoa(maxChanges+1)

// pruned tells whether changes are gone that an earlier snapshot does not show.
const pruned = "SELECT EXISTS (SELECT FROM tiergate_pruned WHERE before > pg_snapshot_xmin($1::pg_snapshot))"

// read looks at the outbox and at the end of the log, in one snapshot. The log's
// end comes last: it is behind everything that the snapshot shows.
func (w *watch) read(ctx context.Context) (reading, error) {
	r := reading{asked: time.Now()}
	parts := []part{{sql: "SELECT pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot())::text", read: text(func(v []string) (err error) {
		r.snapshot = v[0]
		r.oldest, err = strconv.ParseUint(v[1], 10, 64)
		return err
	})}}
	switch {
	case !w.source.options.Outbox:
	case w.last.snapshot == "": // the first reading only proves that there is an outbox to read
		parts = append(parts, part{sql: "SELECT type, id FROM tiergate_changes LIMIT 0"}, part{sql: "SELECT before FROM tiergate_pruned LIMIT 0"})
	default:
		since := [][]byte{[]byte(w.last.snapshot)}
		parts = append(parts, part{sql: pruned, params: since, read: text(func(v []string) error {
			if v[0] == "t" {
				r.any = "changes were pruned before they were read"
			}
			return nil
		})}, part{sql: unread, params: since, read: r.collect})
	}
	parts = append(parts, part{sql: logEnd, read: text(func(v []string) (err error) {
		r.end, err = parseLogEnd(v)
		return err
	})})
	err := run(ctx, w.conn, parts)
	return r, err
}

func (r *reading) collect(rows *pgconn.ResultReader) error {
	for rows.NextRow() {
		v := rows.Values()
		typ := string(v[0])
		switch {
		case v[1] == nil:
			r.any = fmt.Sprintf("any row of type %s may have changed", typ)
		case len(r.changed) == maxChanges:
			r.any = fmt.Sprintf("more than %d rows changed at a time", maxChanges)
		default:
			r.changed = append(r.changed, catalog.Key{Type: typ, ID: string(v[1])})
			if digits, ok := strings.CutPrefix(string(v[1]), `\x`); ok { // the id of a bytea column, as text
				if id, err := hex.DecodeString(digits); err == nil {
					r.changed = append(r.changed, catalog.Key{Type: typ, ID: string(id)})
				}
			}
		}
	}
	return nil
}

// Changes are kept this long at least, and pruned this often: far longer than any
// reader may take to read them.
const (
	pruneAfter = 10 * time.Minute
	pruneEvery = 10 * time.Second
)

// pruner deletes changes that every reader has had time to read: those of
// transactions that had all ended when a reading was taken that long ago. Their
// own times would not do, for a transaction may be open for hours.
type pruner struct {
	marks  []reading // one a pruneEvery, oldest first
	denied bool
}

func (p *pruner) after(ctx context.Context, w *watch, r reading) {
	if !w.source.options.Outbox || p.denied {
		return
	}
	if n := len(p.marks); n > 0 && r.asked.Sub(p.marks[n-1].asked) < pruneEvery {
		return
	}
	p.marks = append(p.marks, reading{asked: r.asked, oldest: r.oldest})
	if r.asked.Sub(p.marks[0].asked) < pruneAfter {
		return
	}
	oldest := p.marks[0].oldest
	p.marks = p.marks[1:]
	if err := w.pruneBefore(ctx, oldest); err != nil {
		p.denied = true
		w.source.log.Warn("catalog changes are not pruned", slog.Any("error", hidden(err)))
	}
}

func (w *watch) pruneBefore(ctx context.Context, oldest uint64) error {
	ctx, cancel := context.WithTimeout(ctx, w.source.options.Heartbeat)
	defer cancel()
	err := run(ctx, w.conn, []part{
		{sql: "BEGIN READ WRITE"},
		{sql: "SELECT tiergate_prune($1::text::xid8)", params: [][]byte{[]byte(strconv.FormatUint(oldest, 10))}},
		{sql: "COMMIT"},
	})
	if err != nil && !w.conn.IsClosed() {
		_ = run(ctx, w.conn, []part{{sql: "ROLLBACK"}}) // the next reading fails if this does
	}
	return err
}
