package policy

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/tiergate/tiergate/rules"
	"github.com/tiergate/tiergate/rules/accepted"
	"github.com/tiergate/tiergate/rules/regular"
)

// GuardOptions say which versions wait until somebody accepts them.
type GuardOptions struct {
	Decisions int              // how many of the last ones a new version is asked about
	Allows    float64          // the share of them that it may turn from deny to allow
	StateDir  string           // has what was accepted, and remembers over restarts what waits
	Now       func() time.Time // when an acceptance ends
	Log       *slog.Logger
}

// fewest is how many decisions say anything of a version.
const fewest = 20

// Guard holds versions that would allow much of what was denied of late. One that
// only denies more always passes. It is for one Live.
type Guard struct {
	o      GuardOptions
	recent *recent
	held   string // policy hash of the version that waits, or ""; its Live's lock guards it
}

// NewGuard makes a Guard that has seen no decision yet.
func NewGuard(o GuardOptions) *Guard { return &Guard{o: o, recent: newRecent(o.Decisions)} }

// Acceptances is where accepted versions stand below a state directory, by their policy hash.
func Acceptances(stateDir string) accepted.List {
	return accepted.List(filepath.Join(stateDir, "rules-accepted"))
}

const ifMeant = "if it is meant: tiergate rules accept -c tiergate.yaml"

// ErrHeld says that a version waits to be accepted.
var ErrHeld = errors.New("held until it is accepted")

// judge returns why a version may not take effect, or nil. What was held once waits
// until it is accepted, whatever was decided since, over restarts too. force is nil
// before there is a version in force.
func (g *Guard) judge(ctx context.Context, force, next *Policy) error {
	if g == nil || force != nil && force.Hash == next.Hash {
		return nil
	}
	if g.accepted(next.Hash) {
		g.passes(next)
		return nil
	}
	waits, err := g.waited()
	switch {
	case err != nil:
		return fmt.Errorf("%w: what was held before is not known: %w; %s %s", ErrHeld, err, ifMeant, next.Hash)
	case waits == next.Hash: // what was asked for is an answer, not another time
		g.held = next.Hash
		return fmt.Errorf("%w: it was held before; %s %s", ErrHeld, ifMeant, next.Hash)
	case force == nil:
		return nil
	}
	f := g.recent.flips(ctx, force, next)
	if f.decisions < fewest || float64(f.allowed) <= g.o.Allows*float64(f.decisions) {
		g.passes(next)
		return nil
	}
	g.holds(next)
	return fmt.Errorf("%w: of the last %d decisions it allows %d that were denials, such as %s; %s %s",
		ErrHeld, f.decisions, f.allowed, example(f.first), ifMeant, next.Hash)
}

// example tells of an allow what a reviewer wants to know first. It names no id.
func example(o *rules.Outcome) string {
	who := "anybody"
	if o.Caller != nil && o.Caller.Kind != rules.Anonymous {
		who = "a caller without an identity"
		if name := o.Caller.Name(); name != "" {
			who = name
		}
	}
	for _, v := range o.Targets {
		if v.Rule != "" {
			return fmt.Sprintf("%s by %s (rule %s, %v)", o.Operation, who, v.Rule, v.Pos)
		}
	}
	return fmt.Sprintf("%s by %s (%v)", o.Operation, who, o.OpPos)
}

func (g *Guard) holds(next *Policy) {
	g.held = next.Hash
	if err := regular.Replace(g.memory(), []byte(next.Hash+"\n"), 0o600); err != nil {
		g.o.Log.Error("held rules not remembered", slog.String("policy", next.Hash), slog.Any("error", err))
	}
}

// passes forgets what waited: the rules are other ones now.
func (g *Guard) passes(next *Policy) {
	g.held = ""
	if err := os.Remove(g.memory()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		g.o.Log.Error("held rules not forgotten", slog.String("policy", next.Hash), slog.Any("error", err))
	}
}

func (g *Guard) memory() string { return filepath.Join(g.o.StateDir, "rules-held") }

// waited is the version that waited when the process ended, or "".
func (g *Guard) waited() (string, error) {
	text, err := regular.ReadFile(g.memory(), 1<<10)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	hash := strings.TrimSpace(string(text))
	if _, bad := hex.DecodeString(hash); err == nil && bad != nil {
		err = fmt.Errorf("%s names no version: %q", g.memory(), hash)
	}
	return hash, err
}

func (g *Guard) accepted(hash string) bool {
	ok, err := Acceptances(g.o.StateDir).Has(hash, g.o.Now())
	if err != nil {
		g.o.Log.Error("accepted rules not read", slog.Any("error", err))
	}
	return ok
}

// freed reports whether what waits was accepted.
func (g *Guard) freed() bool { return g != nil && g.held != "" && g.accepted(g.held) }

// Held is the policy hash of the version that waits, or "".
func (g *Guard) Held() string {
	if g == nil {
		return ""
	}
	return g.held
}
