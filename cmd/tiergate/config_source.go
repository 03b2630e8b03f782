package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// snapshots is a source that has a file of rows, reads it again when it changes, and
// keeps what it has where the new one cannot be used.
type snapshots interface {
	Run(ctx context.Context) error
	Err() error                 // why the file as it is now is not used
	Age() (time.Duration, bool) // false: nothing was loaded yet
	Held() string               // hash of a version that waits to be accepted, or ""
	Len() int                   // rows
}

// way is one of the ways to get rows that a catalog can name.
type way struct {
	key  string
	pos  rules.Pos // where it is said; the zero value: it is not
	open func(c *config, log *slog.Logger, loaded func(error)) (catalog.Source, error)
}

// ways lists all of them.
func (s *catalogConfig) ways() []way {
	return []way{
		{"file", s.File.Pos, s.openFile},
		{"postgres", s.Postgres.place(), s.openPostgres},
		{"sqlite", s.SQLite.place(), s.openSQLite},
		{"http", s.HTTP.place(), s.openWeb},
	}
}

// check wants exactly one. dir is the folder of the configuration.
func (s *catalogConfig) check(e rules.Entry[catalogConfig], dir string, ms *rules.Mistakes) {
	var first way
	for _, w := range s.ways() {
		switch {
		case w.pos == rules.Pos{}:
		case first.key != "":
			ms.AddHint(w.pos, "make two catalogs of them", "catalog %q has both %s and %s", e.Key, first.key, w.key)
		default:
			first = w
		}
	}
	if first.key == "" || first.key == "file" && s.File.V == "" {
		ms.AddHint(e.Pos, "add file: ./catalog/"+e.Key+".csv", "catalog %q has no file", e.Key)
	}
	s.Postgres.check(e.Key, dir, ms)
	s.SQLite.check(e.Key, ms)
	s.HTTP.check(e.Key, ms)
	if s.MaxAge != 0 && first.key != "file" && first.key != "" {
		ms.AddHint(first.pos, "max_age stands beside file", "catalog %q: max_age of what is no file", e.Key)
	}
}

// place is where the catalog says what it reads.
func (s *catalogConfig) place() rules.Pos {
	for _, w := range s.ways() {
		if w.pos != (rules.Pos{}) {
			return w.pos
		}
	}
	return s.Pos
}

// openSource opens what a catalog names. loaded is told of each load of a file that changed.
func (c *config) openSource(e rules.Entry[catalogConfig], log *slog.Logger, loaded func(error)) (catalog.Source, error) {
	e.V.name = e.Key
	for _, w := range e.V.ways() {
		if w.pos != (rules.Pos{}) {
			return w.open(c, log, loaded)
		}
	}
	return e.V.openFile(c, log, loaded)
}

func (s *catalogConfig) openFile(c *config, log *slog.Logger, loaded func(error)) (catalog.Source, error) {
	f, err := catalog.OpenFile(catalog.FileOptions{
		Path: c.path(s.File.V), MaxAge: s.MaxAge, Guard: s.Guard.guard(), Name: s.name, StateDir: c.path(c.StateDir.V), Serves: c.server,
		Log: log, Loaded: loaded,
	})
	if err != nil {
		return nil, err
	}
	return f, nil
}

// LaterKeys implements rules.Later: tiers that several servers share.
func (catalogConfig) LaterKeys() []string { return []string{"redis", "valkey"} }
