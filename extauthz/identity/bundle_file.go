package identity

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tiergate/tiergate/rules/regular"
)

// bundleFile is one trust domain's bundle on disk. Like a file of keys it is read
// again all the time, and what cannot be read leaves the last good one in force.
type bundleFile struct {
	domain, path string
	log          *slog.Logger

	current atomic.Pointer[authorities] // nil until there were some
	counts  bundleCounts

	reading sync.Mutex
	last    []byte // the last good content
	said    string // the last fault that was logged
}

type bundleCounts struct{ loaded, failed atomic.Uint64 }

// run reads the file until ctx ends.
func (f *bundleFile) run(ctx context.Context) error {
	tick := time.NewTicker(filePace)
	defer tick.Stop()
	for {
		f.refresh()
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// refresh reads the file once. A fault counts each time and is logged once.
func (f *bundleFile) refresh() {
	f.reading.Lock()
	defer f.reading.Unlock()
	err := f.load()
	if err == nil {
		f.said = ""
		return
	}
	f.counts.failed.Add(1)
	if f.said != err.Error() {
		f.said = err.Error()
		f.log.Error("bundle not loaded", slog.String("trust_domain", f.domain), slog.Any("error", err))
	}
}

func (f *bundleFile) load() error {
	text, err := regular.ReadFile(f.path, maxBody)
	if err != nil {
		return err
	}
	old := f.current.Load()
	if old != nil && bytes.Equal(text, f.last) {
		return nil
	}
	next, err := readAuthorities(f.domain, text)
	if err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if old != nil && next.sequence != 0 && next.sequence < old.sequence {
		return fmt.Errorf("%s is older than the bundle in force: it has spiffe_sequence %d, that one %d", f.path, next.sequence, old.sequence)
	}
	f.last = text
	f.counts.loaded.Add(1)
	if old == nil || old.sum != next.sum { // else it stays the same value, and with it what it vouched for
		f.current.Store(next)
		f.log.Info("bundle changed", slog.String("trust_domain", f.domain), slog.Int("authorities", next.count))
	}
	return nil
}
