package sqlite

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Options make a Source. Only Path has no default.
type Options struct {
	Path        string
	MaxAge      time.Duration // counted from the file's modification time; 0 is no limit
	Connections int           // look-ups that read at the same time; 4
	Memory      int           // bytes of the file's pages that are kept in memory; 64 MiB
	Poll        time.Duration // 1 s
	Now         func() time.Time
	Guard       catalog.Guard   // against versions that take too much
	Name        string          // of the catalog, by which StateDir knows it
	StateDir    string          // remembers over restarts what was in force, and has what was accepted; "" for neither
	Serves      bool            // this process says what is in force; others only read that
	Log         *slog.Logger    // silent by default
	Loaded      func(err error) // told of each load of a changed file: nil, or why the last good one stays
}

// MostConnections is how many connections to its file a source may have.
const MostConnections = 64

const (
	defaultConnections = 4
	defaultCache       = 64 << 20
	defaultPoll        = time.Second
	openTimeout        = 10 * time.Second
)

// Source reads rows from a file that Import built. A file that takes its place is
// opened, and if it can be used the old one is closed after its last look-up.
type Source struct {
	options Options
	force   atomic.Pointer[version]
	kept    atomic.Pointer[map[catalog.Key]bool] // columns that types read

	mu         sync.Mutex
	generation uint64 // of the version that was in force last
	seen       seen
	had        map[string]map[string]bool // the columns that a new version must not lose, by type
	gate       *catalog.Gate
	err        error // of the last load
}

// version is what look-ups read.
type version struct {
	*database
	generation uint64
	asOf       time.Time // what MaxAge counts from
}

var (
	_ catalog.Source     = (*Source)(nil)
	_ catalog.Versioned  = (*Source)(nil)
	_ catalog.Keeper     = (*Source)(nil)
	_ catalog.Ranker     = (*Source)(nil)
	_ catalog.Enumerator = (*Source)(nil)
	_ catalog.Described  = (*Source)(nil)
)

// Open makes a source and opens the file once. The error is about the options only:
// when the file itself cannot be used, Err says why, look-ups are
// catalog.ErrUnavailable, and Run keeps trying.
func Open(o Options) (*Source, error) {
	o.Connections, o.Memory, o.Poll = orDefault(o.Connections, defaultConnections), orDefault(o.Memory, defaultCache), orDefault(o.Poll, defaultPoll)
	switch {
	case o.Path == "":
		return nil, errors.New("sqlite: the path is missing")
	case o.Connections < 1 || o.Connections > MostConnections:
		return nil, fmt.Errorf("sqlite: %d connections, want 1 to %d", o.Connections, MostConnections)
	case o.StateDir != "" && o.Name == "":
		return nil, fmt.Errorf("sqlite: file %q: a StateDir, and no Name to be known by there", o.Path)
	case o.MaxAge < 0 || o.Memory < 0 || o.Poll < 0:
		return nil, fmt.Errorf("sqlite: MaxAge %v, Memory %d and Poll %v must not be below 0", o.MaxAge, o.Memory, o.Poll)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Source{options: o, gate: catalog.NewGate(catalog.GateOptions{
		Path: o.Path, Guard: o.Guard, Name: o.Name, StateDir: o.StateDir, Serves: o.Serves, Now: o.Now, Log: o.Log, Loaded: o.Loaded,
	})}
	s.look()
	return s, nil
}

func orDefault[T comparable](v, otherwise T) T {
	var zero T
	if v == zero {
		return otherwise
	}
	return v
}

// Run opens the file again whenever it changes, until ctx ends. The error is always nil.
func (s *Source) Run(ctx context.Context) error {
	catalog.Follow(ctx, s.options.Path, s.options.Poll, s.options.Log, s.look)
	return nil
}

// Close closes the file after the look-ups that are under way. It is not opened again.
func (s *Source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v := s.force.Swap(nil); v != nil {
		v.retire()
	}
	s.seen.closed = true
}

// Version implements catalog.Versioned.
func (s *Source) Version() (generation uint64, freshUntil time.Time) {
	v := s.force.Load()
	if v == nil {
		return 0, time.Time{}
	}
	if s.options.MaxAge > 0 {
		freshUntil = v.asOf.Add(s.options.MaxAge)
	}
	return v.generation, freshUntil
}

// Err returns why the file as it is now cannot be used, or nil when its rows are
// those that are served.
func (s *Source) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// Age is the time since the served file was written, and false before a load.
func (s *Source) Age() (time.Duration, bool) {
	v := s.force.Load()
	if v == nil {
		return 0, false
	}
	return s.options.Now().Sub(v.asOf), true
}

// Len is the number of rows that are served.
func (s *Source) Len() int {
	v := s.force.Load()
	if v == nil {
		return 0
	}
	return int(v.rows)
}

// Held is the stamp of the version of the file that waits to be accepted, or "".
func (s *Source) Held() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gate.Held()
}

