package catalog

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Key names a row. Its parts are never joined to one text, so that no two keys
// can look alike.
type Key struct{ Type, ID string }

// Row is what a source knows about a key.
type Row struct {
	Key        Key
	Found      bool
	Generation uint64         // of the source; every row of one Lookup carries the same
	Tier       string         // "" says nothing about the tier
	NoTier     bool           // the source has a place for the tier, and in this row it is empty
	Untiered   bool           // the source has no place for the tier, in no row of the type
	Parent     string         // id of the parent, "" when unknown
	Columns    map[string]any // the other columns: Text, string, int64, bool, []any of these, or nil for absent
	Null       []string       // columns that the row itself names and gives no value; unknown of a Whole row
	Whole      bool           // Columns has a key for each column of the source: a declared one without is a fault
	Bad        string         // why the row cannot be used, without its values; "" when it can
	Pos        rules.Pos      // where the row stands, if the source has places
}

// Text is a value of a source that does not know kinds, such as a CSV cell. It
// is read as the kind that the attribute declares; a list has ";" between its
// elements.
type Text string

// Source reads rows by key. Lookup MUST return one row for each key, in the
// order of the keys, with that very key in it and all of one generation, or an
// error; a key that it does not have is a row with Found false. Ids are compared byte
// for byte. Lookup MUST return soon after ctx ends, MUST NOT keep keys, and the
// maps it returns MUST NOT change afterwards.
type Source interface {
	Lookup(ctx context.Context, keys []Key) ([]Row, error)
}

// Versioned is a Source that holds all its rows at one generation at a time.
// The cache drops rows of other generations as soon as the version changes.
// Version MUST NOT block. Generation 0 means that nothing was loaded yet; after
// freshUntil the rows are stale (the zero time: never).
type Versioned interface {
	Version() (generation uint64, freshUntil time.Time)
}

// Dated is a Source whose rows were written elsewhere, all at once. Age is how long
// ago, and false before a load. It MUST NOT block.
type Dated interface {
	Age() (age time.Duration, loaded bool)
}

// Keeper is a Source that takes no new version of its rows in which a column is
// lost that the version in force has: a built-in one, or one that Keep names for
// the rows of a type. Each call replaces what the last one said. Keep MUST NOT block.
type Keeper interface {
	Keep(columns map[string][]string)
}

// Ranker is a Source that wants to know how sensitive the rows of each type are by
// their tiers. Each call replaces what the last one said, and comes before the one
// of Keep. Rank MUST NOT block.
type Ranker interface {
	Rank(types map[string]Rank)
}

// Enumerator is a Source that can list its rows: those of one type, all of one
// generation, each once, always in the same order.
type Enumerator interface {
	Rows(ctx context.Context, typ string) iter.Seq2[Row, error]
}

// Watcher is a Source that learns of changes of its rows as they happen, so that
// they need not wait for the end of a row's time in the cache.
type Watcher interface {
	// Watch tells to what changes, until ctx ends or it cannot go on. It reconnects
	// by itself, and calls Lost each time that changes may have passed unseen,
	// before anything that it says afterwards.
	Watch(ctx context.Context, to Changes) error
}

// Changes hears what a Watcher learns. Its methods do not block, and once one has
// returned, no row that was read before it began is served any more.
type Changes interface {
	Changed(keys []Key) // these rows are no longer what they were read as
	Lost(err error)     // any row of the source may be
	Watched()           // from now on every change is told; after Lost and at the start

	// Heard says that all was told that has to be until then, unless it is called
	// again; from then on any row may be another. Without a call that never comes.
	Heard(until time.Time)
}

// Lagging is a Source that may answer with a row as it was a while ago: Lag is how
// long at most, by the source's own proof. Lag MUST NOT block or change.
type Lagging interface {
	Lag() time.Duration
}

var (
	// ErrUnavailable means that the source cannot answer now; another time it may.
	ErrUnavailable = errors.New("the catalog's source is unavailable")
	// ErrStale means that what the source has is older than it may be.
	ErrStale = errors.New("the catalog's source is stale")
	// ErrNotEnumerable means that the rows of a type cannot be listed.
	ErrNotEnumerable = errors.New("the catalog cannot list its rows")
)
