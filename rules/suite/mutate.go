package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/mutant"
)

// Fate is what became of a mutant.
type Fate string

// The fates. Only a mutant that survived speaks against the tests.
const (
	Killed   Fate = "killed"   // a test failed
	Survived Fate = "survived" // none did
	Refused  Fate = "refused"  // it does not load
	Idle     Fate = "idle"     // it allows and denies what the rules do
)

// Mutation is what became of all mutants, in the order of the files.
type Mutation struct {
	Mutants []Mutated `json:"mutants"`
}

// Mutated is one mutant and what became of it.
type Mutated struct {
	Operator string    `json:"operator"`
	Pos      rules.Pos `json:"-"`
	At       string    `json:"pos"`
	What     string    `json:"what"`
	Fate     Fate      `json:"fate"`
	By       string    `json:"by,omitempty"` // the first test that failed, or why the mutant is idle
}

// Count is how many mutants had a fate.
func (m *Mutation) Count(f Fate) (n int) {
	for i := range m.Mutants {
		if m.Mutants[i].Fate == f {
			n++
		}
	}
	return n
}

// KilledPercent is the share of the mutants that tests noticed, of those that they
// could: 100 where there is none.
func (m *Mutation) KilledPercent() float64 {
	killed, survived := m.Count(Killed), m.Count(Survived)
	if killed+survived == 0 {
		return 100
	}
	return math.Floor(100*float64(killed)/float64(killed+survived)*100) / 100 // 99.99 is not all
}

// ErrFailing means that tests fail on the rules as they are, so that no mutant
// would tell anything.
var ErrFailing = errors.New("the tests must pass before mutants are tried")

// Mutate runs the tests on the rules as Run does, and then on each mutant until one
// fails, side by side. progress, which may be nil, hears how many mutants are done,
// from many goroutines. Where tests fail on the rules themselves the report comes back with ErrFailing.
func Mutate(ctx context.Context, fsys fs.FS, o Options, progress func(done, all int)) (*Report, error) {
	l, err := load(fsys, &o)
	if err != nil {
		return nil, err
	}
	report, err := l.run(ctx)
	if err != nil {
		return nil, err
	}
	if report.Failed() > 0 {
		return report, ErrFailing
	}
	all := mutant.All(mutant.Rules{Source: l.source, Set: l.policy.Set(), Lines: l.policy.Routes().Operations(), Now: o.Now})
	mutants := make([]Mutated, len(all))
	var next, done atomic.Int64
	var wg sync.WaitGroup
	errs := make([]error, min(runtime.GOMAXPROCS(0), len(all)))
	for w := range errs {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < len(all) && errs[w] == nil; i = int(next.Add(1)) - 1 {
				mutants[i], errs[w] = l.try(ctx, &all[i], &o)
				if progress != nil {
					progress(int(done.Add(1)), len(all))
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return report, fmt.Errorf("after %d of %d mutants: %w", done.Load(), len(all), err)
		}
	}
	report.Mutation = &Mutation{Mutants: mutants}
	return report, nil
}

// try compiles a mutant and runs the tests on it, on a bench of its own.
func (l *loaded) try(ctx context.Context, m *mutant.Mutant, o *Options) (Mutated, error) {
	out := Mutated{Operator: m.Operator, Pos: m.Pos, At: m.Pos.String(), What: m.What, Fate: Idle, By: m.Idle}
	if m.Idle != "" {
		return out, ctx.Err()
	}
	var b bench
	src := m.Apply(l.source)
	po, err := b.options(src, o)
	if err != nil {
		return out, err
	}
	p, err := policy.Compile(src, po)
	if err != nil {
		out.Fate = Refused
		return out, ctx.Err()
	}
	for _, t := range l.cases {
		if err := ctx.Err(); err != nil {
			return out, err
		}
		if len(t.compare(b.check(ctx, p, t))) > 0 {
			out.Fate, out.By = Killed, t.decl.Name.V
			return out, nil
		}
	}
	out.Fate = Survived
	return out, nil
}

func (m *Mutation) write(p *printer) {
	for i := range m.Mutants {
		if x := &m.Mutants[i]; x.Fate == Survived {
			p.printf("survived %v: %s: %s\n", x.Pos, x.Operator, x.What)
		}
	}
	p.printf("mutants: %d of %d killed (%v %%); %d more do not load, %d change no answer\n", m.Count(Killed),
		m.Count(Killed)+m.Count(Survived), m.KilledPercent(), m.Count(Refused), m.Count(Idle))
}
