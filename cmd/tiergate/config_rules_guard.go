package main

import (
	"log/slog"
	"time"

	"github.com/tiergate/tiergate/extauthz/policy"
	"github.com/tiergate/tiergate/rules"
)

// rulesGuardConfig says which versions of the rules wait to be accepted.
type rulesGuardConfig struct {
	Pos       rules.Pos
	Decisions rules.At[int] `yaml:"decisions"`
	Allows    *share        `yaml:"allows"`
}

// A version is asked about so many decisions, and may allow this share of them
// that were denials, unless the configuration says otherwise.
const (
	defaultGuarded = 1000
	defaultFlips   = share(0.05)
	fewestGuarded  = 20
	mostGuarded    = 100_000
)

func (c *config) checkRulesGuard(ms *rules.Mistakes) {
	g := c.Guard
	if g == nil {
		return
	}
	if c.StateDir.V == "" {
		ms.AddHint(g.Pos, "add state_dir: ./state", "guard needs a state_dir: what waits must still wait after a restart")
	}
	if n := g.Decisions; n.Pos != (rules.Pos{}) && (n.V < fewestGuarded || n.V > mostGuarded) {
		ms.Add(n.Pos, "guard.decisions is %d, want %d to %d", n.V, fewestGuarded, mostGuarded)
	}
}

// rulesGuard is the guard of the server's rules, nil where none is configured.
func (c *config) rulesGuard(log *slog.Logger) *policy.Guard {
	if c.Guard == nil {
		return nil
	}
	o := policy.GuardOptions{
		Decisions: orDefault(c.Guard.Decisions.V, defaultGuarded), Allows: float64(defaultFlips),
		StateDir: c.path(c.StateDir.V), Now: time.Now, Log: log,
	}
	if c.Guard.Allows != nil {
		o.Allows = float64(*c.Guard.Allows)
	}
	return policy.NewGuard(o)
}
