package suite

import (
	"context"
	"io/fs"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// Bench decides single requests under rules, as tests do: for verbs that make up
// requests of their own.
type Bench struct {
	bench  bench
	policy *policy.Policy
	o      Options
}

// NewBench loads rules as Run does, and no tests. The source is there for its
// excerpts, whatever the error.
func NewBench(fsys fs.FS, o Options) (*Bench, *rules.Source, error) {
	b := &Bench{o: o}
	var src *rules.Source
	var err error
	if b.policy, src, err = b.bench.load(fsys, &o); err != nil {
		return nil, src, err
	}
	if o.Serves == nil {
		for i := range src.Routes {
			b.o.Serves = append(b.o.Serves, src.Routes[i].Host.V)
		}
	}
	return b, src, nil
}

// Policy is the version that decides.
func (b *Bench) Policy() *policy.Policy { return b.policy }

// Decide decides what a test says, which is given as YAML; what it wants is not
// looked at. Its error is what is wrong with the test.
func (b *Bench) Decide(ctx context.Context, test string) (*rules.Outcome, error) {
	var d testDecl
	ms := rules.DecodeYAML("request", []byte(test), &d)
	c := &compiler{set: b.policy.Set(), serves: rules.NewHostSet(b.o.Serves...), o: &b.o, names: make(map[string]rules.Pos), ms: ms}
	t := c.build(&d, nil)
	for _, p := range d.Objects.pairs(&c.ms, "objects") {
		c.object(t.facts, p)
	}
	if err := c.ms.Err(); err != nil {
		return nil, err
	}
	return b.bench.check(ctx, b.policy, t), nil
}
