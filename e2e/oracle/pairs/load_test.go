package pairs

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/tiergate/tiergate/e2e/oracle"
	"github.com/tiergate/tiergate/extauthz/budget"
	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/extauthz/revocation"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// noon is when all requests are made.
var noon = time.Date(2027, 1, 2, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return noon }

// engine is a world as the server has it.
type engine struct {
	w      *oracle.World
	policy *policy.Policy
	serves *rules.HostSet
	asks   *oracle.Request // whose caller is stated
	ledger *budget.Ledger  // nil for an empty one for each request
}

// check decides a request.
func (e *engine) check(r *oracle.Request) *rules.Outcome {
	e.asks = r
	return e.policy.Check(context.Background(), e.raw(r))
}

// Charge implements policy.Ledger.
func (e *engine) Charge(now time.Time, claims []rules.Claim) (int, error) {
	return cmp.Or(e.ledger, budget.New()).Charge(now, claims)
}

// Note implements policy.Ledger.
func (e *engine) Note(now time.Time, tries []rules.Charge) {
	cmp.Or(e.ledger, budget.New()).Note(now, tries)
}

// load writes the catalogs of a world below dir and loads its rules.
func load(w *oracle.World, dir string) (*engine, error) {
	e := &engine{w: w}
	sources, err := open(w, dir)
	if err != nil {
		return nil, err
	}
	cache, err := catalog.New(catalog.Options{Sources: sources, Now: clock})
	if err != nil {
		return nil, err
	}
	files := fstest.MapFS{}
	for name, text := range w.RulesFiles(noon) {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	env := environment(w)
	for name := range sources {
		env.Catalogs = append(env.Catalogs, name)
	}
	revoked, err := revocations(w, dir)
	if err != nil {
		return nil, err
	}
	e.policy, _, err = policy.Load(rules.Layers(files, w.Layers()...), policy.Options{Verifier: e, Ledger: e, Revocations: revoked, Catalog: cache, Env: env, Resolve: resolver.Options{MaxBody: w.BodyLimit}})
	var served []string
	for _, h := range w.Hosts {
		if h.Served {
			served = append(served, h.Name)
		}
	}
	e.serves = rules.NewHostSet(served...)
	return e, err
}

// open writes and opens the files of rows.
func open(w *oracle.World, dir string) (map[string]catalog.Source, error) {
	texts, sources := w.CatalogFilesAt(0), map[string]catalog.Source{}
	for name, source := range w.Sources() {
		path := source.CatalogFile()
		at := filepath.Join(dir, filepath.Base(path))
		if err := put(at, texts[path], source); err != nil {
			return nil, err
		}
		file, err := catalog.OpenFile(catalog.FileOptions{Path: at, MaxAge: 24 * time.Hour, Now: clock})
		if err != nil {
			return nil, err
		}
		if err := file.Err(); err != nil && source.Fails == "" {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		sources[name] = file
	}
	return sources, nil
}

// put writes a file of rows, as old as the source is.
func put(at, text string, source *oracle.Source) error {
	if source.Fails == "catalog_unavailable" {
		return os.RemoveAll(at)
	}
	if err := os.WriteFile(at, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Chtimes(at, time.Time{}, noon.Add(-source.Age))
}

// revocations reads what is revoked, all of it in the file.
func revocations(w *oracle.World, dir string) (*revocation.List, error) {
	at, kids := filepath.Join(dir, "revoked.yaml"), map[string]string{}
	for _, i := range w.Issuers {
		kids[i.Name] = mainKey
	}
	if err := os.WriteFile(at, []byte(w.RevokedFile(0, noon, kids)), 0o600); err != nil {
		return nil, err
	}
	file, err := revocation.OpenFile(revocation.FileOptions{
		Path: at, Now: clock, Log: slog.New(slog.DiscardHandler), Issuers: func(name string) bool { return kids[name] != "" },
	})
	if err != nil {
		return nil, err
	}
	return revocation.New(nil, file, clock), nil
}

// environment is what the configuration tells the rules.
func environment(w *oracle.World) rules.Env {
	env := rules.Env{Now: noon, Managed: w.Managed, Issuers: map[string]rules.IssuerEnv{}}
	if w.Trust != "" {
		env.Peers.Given = true
	}
	if w.Trust == "domains" || w.Trust == "bundles" {
		env.Peers.TrustDomains = []string{"example.com"}
	}
	for _, i := range w.Issuers {
		claims, fixed := map[string]rules.Kind{}, map[string]any{}
		for _, a := range i.MayAssert {
			claims[a.Name] = kinds[a.Kind]
		}
		for _, f := range i.Fixed {
			fixed[f.Claim] = f.Value
		}
		of := rules.IssuerEnv{Claims: claims, Fixed: fixed, Binds: i.RequireBound != "" || i.Nonce || i.ProofAlgs != nil}
		if !i.AnyLifetime {
			of.MaxLifetime = 24 * time.Hour
		}
		if d := i.Directory; d != nil {
			of.Subjects = rules.SubjectsEnv{Catalog: d.Source.Name, Trusts: d.Absent == "claims"}
		}
		env.Issuers[i.Name] = of
	}
	return env
}

var kinds = map[string]rules.Kind{"string": rules.String, "int": rules.Int, "bool": rules.Bool, "[string]": rules.StringList, "[int]": rules.IntList}

// raw is a request as the server gets it.
func (e *engine) raw(r *oracle.Request) *rules.RawRequest {
	raw := &rules.RawRequest{
		ID: "pair", Now: noon.Add(r.After), Serves: e.serves, Method: r.Method, Host: r.Host, Source: netip.AddrFrom4([4]byte{127, 0, 0, 1}), Principal: r.Peer,
	}
	raw.Path = oracle.DirectPath(r)
	raw.RawPath = raw.Path
	for _, h := range r.Headers {
		raw.Headers = append(raw.Headers, rules.Header{Name: h.Name, Value: h.Value})
	}
	if r.Body != nil {
		raw.Body, raw.Size = []byte(*r.Body), int64(len(*r.Body))
		raw.Headers = append(raw.Headers, rules.Header{Name: "content-length", Value: fmt.Sprint(len(*r.Body))})
	}
	return raw
}
