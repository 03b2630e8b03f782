package revocation

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// Store keeps entries over restarts. revocationtest has the suite that every
// implementation passes.
//
// All methods but Run may be called at any time and together. An error of Add or
// Restore means that nobody may count on the change: it MUST NOT show in Entries
// of this Store, but may after the next start.
type Store interface {
	// Entries returns the entries that were added and not restored, in the order
	// in which they were added, and the epoch that they stand for. It MUST NOT
	// wait for anybody. An entry whose end has come may be left out.
	Entries() ([]Entry, uint64)
	// Add returns the new epoch once e survives a restart, and not before. e has
	// passed its check. ErrExists when there is an entry of that id, ErrFull when
	// there is no room; neither changes anything.
	Add(ctx context.Context, e Entry) (epoch uint64, err error)
	// Restore takes an entry away and returns the new epoch once that survives a
	// restart. ErrNotFound when there is none of that id.
	Restore(ctx context.Context, u Undo) (epoch uint64, err error)
	// Run calls changed whenever entries changed by another hand than Add and
	// Restore of this Store, until ctx ends. An error says that the Store cannot
	// be relied on any more.
	Run(ctx context.Context, changed func()) error
	// Close gives back what the Store holds. Its last entries stay readable.
	Close() error
}

// The epoch counts changes: it is 0 for a store that was never changed and grows
// by at least one with each, over restarts too. A store that is brought back from
// a backup has a lower one than it had.

// What a Store refuses.
var (
	ErrExists   = errors.New("there is an entry of this id already")
	ErrNotFound = errors.New("there is no entry of this id")
	ErrFull     = errors.New("there is no room for more entries: revoke a subject, a client or an issuer instead of many tokens, or restore some")
)

// Undo takes an entry back.
type Undo struct {
	ID      string
	Who     string
	Because string
}

func (u *Undo) check() error {
	if strings.TrimSpace(u.Because) == "" {
		return errors.New("say because: why it is restored")
	}
	for what, text := range map[string]string{"id": u.ID, "because": u.Because, "who": u.Who} {
		if len(text) > maxBecause {
			return fmt.Errorf("%s has %d bytes, the limit is %d", what, len(text), maxBecause)
		}
		if err := named(what, text); err != nil {
			return err
		}
	}
	return nil
}
