package postgres

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/tiergate/tiergate/resolver/catalog"
)

// Source reads rows from PostgreSQL. It keeps connections, and no row.
type Source struct {
	options Options
	types   map[string]Type
	primary *pgxpool.Pool
	replica *pgxpool.Pool // nil without one
	log     *slog.Logger
	proof   proof

	mu         sync.Mutex
	snapshot   string // of the primary, when it was last read
	generation uint64
}

var (
	_ catalog.Source     = (*Source)(nil)
	_ catalog.Enumerator = (*Source)(nil)
	_ catalog.Watcher    = (*Source)(nil)
	_ catalog.Lagging    = (*Source)(nil)
)

// Open checks the options and makes a source. It does not connect: a server that
// is down now fails look-ups until it is there.
func Open(o Options) (*Source, error) {
	o, primary, replica, err := o.resolve()
	if err != nil {
		return nil, err
	}
	s := &Source{options: o, types: maps.Clone(o.Types), log: o.Log}
	if s.primary, err = pgxpool.NewWithConfig(context.Background(), primary); err != nil {
		return nil, fmt.Errorf("postgres: dsn: %w", hidden(err))
	}
	if replica == nil {
		return s, nil
	}
	if s.replica, err = pgxpool.NewWithConfig(context.Background(), replica); err != nil {
		s.primary.Close()
		return nil, fmt.Errorf("postgres: replica: %w", hidden(err))
	}
	return s, nil
}

// Lag implements catalog.Lagging: a replica's answer counts if it has all that was
// committed that long before.
func (s *Source) Lag() time.Duration {
	if s.replica == nil {
		return 0
	}
	return s.options.MaxLag
}

// Close ends all connections once the look-ups under way have.
func (s *Source) Close() {
	s.primary.Close()
	if s.replica != nil {
		s.replica.Close()
	}
}

// generationOf numbers what was read: the same number for the same snapshot of the
// primary. A replica's snapshots have no name that tells them apart, so each is
// one of its own. Rows of one number agree with each other.
func (s *Source) generationOf(snapshot string) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if snapshot == "" || snapshot != s.snapshot {
		s.generation++
		s.snapshot = snapshot
	}
	return s.generation
}
