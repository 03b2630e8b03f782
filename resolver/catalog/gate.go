package catalog

import (
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// GateOptions say whose versions a Gate judges.
type GateOptions struct {
	Path     string // of the file, as messages name it
	Guard    Guard
	Name     string           // of the catalog, by which StateDir knows it
	StateDir string           // remembers over restarts what was in force, and has what was accepted; "" for neither
	Serves   bool             // this process says what is in force; others only read that
	Now      func() time.Time // when an acceptance ends
	Log      *slog.Logger
	Loaded   func(error) // hears of versions, nil for nobody
}

// Gate lets new versions of a file's rows in, or holds them until somebody accepts
// them. It compares each with the one in force, and the first with what is
// remembered of the one before the start. Only Rank is safe for concurrent use.
type Gate struct {
	options GateOptions
	ranks   atomic.Pointer[map[string]Rank]
	force   Census // of the version in force, nil before there is one
	held    holding
}

// NewGate makes a Gate that has let nothing in.
func NewGate(o GateOptions) *Gate { return &Gate{options: o} }

// holding is a version that waits to be accepted, and what it would take.
type holding struct {
	content string // SHA-256 in hex, "" when nothing waits
	loss
}

// Rank says how the tiers of each type rank from now on; see Ranker. Rows without
// a type are ranked as the least sensitive of the types that read them, and are
// lowered where they are for one of these.
func (g *Gate) Rank(types map[string]Rank) {
	ranks := make(map[string]Rank, len(types)+1)
	var least Rank
	classified := false
	for typ, r := range types {
		if len(ranks) == 0 || r.None < least.None {
			least = r
		}
		ranks[typ] = r
		classified = classified || r.Lowered != nil
	}
	if least.Lowered = nil; classified {
		least.Lowered = func(was, is Row) bool {
			return slices.ContainsFunc(slices.Collect(maps.Values(types)), func(r Rank) bool { return r.lowers(was, is) })
		}
	}
	ranks[""] = least
	g.ranks.Store(&ranks)
}

func (g *Gate) ranked() map[string]Rank {
	if r := g.ranks.Load(); r != nil {
		return *r
	}
	return nil
}

// Judge returns why a version may not take effect, or nil. content is the SHA-256,
// in hex, that it is accepted by.
func (g *Gate) Judge(content string, counts Census) error { return g.judge(content, counts, nil) }

// judge goes by exact, what the version takes from the rows in force, where it is known.
func (g *Gate) judge(content string, counts Census, exact *loss) error {
	kept, err := g.remembered()
	if err != nil {
		g.options.Log.Error("catalog counts not used", slog.Any("error", err))
	}
	var l loss
	var passes bool
	switch {
	case exact != nil:
		l = *exact
		passes = !l.beyond(g.options.Guard)
	case g.force != nil:
		l = g.force.takes(counts, g.ranked())
		passes = !l.beyond(g.options.Guard)
	default:
		l = kept.Rows.takes(counts, g.ranked())
		passes = content == kept.Content || content != kept.Held && !l.beyond(g.options.Guard)
	}
	if passes || g.accepted(content) {
		g.held = holding{}
		return nil
	}
	g.held = holding{content, l}
	g.remember(memory{Content: kept.Content, Rows: kept.Rows, Held: content})
	hint := "if that is meant, restart; with a state_dir, it could be accepted"
	if g.options.StateDir != "" {
		hint = "if that is meant: tiergate catalog accept -c tiergate.yaml " + content
	}
	var ms rules.Mistakes
	ms.AddHint(rules.Pos{File: g.options.Path, Line: 1, Col: 1}, hint,
		"held: of %d rows in force this version lowers the tier of %d and loses %d", l.rows, l.lowered, l.lost)
	return ms.Err()
}

// InForce remembers a version that took effect.
func (g *Gate) InForce(content string, counts Census) {
	g.force, g.held = counts, holding{}
	g.remember(memory{Content: content, Rows: counts})
}

// Forget says that nothing waits any more: the file is another one now.
func (g *Gate) Forget() { g.held = holding{} }

// Held is the version that waits, by its SHA-256 in hex, or "".
func (g *Gate) Held() string { return g.held.content }

// Accepted reports whether somebody accepted the version that waits, within the last day.
func (g *Gate) Accepted() bool { return g.accepted(g.held.content) }

// Tell tells what came of a look at the file, of which before was the error of the last
// one; news says that the rows may be other ones. The same fault again is no news.
func (g *Gate) Tell(before error, news bool, err error) {
	switch {
	case err == nil && (news || before != nil):
		g.loaded(nil)
	case err != nil && (before == nil || before.Error() != err.Error()):
		g.Refused(err)
	}
}

func (g *Gate) loaded(err error) {
	if g.options.Loaded != nil {
		g.options.Loaded(err)
	}
}

// Refused tells why a version does not take effect.
func (g *Gate) Refused(err error) {
	defer g.loaded(err)
	file := slog.String("file", g.options.Path)
	if h := g.held; h.content != "" {
		g.options.Log.Error("catalog file held until it is accepted", file, slog.String("sha256", h.content),
			slog.Int("rows", h.rows), slog.Int("lowered", h.lowered), slog.Int("lost", h.lost))
	} else {
		g.options.Log.Error("catalog file kept as it was", file, slog.Any("error", err))
	}
}
