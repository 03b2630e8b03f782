package main

import (
	"errors"
	"log/slog"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/postgres"
	"github.com/tiergate/tiergate/rules"
)

// postgresConfig says where in PostgreSQL the rows of a catalog are.
type postgresConfig struct {
	Pos            rules.Pos
	DSN            rules.At[string]                  `yaml:"dsn"`
	Read           rules.At[string]                  `yaml:"read"`
	PasswordFile   rules.At[string]                  `yaml:"password_file"`
	AllowPlaintext bool                              `yaml:"allow_plaintext"`
	MaxLag         rules.At[time.Duration]           `yaml:"max_lag"`
	Timeout        rules.At[time.Duration]           `yaml:"timeout"`
	Connections    rules.At[int]                     `yaml:"connections"`
	Changes        bool                              `yaml:"changes"`
	Heartbeat      rules.At[time.Duration]           `yaml:"heartbeat"`
	Types          rules.Entries[postgresTypeConfig] `yaml:"types"`
}

type postgresTypeConfig struct {
	Pos     rules.Pos
	Table   rules.At[string] `yaml:"table"`
	ID      rules.Strings    `yaml:"id"`
	Tier    rules.At[string] `yaml:"tier"`
	Parent  rules.At[string] `yaml:"parent"`
	Columns columnsConfig    `yaml:"columns"`
	Query   rules.At[string] `yaml:"query"`
	List    rules.At[string] `yaml:"list"`
}

// columnsConfig is a list of columns that are called like their attributes, or a
// mapping from attribute to column.
type columnsConfig struct {
	entries []rules.Entry[rules.At[string]]
}

// DecodeNode implements rules.Decodable.
func (c *columnsConfig) DecodeNode(d *rules.Decoder, n *rules.Node) {
	if n.Kind == rules.Mapping {
		var entries rules.Entries[rules.At[string]]
		d.Into(n, &entries)
		c.entries = entries
		return
	}
	var names rules.Strings
	d.Into(n, &names)
	for _, name := range names {
		c.entries = append(c.entries, rules.Entry[rules.At[string]]{Key: name.V, Pos: name.Pos, V: name})
	}
}

// place is where the section stands, nowhere for none.
func (p *postgresConfig) place() rules.Pos {
	if p == nil {
		return rules.Pos{}
	}
	return p.Pos
}

// check reports what would otherwise be read as "not said". What a DSN and the
// types must be is the source's to know: it is asked.
func (p *postgresConfig) check(name, dir string, ms *rules.Mistakes) {
	if p == nil {
		return
	}
	before := len(*ms)
	if p.DSN.V == "" {
		ms.AddHint(p.Pos, "add dsn: postgres://tiergate@db.example.com/bank?sslmode=verify-full", "postgres without a dsn")
	}
	for _, k := range []struct {
		name string
		rules.At[time.Duration]
	}{{"max_lag", p.MaxLag}, {"timeout", p.Timeout}, {"heartbeat", p.Heartbeat}} {
		if k.Pos != (rules.Pos{}) && k.V <= 0 {
			ms.Add(k.Pos, "postgres.%s is more than 0", k.name)
		}
	}
	if p.Connections.Pos != (rules.Pos{}) && p.Connections.V <= 0 {
		ms.Add(p.Connections.Pos, "postgres.connections is more than 0")
	}
	if p.MaxLag.Pos != (rules.Pos{}) && p.Read.V == "" {
		ms.AddHint(p.MaxLag.Pos, "add read: the dsn of a replica", "postgres.max_lag without a replica that could lag")
	}
	seen := map[string]rules.Pos{}
	for _, e := range p.Types {
		if at, dup := seen[e.Key]; dup {
			ms.Add(e.Pos, "type %q is already defined at %v", e.Key, at)
		}
		seen[e.Key] = e.Pos
	}
	if len(*ms) == before {
		err := p.options(dir).Check()
		switch {
		case errors.Is(err, postgres.ErrDSN): // without its place, where the line would show a password that is in it
			ms.Add(rules.Pos{File: p.Pos.File}, "catalog %q at line %d: %v", name, p.Pos.Line, err)
		case err != nil:
			ms.Add(p.Pos, "catalog %q: %v", name, err)
		}
	}
}

// options are the section as the source has it. Files that a dsn names are beneath
// the folder of the configuration, as all others are.
func (p *postgresConfig) options(dir string) postgres.Options {
	return postgres.Options{
		DSN: p.DSN.V, Replica: p.Read.V, Dir: dir, PasswordFile: p.PasswordFile.V, Plaintext: p.AllowPlaintext,
		MaxLag: p.MaxLag.V, Timeout: p.Timeout.V, Pool: p.Connections.V, Outbox: p.Changes, Heartbeat: p.Heartbeat.V,
		Types: p.types(),
	}
}

// types are the section's types as the source has them.
func (p *postgresConfig) types() map[string]postgres.Type {
	types := make(map[string]postgres.Type, len(p.Types))
	for _, e := range p.Types {
		t := postgres.Type{
			Table: e.V.Table.V, ID: e.V.ID.Values(), Tier: e.V.Tier.V, Parent: e.V.Parent.V,
			Query: e.V.Query.V, List: e.V.List.V, Columns: make(map[string]string, len(e.V.Columns.entries)),
		}
		for _, c := range e.V.Columns.entries {
			t.Columns[c.Key] = c.V.V
		}
		types[e.Key] = t
	}
	return types
}

func (s *catalogConfig) openPostgres(c *config, log *slog.Logger, _ func(error)) (catalog.Source, error) {
	o := s.Postgres.options(c.dir)
	o.PasswordFile, o.Log = c.path(o.PasswordFile), log
	source, err := postgres.Open(o)
	if err != nil {
		return nil, err
	}
	return source, nil
}
