package suite

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"regexp"
	"time"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/resolver"
	"github.com/tiergate/tiergate/resolver/catalog"
	"github.com/tiergate/tiergate/rules"
)

// Options say under which configuration the tests run.
type Options struct {
	Env     rules.Env             // Partial where there is no configuration
	Claims  map[string]ClaimNames // by issuer, as configured
	Serves  []string              // hosts that the listeners serve; those that have routes by default
	Resolve resolver.Options
	Run     *regexp.Regexp // of the names of the tests to run; all by default
	Now     time.Time      // of tests without `at`

	ruleIDs []string // of the rules under test
}

// ClaimNames are the claims of an issuer that hold the client, the purpose and
// the scopes.
type ClaimNames struct {
	Client  string // client_id, else azp, by default
	Scopes  string // scope, else scp, by default
	Purpose string // none by default
}

// ErrNoTests means that there is nothing to run.
var ErrNoTests = errors.New("no *_test.yaml below the rules directory has a test to run")

// Run loads the rules in fsys as the server does and runs the tests beside them.
// Faults of rules and tests come together as rules.Mistakes; then nothing ran.
func Run(ctx context.Context, fsys fs.FS, o Options) (*Report, error) {
	var bench bench
	p, src, err := bench.load(fsys, &o)
	var ms rules.Mistakes
	if err != nil && !errors.As(err, &ms) {
		return nil, err
	}
	decls := readAll(fsys, &ms)
	if p == nil {
		return nil, cmp.Or(ms.Err(), errors.New("the rules did not load"))
	}
	for i := range src.Rules {
		o.ruleIDs = append(o.ruleIDs, src.Rules[i].ID.V)
	}
	if o.Serves == nil {
		for i := range src.Routes {
			o.Serves = append(o.Serves, src.Routes[i].Host.V)
		}
	}
	c := &compiler{set: p.Set(), serves: rules.NewHostSet(o.Serves...), o: &o, names: make(map[string]rules.Pos), ms: ms}
	var cases []*testCase
	for i := range decls {
		if t := c.test(&decls[i]); o.Run == nil || o.Run.MatchString(t.decl.Name.V) {
			cases = append(cases, t)
		}
	}
	if err := c.ms.Err(); err != nil {
		return nil, err
	}
	if len(cases) == 0 {
		return nil, ErrNoTests
	}
	return bench.run(ctx, p, src, cases)
}

// bench is what is swapped: who the caller is, and what the catalog knows.
type bench struct {
	current *testCase
	sources map[string]*catalog.Memory
}

// load builds the policy with the server's own loader.
func (b *bench) load(fsys fs.FS, o *Options) (*policy.Policy, *rules.Source, error) {
	b.sources = make(map[string]*catalog.Memory)
	sources := make(map[string]catalog.Source)
	if src, _ := rules.Parse(fsys); src != nil { // its mistakes come again below
		for i := range src.Objects {
			if name := src.Objects[i].Catalog.V; name != "" {
				b.sources[name] = catalog.NewMemory()
				sources[name] = b.sources[name]
			}
		}
	}
	for _, issuer := range o.Env.Issuers {
		if name := issuer.Subjects.Catalog; name != "" && b.sources[name] == nil {
			b.sources[name] = catalog.NewMemory()
			sources[name] = b.sources[name]
		}
	}
	cache, err := catalog.New(catalog.Options{Sources: sources})
	if err != nil {
		return nil, nil, err
	}
	return policy.Load(fsys, policy.Options{Verifier: b, Catalog: cache, Env: o.Env, Resolve: o.Resolve})
}

// Verify implements policy.Verifier: the caller is whom the test names.
func (b *bench) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	return rules.Evidence{Verified: b.current.verified, Peer: b.current.peer, Bound: b.current.bound}, nil
}

func (b *bench) run(ctx context.Context, p *policy.Policy, src *rules.Source, cases []*testCase) (*Report, error) {
	r := &Report{Policy: p.Hash, Unchecked: append([]string{}, p.Set().Unchecked()...)}
	cover := newCoverage(p, src)
	for _, t := range cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		b.current = t
		for name, source := range b.sources {
			source.Set(t.facts[name]...)
		}
		began := time.Now()
		outcome := p.Check(ctx, &t.raw)
		result := Result{Name: t.decl.Name.V, Pos: t.decl.Pos, Took: time.Since(began), Faults: t.compare(outcome), got: outcome}
		cover.add(outcome)
		r.Results = append(r.Results, result)
	}
	r.Coverage = cover.missing()
	r.Warnings = untwinned(r.Results)
	return r, nil
}
