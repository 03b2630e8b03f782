package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Pauses between attempts to connect: they double up to the last one, and each is
// between half and all of its length, so that replicas do not come all at once.
const (
	firstPause = 50 * time.Millisecond
	lastPause  = 5 * time.Second
)

// Watch implements catalog.Watcher. It keeps one connection to the primary, reads
// from it what changed whenever it is woken and once a heartbeat, and learns how
// far replicas must be. Without Options.Outbox that is all: it tells nothing.
//
// A change is told, or Lost is, within two heartbeats of its commit: what was not
// read by then counts as lost. Heard says so at each reading, for a machine on which
// nobody has the time to call Lost. Lost comes as soon as the connection is seen to be
// cut, for from then on nobody tells; Watched when a new one stands, and then no
// row counts that was read before. The error is always nil, and it returns when
// ctx ends.
func (s *Source) Watch(ctx context.Context, to catalog.Changes) error {
	pause := firstPause
	for {
		w := watch{source: s, to: to}
		err := w.follow(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // the watch was ended, and so did not fail
		}
		err = unavailable(err)
		s.log.Warn("catalog changes are not heard", slog.Bool("heard_before", w.heard), slog.Any("error", err))
		if w.heard {
			to.Lost(err)
		}
		if w.stood {
			pause = firstPause
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause/2 + rand.N(pause/2)): //nolint:gosec // not a secret
		}
		pause = min(2*pause, lastPause)
	}
}

// watch is the life of one connection.
type watch struct {
	source *Source
	to     catalog.Changes
	conn   *pgconn.PgConn
	woken  bool // since the last reading began
	stood  bool // the connection was of use
	heard  bool // Watched was told
	last   reading
	prune  pruner
}

var errUnheard = errors.New("changes may have passed unseen")

// follow connects and reads until something fails.
func (w *watch) follow(ctx context.Context) error {
	s, beat := w.source, w.source.options.Heartbeat
	opening, cancel := context.WithTimeout(ctx, max(2*beat, s.options.Timeout))
	defer cancel()
	if err := w.connect(opening); err != nil {
		return err
	}
	defer settle(w.conn)
	first, err := w.read(opening)
	if err != nil {
		return err
	}
	w.take(first)
	if s.options.Outbox {
		w.to.Watched()
		w.heard = true
		w.good()
	}
	for {
		if err := w.wait(ctx, w.last.asked.Add(beat)); err != nil {
			return err
		}
		due, cancel := context.WithDeadline(ctx, w.last.asked.Add(2*beat))
		w.woken = false
		next, err := w.read(due)
		cancel()
		if err != nil {
			return err
		}
		w.take(next)
		w.tell(next)
		w.good()
		w.prune.after(ctx, w, next)
	}
}

func (w *watch) connect(ctx context.Context) error {
	o := &w.source.options
	c, err := parse(o, o.DSN, pgconn.ValidateConnectTargetSessionAttrsPrimary)
	if err != nil {
		return err
	}
	config := c.ConnConfig.Copy().Config
	if err := o.password(&config.Password); err != nil {
		return err
	}
	config.RuntimeParams["application_name"] = "tiergate watch"
	config.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) { w.woken = true }
	if w.conn, err = pgconn.ConnectConfig(ctx, &config); err != nil {
		return err
	}
	if !o.Outbox {
		return nil
	}
	if err := run(ctx, w.conn, []part{{sql: "LISTEN tiergate_changes"}}); err != nil {
		settle(w.conn)
		return err
	}
	return nil
}

// wait returns when a notification comes, or at until.
func (w *watch) wait(ctx context.Context, until time.Time) error {
	if w.woken {
		return ctx.Err()
	}
	waiting, cancel := context.WithDeadline(ctx, until)
	defer cancel()
	err := w.conn.WaitForNotification(waiting)
	if err != nil && waiting.Err() != nil && ctx.Err() == nil && !w.conn.IsClosed() {
		return nil
	}
	return err
}

// take notes what a reading says of the primary's log, before anybody hears of a
// change: a look-up that a change causes must find the floor raised.
func (w *watch) take(r reading) {
	p := &w.source.proof
	if w.last.snapshot == "" || len(r.changed) > 0 || r.any != "" {
		p.raise(r.end)
	}
	p.add(sample{asked: r.asked, end: r.end}, r.asked.Add(-w.source.options.MaxLag))
	w.last, w.stood = r, true
}

// good tells how long what was told is all: a change that was committed when the
// last reading was asked for is in it.
func (w *watch) good() {
	if w.source.options.Outbox {
		w.to.Heard(w.last.asked.Add(2 * w.source.options.Heartbeat))
	}
}

func (w *watch) tell(r reading) {
	switch {
	case r.any != "":
		w.to.Lost(fmt.Errorf("%w: %s", errUnheard, r.any))
		w.to.Watched()
	case len(r.changed) > 0:
		w.to.Changed(r.changed)
	}
}
