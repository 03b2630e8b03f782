package catalog

import (
	"context"
	"errors"
)

// Teller is the source of tests that learns of changes, for the suite that every source passes.
type Teller struct {
	tells
	told *teller
	cut  chan struct{}
}

// NewTeller makes a Teller of rows.
func NewTeller(rows ...Row) *Teller {
	t := &Teller{told: newTeller(rows...), cut: make(chan struct{})}
	t.told.watch = func(ctx context.Context, to Changes) error {
		defer t.told.to.Store(nil) // nobody hears from now on
		to.Watched()
		select {
		case <-t.cut:
			return errors.New("cut")
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	t.tells = tells{t.told, t.told}
	return t
}

// Set replaces all rows, and says that the one of a key changed.
func (t *Teller) Set(rows []Row, changed Key) {
	t.told.Set(rows...)
	if to := t.told.to.Load(); to != nil {
		(*to).Changed([]Key{changed})
	}
}

// Cut ends the watch that stands.
func (t *Teller) Cut() { t.cut <- struct{}{} }
