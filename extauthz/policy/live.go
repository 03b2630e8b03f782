package policy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Live holds the version in force and replaces it when the rules change.
type Live struct {
	o       LiveOptions
	current atomic.Pointer[Policy]
	mu      sync.Mutex // one reload at a time
	stats   atomic.Pointer[Stats]
	look    chan struct{} // asks Watch to reload now
}

// LiveOptions say where versions come from and who hears of them.
type LiveOptions struct {
	// Load reads, checks and compiles the rules as they are now. The source comes
	// back with an error too, as far as it could be read, and may then be nil.
	Load func() (*Policy, *rules.Source, error)
	// Taken is told of each version that took effect, and of no other; nil for nobody.
	Taken func(*Policy)
	Guard *Guard // holds versions until they are accepted; nil for none
	Log   *slog.Logger
}

// Stats say how reloading went.
type Stats struct {
	Hash      string
	LoadedAt  time.Time
	Loads     uint64 // that took effect
	Failures  uint64
	LastError string // of the last attempt; "" when it succeeded
	Held      string // hash of a version that waits to be accepted, or ""
}

// NewLive loads the first version; without one there is no Live.
func NewLive(o LiveOptions) (*Live, error) {
	l := &Live{o: o, look: make(chan struct{}, 1)}
	l.stats.Store(&Stats{})
	return l, l.Reload()
}

// Check decides with the version in force when it starts.
func (l *Live) Check(ctx context.Context, raw *rules.RawRequest) *rules.Outcome {
	if l.o.Guard == nil {
		return l.current.Load().Check(ctx, raw)
	}
	o, evidence := l.current.Load().decide(ctx, raw)
	l.o.Guard.recent.note(raw, evidence, o.Effect)
	return o
}

// Current is the version in force.
func (l *Live) Current() *Policy { return l.current.Load() }

// Stats returns how reloading went so far.
func (l *Live) Stats() Stats { return *l.stats.Load() }

// Reload builds all that can fail, then swaps one pointer. On an error the
// version in force stays.
func (l *Live) Reload() error { return l.reload(nil) }

var (
	errMoved = errors.New("the rules changed while they were loaded")
	errPanic = errors.New("loading panicked")
)

// reload is Reload, but that a load which did not read the very files of settled
// is thrown away, whatever came of it: it met a writer at work.
func (l *Live) reload(settled *snapshot) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, src, err := l.guarded()
	if src == nil {
		src = &rules.Source{}
	}
	if settled != nil && !errors.Is(err, errPanic) && contentHash(src.Files) != settled.rules {
		return errMoved
	}
	if err == nil {
		err = l.o.Guard.judge(context.Background(), l.current.Load(), next)
	}
	stats := *l.stats.Load()
	stats.Held = l.o.Guard.Held()
	if err != nil {
		stats.Failures++
		stats.LastError = err.Error()
		l.stats.Store(&stats)
		return err
	}
	old := l.current.Swap(next)
	stats.Hash, stats.LoadedAt, stats.LastError = next.Hash, time.Now(), ""
	stats.Loads++
	l.stats.Store(&stats)
	if old == nil || old.Hash != next.Hash {
		l.o.Log.Info("rules loaded", slog.String("policy", next.Hash), slog.Int("files", len(next.source.Files)))
		l.tellOdd(next)
	}
	if old != nil {
		l.tellLost(old, next)
	}
	if l.o.Taken != nil {
		l.o.Taken(next)
	}
	return nil
}

// freed reports whether what the guard holds was accepted.
func (l *Live) freed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.o.Guard.freed()
}

// guarded makes a panic in loading an error: a rules file must not be able to
// end the process, on every replica at once.
func (l *Live) guarded() (p *Policy, src *rules.Source, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			p, src, err = nil, nil, fmt.Errorf("%w: %v\n%s", errPanic, fault, debug.Stack())
		}
	}()
	return l.o.Load()
}

// Adopt puts a version in force that came from elsewhere, such as the last good
// one when the rules directory does not load.
func (l *Live) Adopt(p *Policy) {
	l.mu.Lock()
	defer l.mu.Unlock()
	stats := *l.stats.Load()
	stats.Hash, stats.LoadedAt = p.Hash, time.Now()
	l.stats.Store(&stats)
	l.current.Store(p)
	l.tellOdd(p)
}

// tellOdd says of a version that takes effect what check warns of: who runs a
// server may never have run that.
func (l *Live) tellOdd(p *Policy) {
	for _, m := range slices.Concat(p.set.Warnings(), p.routes.Warnings()) {
		l.o.Log.Warn("rules hardly meant", slog.String("policy", p.Hash), slog.String("at", m.Pos.String()),
			slog.String("warning", m.Text), slog.String("hint", m.Hint))
	}
}
