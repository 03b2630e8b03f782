package main

import (
	"log/slog"
	"strings"
	"time"

	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/resolver/catalog/web"
	"github.com/tiergate/tiergate/rules"
)

// webConfig says which HTTP API has the rows of a catalog.
type webConfig struct {
	Pos       rules.Pos
	AllowHTTP bool                         `yaml:"allow_http"`
	CA        rules.At[string]             `yaml:"ca"`
	Cert      rules.At[string]             `yaml:"cert"`
	Key       rules.At[string]             `yaml:"key"`
	Proxy     rules.At[string]             `yaml:"proxy"`
	Header    rules.At[string]             `yaml:"header"`
	Secret    rules.At[string]             `yaml:"secret_file"`
	Timeout   rules.At[time.Duration]      `yaml:"timeout"`
	MaxBody   rules.At[size]               `yaml:"max_body"`
	InFlight  rules.At[int]                `yaml:"in_flight"`
	Types     rules.Entries[webTypeConfig] `yaml:"types"`
}

type webTypeConfig struct {
	Pos     rules.Pos
	URL     rules.At[string] `yaml:"url"`
	Post    *webPostConfig   `yaml:"post"`
	Row     rules.At[string] `yaml:"row"`
	ID      rules.At[string] `yaml:"id"`
	Tier    rules.At[string] `yaml:"tier"`
	Parent  rules.At[string] `yaml:"parent"`
	Columns columnsConfig    `yaml:"columns"`
}

// webPostConfig asks for many ids at a time.
type webPostConfig struct {
	Pos   rules.Pos
	URL   rules.At[string] `yaml:"url"`
	Keys  rules.At[string] `yaml:"keys"`
	Rows  rules.At[string] `yaml:"rows"`
	Batch rules.At[int]    `yaml:"batch"`
}

// place is where the section stands, nowhere for none.
func (w *webConfig) place() rules.Pos {
	if w == nil {
		return rules.Pos{}
	}
	return w.Pos
}

// check reports what would otherwise be read as "not said". What URLs, members and
// the rest must be is the source's to know: it is asked.
func (w *webConfig) check(name string, ms *rules.Mistakes) {
	if w == nil {
		return
	}
	before := len(*ms)
	if t := w.Timeout; t.Pos != (rules.Pos{}) && t.V <= 0 {
		ms.Add(t.Pos, "http.timeout is more than 0")
	}
	if n := w.InFlight; n.Pos != (rules.Pos{}) && n.V < 1 {
		ms.Add(n.Pos, "http.in_flight is at least 1")
	}
	if b := w.MaxBody; b.Pos != (rules.Pos{}) && b.V < 1 {
		ms.Add(b.Pos, "http.max_body is at least 1 byte")
	}
	seen := map[string]rules.Pos{}
	for _, e := range w.Types {
		if at, dup := seen[e.Key]; dup {
			ms.Add(e.Pos, "type %q is already defined at %v", e.Key, at)
		}
		seen[e.Key] = e.Pos
		e.V.check(ms)
	}
	if len(*ms) == before {
		if err := w.options().Check(); err != nil {
			for line := range strings.Lines(err.Error()) { // one a fault
				ms.Add(w.Pos, "catalog %q: %s", name, strings.TrimSpace(line))
			}
		}
	}
}

func (t *webTypeConfig) check(ms *rules.Mistakes) {
	switch p := t.Post; {
	case p == nil && t.URL.V == "":
		ms.AddHint(t.Pos, "add url: https://api.example.com/accounts/{id}, or post: { url, keys, rows }", "neither a url nor a post")
	case p != nil && (t.URL.V != "" || t.Row.V != ""):
		ms.Add(t.Pos, "either a url with row, or a post with rows, not both")
	case p != nil && (p.URL.V == "" || p.Keys.V == ""):
		ms.AddHint(p.Pos, "keys is the member of the request's body that lists the ids", "a post wants a url and keys")
	case p != nil && p.Batch.Pos != (rules.Pos{}) && p.Batch.V < 1:
		ms.Add(p.Batch.Pos, "post.batch is at least 1")
	}
}

// options are the section as the source has it.
func (w *webConfig) options() web.Options {
	o := web.Options{
		AllowHTTP: w.AllowHTTP, CA: w.CA.V, Cert: w.Cert.V, Key: w.Key.V, Proxy: w.Proxy.V, Header: w.Header.V, Secret: w.Secret.V,
		Timeout: w.Timeout.V, MaxBody: int64(w.MaxBody.V), InFlight: w.InFlight.V, Types: make(map[string]web.Type, len(w.Types)),
	}
	for _, e := range w.Types {
		t := web.Type{
			URL: e.V.URL.V, Rows: e.V.Row.V, ID: e.V.ID.V, Tier: e.V.Tier.V, Parent: e.V.Parent.V,
			Columns: make(map[string]string, len(e.V.Columns.entries)),
		}
		if p := e.V.Post; p != nil {
			t.URL, t.Keys, t.Rows, t.Batch = p.URL.V, p.Keys.V, p.Rows.V, p.Batch.V
		}
		for _, c := range e.V.Columns.entries {
			t.Columns[c.Key] = c.V.V
		}
		o.Types[e.Key] = t
	}
	return o
}

func (s *catalogConfig) openWeb(c *config, log *slog.Logger, _ func(error)) (catalog.Source, error) {
	o := s.HTTP.options()
	o.CA, o.Cert, o.Key, o.Secret, o.Log = c.path(o.CA), c.path(o.Cert), c.path(o.Key), c.path(o.Secret), log
	source, err := web.Open(o)
	if err != nil {
		return nil, err
	}
	return source, nil
}