// use returns the version in force, which stays open until its done is called.
func (s *Source) use() (*version, error) {
	for {
		v := s.force.Load()
		if v == nil {
			return nil, fmt.Errorf("%w: %q was not loaded yet", catalog.ErrUnavailable, s.options.Path)
		}
		if v.use() {
			return v, nil
		}
	}
}

// Lookup implements catalog.Source. The file never changes, so that all rows are of
// one moment without a transaction.
func (s *Source) Lookup(ctx context.Context, keys []catalog.Key) ([]catalog.Row, error) {
	v, err := s.use()
	if err != nil {
		return nil, err
	}
	defer v.done()
	if s.options.MaxAge > 0 && s.options.Now().After(v.asOf.Add(s.options.MaxAge)) {
		return nil, fmt.Errorf("%w: %q is older than %v", catalog.ErrStale, s.options.Path, s.options.MaxAge)
	}
	session, err := v.acquire(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { v.sessions <- session }()
	rows := make([]catalog.Row, len(keys))
	for i, key := range keys {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if rows[i], err = v.lookup(session, key, v.generation); err != nil {
			return nil, s.unreadable(err)
		}
	}
	return rows, nil
}

func (s *Source) unreadable(err error) error {
	return fmt.Errorf("%w: %s: %w", catalog.ErrUnavailable, s.options.Path, err)
}

// Rows implements catalog.Enumerator, in the order of the ids' bytes. It lists stale rows too.
func (s *Source) Rows(ctx context.Context, typ string) iter.Seq2[catalog.Row, error] {
	return func(yield func(catalog.Row, error) bool) {
		v, err := s.use()
		if err != nil {
			yield(catalog.Row{}, err)
			return
		}
		defer v.done()
		t := v.types[typ]
		if t == nil {
			return
		}
		session, err := v.acquire(ctx)
		if err != nil {
			yield(catalog.Row{}, err)
			return
		}
		defer func() { v.sessions <- session }()
		rows, err := session.conn.QueryContext(ctx, "SELECT "+columnList(len(t.columns))+" FROM "+table(t.n)+" ORDER BY id") //nolint:gosec // names of our own
		if err != nil {
			yield(catalog.Row{}, s.unreadable(err))
			return
		}
		defer rows.Close() //nolint:errcheck // Err tells
		values := session.room(5 + len(t.columns))
		for rows.Next() {
			row := catalog.Row{Key: catalog.Key{Type: typ}, Generation: v.generation}
			err := rows.Scan(session.into[:len(values)]...)
			if err == nil {
				id, _ := values[0].([]byte) // anything else is no row of ours, and has no sum
				row.Key.ID = string(id)
				err = t.fill(&row, values)
			}
			if err != nil {
				yield(catalog.Row{}, s.unreadable(err))
				return
			}
			if !yield(row, nil) {
				return
			}
		}
		if err := errors.Join(rows.Err(), ctx.Err()); err != nil {
			yield(catalog.Row{}, s.unreadable(err))
		}
	}
}
