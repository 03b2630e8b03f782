package policy

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules"
)

// Live holds the version in force and replaces it when the rules change.
type Live struct {
	load    func() (*Policy, error)
	log     *slog.Logger
	current atomic.Pointer[Policy]
	mu      sync.Mutex // one reload at a time
	stats   atomic.Pointer[Stats]
}

// Stats say how reloading went.
type Stats struct {
	Hash      string
	LoadedAt  time.Time
	Loads     uint64 // that took effect
	Failures  uint64
	LastError string // of the last attempt; "" when it succeeded
}

// NewLive loads the first version; without one there is no Live.
func NewLive(load func() (*Policy, error), log *slog.Logger) (*Live, error) {
	l := &Live{load: load, log: log}
	l.stats.Store(&Stats{})
	return l, l.Reload()
}

// Check decides with the version in force when it starts.
func (l *Live) Check(ctx context.Context, raw *rules.RawRequest) *rules.Outcome {
	return l.current.Load().Check(ctx, raw)
}

// Current is the version in force.
func (l *Live) Current() *Policy { return l.current.Load() }

// Stats returns how reloading went so far.
func (l *Live) Stats() Stats { return *l.stats.Load() }

// Reload builds all that can fail, then swaps one pointer. On an error the
// version in force stays.
func (l *Live) Reload() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	next, err := l.guarded()
	stats := *l.stats.Load()
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
		l.log.Info("rules loaded", slog.String("policy", next.Hash), slog.Int("files", len(next.source.Files)))
	}
	return nil
}

// guarded makes a panic in loading an error: a rules file must not be able to
// end the process, on every replica at once.
func (l *Live) guarded() (p *Policy, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			err = fmt.Errorf("loading panicked: %v\n%s", fault, debug.Stack())
		}
	}()
	return l.load()
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
}
