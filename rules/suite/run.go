package suite

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"regexp"
	"time"

	"github.com/tiergate/tiergate/extauthz/budget"
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
	l, err := load(fsys, &o)
	if err != nil {
		return nil, err
	}
	return l.run(ctx)
}

// loaded are rules and the tests beside them, ready to run.
type loaded struct {
	bench  *bench
	policy *policy.Policy
	source *rules.Source
	cases  []*testCase
	snaps  []*testCase // of all tests, those that want a snapshot
	fsys   fs.FS
}

func load(fsys fs.FS, o *Options) (*loaded, error) {
	l := &loaded{bench: new(bench), fsys: fsys}
	var err error
	l.policy, l.source, err = l.bench.load(fsys, o)
	var ms rules.Mistakes
	if err != nil && !errors.As(err, &ms) {
		return nil, err
	}
	files := readAll(fsys, &ms)
	if l.policy == nil {
		return nil, cmp.Or(ms.Err(), errors.New("the rules did not load"))
	}
	for i := range l.source.Rules {
		o.ruleIDs = append(o.ruleIDs, l.source.Rules[i].ID.V)
	}
	if o.Serves == nil {
		for i := range l.source.Routes {
			o.Serves = append(o.Serves, l.source.Routes[i].Host.V)
		}
	}
	c := &compiler{set: l.policy.Set(), serves: rules.NewHostSet(o.Serves...), o: o, names: make(map[string]rules.Pos), ms: ms}
	for i := range files {
		l.compile(c, &files[i])
	}
	if err := once(c.ms).Err(); err != nil {
		return nil, err
	}
	if len(l.cases) == 0 {
		return nil, ErrNoTests
	}
	return l, nil
}

// compile makes the cases of a file, and keeps those that are to run.
func (l *loaded) compile(c *compiler, f *file) {
	wanted := func(name string) bool { return c.o.Run == nil || c.o.Run.MatchString(name) }
	for i := range f.Tests {
		for _, d := range f.Tests[i].expand(&c.ms) {
			t := c.test(&d)
			if d.Want.Snapshot {
				t.shot, _ = kept(readShots(l.fsys, d.Pos.File), d.Name.V)
				l.snaps = append(l.snaps, t)
			}
			if wanted(d.Name.V) {
				l.cases = append(l.cases, t)
			}
		}
	}
	for i := range f.Matrices {
		c.unique(f.Matrices[i].Name)
		if cells := c.matrix(&f.Matrices[i]); wanted(f.Matrices[i].Name.V) {
			l.cases = append(l.cases, cells...)
		}
	}
}

// bench is what is swapped: who the caller is, and what the catalog knows.
type bench struct {
	current *testCase
	ledger  *budget.Ledger // of the current test
	sources map[string]*catalog.Memory
}

// load builds the policy with the server's own loader.
func (b *bench) load(fsys fs.FS, o *Options) (*policy.Policy, *rules.Source, error) {
	src, _ := rules.Parse(fsys) // its mistakes come again below
	po, err := b.options(src, o)
	if err != nil {
		return nil, nil, err
	}
	return policy.Load(fsys, po)
}

// options are those of a policy that asks the bench who calls, and what is known.
func (b *bench) options(src *rules.Source, o *Options) (policy.Options, error) {
	b.sources = make(map[string]*catalog.Memory)
	sources := make(map[string]catalog.Source)
	add := func(name string) {
		if name != "" && b.sources[name] == nil {
			b.sources[name] = catalog.NewMemory()
			sources[name] = b.sources[name]
		}
	}
	for i := range src.Objects {
		add(src.Objects[i].Catalog.V)
	}
	for _, issuer := range o.Env.Issuers {
		add(issuer.Subjects.Catalog)
	}
	cache, err := catalog.New(catalog.Options{Sources: sources})
	return policy.Options{Verifier: b, Ledger: b, Catalog: cache, Env: o.Env, Resolve: o.Resolve}, err
}

// Verify implements policy.Verifier: the caller is whom the test names.
func (b *bench) Verify(context.Context, *rules.Request) (rules.Evidence, error) {
	return rules.Evidence{Verified: b.current.verified, Peer: b.current.peer, Bound: b.current.bound}, nil
}

// Charge implements policy.Ledger: each test begins with nothing spent.
func (b *bench) Charge(now time.Time, claims []rules.Claim) (int, error) {
	return b.ledger.Charge(now, claims)
}

// Note implements policy.Ledger.
func (b *bench) Note(now time.Time, tries []rules.Charge) { b.ledger.Note(now, tries) }

// check decides one test.
func (b *bench) check(ctx context.Context, p *policy.Policy, t *testCase) *rules.Outcome {
	raw := b.put(ctx, p, t)
	return p.Check(ctx, &raw)
}

// put makes a test the one that the bench answers for, sends what comes before it and
// returns its request.
func (b *bench) put(ctx context.Context, p *policy.Policy, t *testCase) rules.RawRequest {
	for name, source := range b.sources {
		if b.current == nil || !sameRows(b.current.facts[name], t.facts[name]) {
			source.Set(t.facts[name]...)
		}
	}
	b.current, b.ledger = t, budget.New()
	for i := range t.before {
		raw := t.before[i]
		p.Check(ctx, &raw)
	}
	return t.raw
}

// sameRows reports whether two lists are one: those of a matrix's cells are.
func sameRows(a, b []catalog.Row) bool {
	return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0])
}

func (l *loaded) run(ctx context.Context) (*Report, error) {
	r := &Report{Policy: l.policy.Hash, Unchecked: append([]string{}, l.policy.Set().Unchecked()...)}
	cover := newCoverage(l.policy, l.source)
	for _, t := range l.cases {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		began := time.Now()
		raw := l.bench.put(ctx, l.policy, t)
		outcome, tried := l.policy.Trace(ctx, &raw)
		cover.add(outcome, tried)
		r.add(t, outcome, time.Since(began))
	}
	r.drawn()
	r.Coverage = cover.missing()
	r.Warnings = untwinned(r.Results)
	var err error
	r.Updates, err = l.updates(r.Results)
	return r, err
}
