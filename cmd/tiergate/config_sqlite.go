package main

import (
	"log/slog"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/sqlite"
	"github.com/tiergate/tiergate/rules"
)

// sqliteConfig names a file that `tiergate catalog import` built.
type sqliteConfig struct {
	Pos         rules.Pos
	File        rules.At[string]        `yaml:"file"`
	MaxAge      rules.At[time.Duration] `yaml:"max_age"`
	Connections rules.At[int]           `yaml:"connections"`
	Memory      rules.At[size]          `yaml:"memory"`
}

// place is where the section stands, nowhere for none.
func (s *sqliteConfig) place() rules.Pos {
	if s == nil {
		return rules.Pos{}
	}
	return s.Pos
}

func (s *sqliteConfig) check(name string, ms *rules.Mistakes) {
	if s == nil {
		return
	}
	if s.File.V == "" {
		ms.AddHint(s.Pos, "add file: ./catalog/"+name+".db, which tiergate catalog import builds", "sqlite without a file")
	}
	if a := s.MaxAge; a.Pos != (rules.Pos{}) && a.V <= 0 {
		ms.Add(a.Pos, "sqlite.max_age is more than 0")
	}
	if n := s.Connections; n.Pos != (rules.Pos{}) && (n.V < 1 || n.V > sqlite.MostConnections) {
		ms.Add(n.Pos, "sqlite.connections is 1 to %d, found %d", sqlite.MostConnections, n.V)
	}
	if m := s.Memory; m.Pos != (rules.Pos{}) && m.V < leastBytes {
		ms.Add(m.Pos, "sqlite.memory is at least 1MiB, found %d bytes", m.V)
	}
}

// fingerprint returns the file of rows that the catalog names and holds whole, ""
// for none, and the SHA-256, in hex, by which a version of it is accepted.
func (s *catalogConfig) fingerprint(c *config) (file, content string, err error) {
	switch {
	case s.File.V != "":
		content, err = catalog.Fingerprint(c.path(s.File.V))
		return s.File.V, content, err
	case s.SQLite != nil:
		content, err = sqlite.Stamp(c.path(s.SQLite.File.V))
		return s.SQLite.File.V, content, err
	}
	return "", "", nil
}

func (s *catalogConfig) openSQLite(c *config, log *slog.Logger, loaded func(error)) (catalog.Source, error) {
	source, err := sqlite.Open(sqlite.Options{
		Path: c.path(s.SQLite.File.V), MaxAge: s.SQLite.MaxAge.V,
		Connections: s.SQLite.Connections.V, Memory: int(s.SQLite.Memory.V), // 0 is the default
		Guard: s.Guard.guard(), Name: s.name, StateDir: c.path(c.StateDir.V), Serves: c.server,
		Log: log, Loaded: loaded,
	})
	if err != nil {
		return nil, err
	}
	return source, nil
}
