package budget

import (
	"context"
	"log/slog"
	"time"
)

const (
	syncEvery = time.Second // what a loss of power can take
	sweepSome = 10_000      // accounts in one turn
	smallFile = 1 << 20     // bytes below which a journal is not written anew
)

// Run syncs the journal, forgets what is over and writes the journal anew when most
// of it is, until ctx ends.
func (l *Ledger) Run(ctx context.Context) error {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		l.sweep(time.Now(), sweepSome)
		if err := l.upkeep(); err != nil {
			l.journal.log.Error("journal of budgets not kept in order", slog.Any("error", err))
		}
	}
}

// upkeep syncs the journal, or writes it anew: where little of it still counts, and
// where a sync failed, for what the disk has of it is not known then.
func (l *Ledger) upkeep() error {
	if l.journal == nil {
		return nil
	}
	l.mu.Lock()
	j := l.journal
	f, due := j.file, j.dirty || j.unsure
	live := 2 * (int64(l.cells)*60 + int64(len(l.list))*100)
	anew := j.unsure || j.size > smallFile && j.size > live
	j.dirty = false
	l.mu.Unlock()
	if f == nil || !due {
		return nil
	}
	keep := f.Sync
	if anew {
		keep = l.compact
	}
	err := keep()
	l.mu.Lock()
	defer l.mu.Unlock()
	j.unsure = err != nil
	return err
}
